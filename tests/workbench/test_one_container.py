"""One container followed from the queue to its outcome by five people in their browsers: docs/one_container.md.

With SCANTRIAGE_PICTURES=FOLDER it makes the whole demonstration, and keeps what they saw in FOLDER/one_container.
"""

import re
import shutil
import zipfile

import pytest
import typst
from made_browser import QUICK
from made_demonstration import NOW
from made_pictures import PICTURES, keep_picture, look
from starlette.testclient import TestClient

from scantriage.cli import app as commands
from scantriage.io import dossier
from scantriage.pipeline.referral_run import refer
from scantriage.store import accounts, preferences, sessions
from scantriage.store.preferences import Preferences
from scantriage.workbench.access.passwords import Passwords
from scantriage.workbench.app import create_app

pytestmark = pytest.mark.browser

BY_PRIORITY = Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=0.08)


@pytest.fixture
def app(tmp_path, clock, demonstration):
    """The workbench on a demonstration, from `NOW` on, with somebody in Rotterdam who opens containers."""
    clock.now = NOW
    root = shutil.copytree(demonstration, tmp_path / "demonstration")
    app = create_app(root, clock=clock, passwords=Passwords(QUICK))
    with app.state.workbench.database.writing() as connection:
        preferences.save(connection, BY_PRIORITY)
        accounts.add_account(
            connection, name="ruud", display_name="Ruud, Rotterdam (demonstration)", role="partner", sites=("NLRTM",),
            password_hash=None, at=NOW,
        )  # fmt: skip
    yield app
    app.state.workbench.database.close()


@pytest.fixture
def desk(chromium, served, workbench):
    """The browser of somebody of the demonstration, who comes to work."""
    contexts = []

    def desk(name):
        with workbench.database.writing() as connection:
            (number,) = (one.id for one in accounts.all_accounts(connection) if one.name == name)
            token = sessions.begin_session(connection, number, at=workbench.clock(), second_factor=True)
        context = chromium.new_context(
            base_url=served, viewport={"width": 1366, "height": 768}, locale="en-GB", timezone_id="UTC"
        )
        contexts.append(context)
        context.add_cookies([{"name": "session", "value": token, "url": served}])
        return context.new_page()

    yield desk
    for context in contexts:
        context.close()


@pytest.fixture
def drawn_pages(monkeypatch):
    """Pages of dossiers as PNG, drawn beside the PDF from the same facts."""
    pages, compiler = [], typst.Compiler

    class Compiler:
        def __init__(self, *places, **options) -> None:
            self._compiler = compiler(*places, **options)

        def compile(self, **options):
            drawn = self._compiler.compile(format="png", ppi=80, sys_inputs=options["sys_inputs"])
            pages.extend(drawn if isinstance(drawn, list) else [drawn])
            return self._compiler.compile(**options)

    monkeypatch.setattr(dossier.typst, "Compiler", Compiler)
    return pages


def keep(tab, name, keys=(), *, whole=False):
    look(tab, keys)
    tab.wait_for_load_state("networkidle")
    if PICTURES:
        keep_picture(tab.screenshot(full_page=whole), f"one_container/{name}")


def begin(tab):
    """Ask for what comes next, by its key."""
    tab.goto("/work")
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(r"/work/[\w-]{20,}$"))
    look(tab)


def decide(tab, *keys):
    """By these keys; the number that is told then, if any."""
    for key in keys:
        tab.keyboard.press(key)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/decided")
    return set(re.findall(r"\b[A-Z]{4}\d{7}\b", tab.inner_text("main")))


def read_by_two(desk, clock):
    """Released by the first, referred by the second; its number."""
    sofie, anna = desk("sofie"), desk("anna")
    sofie.goto("/queue")
    keep(sofie, "1_queue")
    number = re.search(r"/containers/(\w+)", sofie.content())[1]
    begin(anna)
    assert number not in anna.content()
    keep(anna, "2_before_an_analyst")
    clock.go_on(seconds=75)
    bram = desk("bram")  # the only other analyst at work
    assert number in decide(anna, "l", "2")
    keep(anna, "3_released")
    clock.go_on(minutes=4)
    begin(bram)
    assert number not in bram.content()
    keep(bram, "4_second_look", keys=("5", "r", "1"))
    clock.go_on(seconds=95)
    assert number in decide(bram)
    return number


def settled(desk, clock, number):
    """By a supervisor, who sees both verdicts."""
    sofie = desk("sofie")
    clock.go_on(minutes=12)
    begin(sofie)
    assert "Anna" in sofie.inner_text("table.verdicts")  # and still not which container it is
    assert number not in sofie.content()
    for key in ("5", "r", "1", "3"):
        sofie.keyboard.press(key)
    sofie.select_option("select[name=place]", "NLRTM")
    sofie.locator("#decision-head").scroll_into_view_if_needed()
    keep(sofie, "5_settled")
    clock.go_on(seconds=80)
    assert number in decide(sofie)


def opened(desk, clock, number):
    """Fetched and opened by the partner, who says what was found; the files of the package."""
    ruud = desk("ruud")
    ruud.goto("/partner")
    with ruud.expect_download() as fetched:
        ruud.locator("tr", has_text=number).get_by_text("Fetch").click()
    files = zipfile.ZipFile(fetched.value.path()).namelist()
    clock.go_on(hours=20)
    ruud = desk("ruud")
    ruud.goto("/partner")
    ruud.locator("tr", has_text=number).get_by_text("Enter the outcome").click()
    ruud.check("input[value=find]")
    for field, value in {"kind": "cocaine", "mass_kg": "72.5", "note": "Four bags behind the doors."}.items():
        ruud.fill(f"#{field}", value)
    ruud.select_option("#zone", "door_end")
    keep(ruud, "7_found")
    ruud.click("main form button")
    ruud.wait_for_url("**/partner**")
    return files


def test_one_container_from_the_queue_to_its_outcome(app, desk, workbench, clock, drawn_pages, capsys):
    number = read_by_two(desk, clock)
    settled(desk, clock, number)
    clock.go_on(seconds=20)
    assert refer(workbench.places.root, clock=clock).n_packed == 1
    if PICTURES:
        keep_picture(drawn_pages[0], "one_container/6_dossier")
    assert {"dossier.pdf", "referral.json", "report.dcs"} <= set(opened(desk, clock, number))
    otto = desk("otto")
    otto.goto(f"/audit/container/{number}")
    told = otto.inner_text("main")
    for name in ("Anna", "Bram", "Sofie", "Ruud", "72.5"):
        assert name in told
    keep(otto, "8_history", whole=True)
    with TestClient(app):  # starts, and ends: the trail is sealed
        pass
    capsys.readouterr()
    assert commands(["audit", "verify", "--workspace", str(workbench.places.root)], standalone_mode=False) == 0
    verified = capsys.readouterr().out
    assert verified.endswith("signed checkpoints: whole.\n")
    if PICTURES:
        with capsys.disabled():
            print(f"\n{number}: {verified}")  # noqa: T201
