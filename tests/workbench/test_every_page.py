"""Every page, opened in a browser by whoever works there: nothing on the console, nothing wider than the screen, axe.

With SCANTRIAGE_PICTURES=FOLDER it makes the whole demonstration, writes a picture of each page to the folder, and
prints how many rules of axe each page passed, violated, and left for a person to judge.
"""

import re
import shutil
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.routing import iter_route_contexts
from made_browser import QUICK
from made_demonstration import NOW
from made_pages import NO_PAGES, PAGES
from made_pictures import PICTURES, keep_picture, look

from scantriage.pipeline.referral_run import refer
from scantriage.store import accounts, assignments, decisions, inspections, referrals, sessions, tokens
from scantriage.store.inspections import Outcome
from scantriage.store.preferences import Preferences
from scantriage.workbench.access.passwords import Passwords
from scantriage.workbench.app import create_app

pytestmark = pytest.mark.browser

PLAIN = Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=0.0)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def app(tmp_path_factory, demonstration):
    """The workbench on a demonstration as it is at `NOW`."""
    root = shutil.copytree(demonstration, tmp_path_factory.mktemp("every_page") / "demonstration")
    app = create_app(root, clock=lambda: NOW, passwords=Passwords(QUICK))
    yield app
    app.state.workbench.database.close()


@pytest.fixture(scope="module")
def people(app):
    """Accounts by name, those of the demonstration and one that never signed in before."""
    with app.state.workbench.database.writing() as connection:
        accounts.add_account(
            connection, name="nora", display_name="Nora", role="administrator", sites=(), password_hash=None, at=NOW
        )
        return {one.name: one for one in accounts.all_accounts(connection)}


class _Work:
    """What people do in one transaction."""

    def __init__(self, connection, people) -> None:
        self.connection, self.people = connection, people

    def next(self, name, preferences=PLAIN):
        """The assignment that is laid before them."""
        draws_a_load = Random(4)  # noqa: S311
        return assignments.next_assignment(
            self.connection, self.people[name].id, rng=draws_a_load, at=NOW, preferences=preferences
        )

    def decide(self, assignment, verdict):
        what = {"action": "inspect_at_port", "place": "BEANR"} if verdict == "refer" else {}
        reason = "Something was added." if what else "The load shifted on the way."
        act = decisions.Act(verdict, reason, f"form-{assignment.id}", **what)
        decisions.decide(self.connection, assignment.id, assignment.account_id, act, at=NOW, preferences=PLAIN)


@pytest.fixture(scope="module")
def places(app, people):
    """What the parameters of the addresses are, after a morning's work."""
    here = app.state.workbench
    with here.database.writing() as connection:
        # second looks go to who is here
        sessions.begin_session(connection, people["carla"].id, at=NOW, second_factor=True)
        work = _Work(connection, people)
        projected = work.next("carla", replace(PLAIN, tip_share=0.5))
        work.decide(projected, "refer")
        released = work.next("bram")
        work.decide(released, "release")
        work.decide(work.next("carla"), "refer")
        disputed, opened, decided = work.next("sofie"), work.next("anna"), work.next("bram")
        work.decide(decided, "refer")
        referred = work.next("bram")
        work.decide(referred, "refer")
        tokens.make_token(connection, people["sofie"], name="Port system", scopes=["queue:read"], days=90, at=NOW)
    refer(here.places.root, clock=lambda: NOW)
    with here.database.writing() as connection:
        [referral] = [one for one in referrals.listed(connection) if one.container_id == referred.container_id]
        found = Outcome(decided.container_id, "find", "BEANR", NOW, "cocaine", 41.5, "door_end", "Two bags.")
        outcome = inspections.enter(connection, found, people["sofie"].id, request_key="an-outcome", at=NOW)
        history = inspections.page_of_inspections(connection)[-1].outcome.container_id
    assert (projected.tip_id is not None, disputed.container_id) == (True, released.container_id)
    return {
        "open": opened.id, "decided": decided.id, "projected": projected.id, "disputed": disputed.id,
        "container": released.container_id, "history": history, "outcome": outcome,
        "account": people["sofie"].id, "site": "NLRTM", "referral": referral.id, "unheard_of": "unheard-of",
    }  # fmt: skip


@pytest.fixture(scope="module")
def token_of(app, people):
    """The token of somebody's one session; "+": without the last step of signing in."""

    @cache
    def token_of(who):
        name = who.removeprefix("+")
        with app.state.workbench.database.writing() as connection:
            return sessions.begin_session(connection, people[name].id, at=NOW, second_factor=name == who)

    return token_of


def test_no_page_is_forgotten(app):
    asked = {one.path for one in iter_route_contexts(app.routes) if "GET" in (one.methods or ())}
    assert asked - NO_PAGES == {page.route for page in PAGES}
    assert asked >= NO_PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_whole_fits_and_is_for_everybody(tab, served, token_of, places, page):
    if page.who:
        tab.context.add_cookies([{"name": "session", "value": token_of(page.who), "url": served}])
    wrong = []
    tab.on("console", lambda said: said.type == "error" and wrong.append((said.text, said.location)))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    path = re.sub(r"\{.*?\}", lambda _: str(places[page.place]), page.route)
    answer = tab.goto(path)
    assert answer.status == page.status
    assert tab.url == served + path, "led elsewhere"
    look(tab, page.keys)
    if page.status >= 400:  # Chromium says so of every such answer
        wrong = [one for one in wrong if "status of" not in one[0]]
    assert wrong == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
    found = Axe().run(tab, options={"runOnly": RULES})
    if PICTURES:
        keep_picture(tab.screenshot(), page.name)
        told = (len(found.response[kind]) for kind in ("passes", "violations", "incomplete"))
        print("\n|", page.name, "|", *(f"{n} |" for n in told))  # noqa: T201
    assert found.violations_count == 0, found.generate_report()
