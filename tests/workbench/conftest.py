"""A workbench on an empty workspace, and people who are signed in to it."""

import os
import shutil
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import uvicorn
from made_browser import QUICK, Browser
from made_container import lay
from made_demonstration import NOW, make, shrink
from made_pictures import PICTURES
from made_screen import open_next

from scantriage.pipeline import day_run, demo_run, fresh_readings, ingest, intake
from scantriage.simulate.contents import Wish
from scantriage.store import accounts, sessions
from scantriage.store.database import Database
from scantriage.workbench.access.limits import Buckets, Limits
from scantriage.workbench.access.passwords import Passwords
from scantriage.workbench.app import create_app

WISHES = (
    Wish("added", "doors", 90.0), Wish("added", "reefer", 60.0, "45R1"), Wish("removed", "doors", 150.0),
    Wish("clean"), Wish("clean"),
)  # fmt: skip


class Earlier(datetime):
    """The moment at which a demonstration's deliveries come in and are read, whatever this machine's clock says."""

    @classmethod
    def now(cls, tz=None):  # noqa: ARG003  (as it is called)
        return NOW - timedelta(minutes=40)


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated database to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "scantriage.db"
    Database(path).close()
    return path


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory):
    """The workspace of a demonstration, to copy; a whole one where pictures of it are kept."""
    root = tmp_path_factory.mktemp("demonstration") / "demonstration"
    with pytest.MonkeyPatch.context() as patch:
        if not PICTURES:
            shrink(patch, wishes=WISHES)
            patch.setattr(demo_run, "_TIP_SHARE", 1.0)
        for module in (day_run, fresh_readings, ingest, intake):
            patch.setattr(module, "datetime", Earlier)
        make(root, n_workers=os.cpu_count() if PICTURES else 1)
    return root


@pytest.fixture
def app(tmp_path, clock, empty_database):
    shutil.copy(empty_database, tmp_path / "scantriage.db")
    patient = Limits(Buckets(burst=1e6, per_second=1), Buckets(burst=1e6, per_second=1))
    app = create_app(tmp_path, clock=clock, passwords=Passwords(QUICK), limits=patient)
    yield app
    app.state.workbench.database.close()


@pytest.fixture
def workbench(app):
    """The workbench behind the app: its places, database and clock."""
    return app.state.workbench


@pytest.fixture
def browser(app):
    """A browser in which nobody is signed in."""
    return Browser(app)


@pytest.fixture
def client_for(app, workbench) -> Callable[..., Browser]:
    """Make an account of this role and give a browser in which it is signed in, its second factor done.

    A further call makes a further account; `sites` are the UN/LOCODEs that it works for.
    """
    numbers = count(1)

    def client_for(role: accounts.Role, *, sites: tuple[str, ...] = (), name: str | None = None) -> Browser:
        at, browser = workbench.clock(), Browser(app)
        with workbench.database.writing() as connection:
            account_id = accounts.add_account(
                connection, name=name or f"{role}{next(numbers)}", display_name=f"{role} at work", role=role,
                sites=sites, password_hash=None, at=at,
            )  # fmt: skip
            token = sessions.begin_session(connection, account_id, at=at, second_factor=True)
            session = sessions.live_session(connection, token, at=at)
        assert session is not None
        browser.enter(token, session.csrf, account_id)
        return browser

    return client_for


@pytest.fixture
def served(app):
    """The address at which the app answers on this machine, as a browser reaches it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def chromium():
    """The system's Chromium, with WebGL2 in software; for a module, as no `asyncio.run` works beside it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    options = ("--no-sandbox --disable-gpu --enable-unsafe-swiftshader --use-gl=angle --use-angle=swiftshader "
               "--disable-background-networking --disable-component-update --disable-sync --no-first-run")  # fmt: skip
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=options.split())
        yield opened
        opened.close()


@pytest.fixture
def tab(chromium, served):
    """A tab of 1366 by 768 in which nobody is signed in; `tab.goto("/...")` takes paths of the workbench."""
    context = chromium.new_context(base_url=served, viewport={"width": 1366, "height": 768})
    yield context.new_page()
    context.close()


@pytest.fixture
def tab_for(tab, served, client_for):
    """Sign somebody of this role in, in that tab."""

    def tab_for(role: accounts.Role, **options):
        token = client_for(role, **options).cookies["__Host-session"]
        tab.context.add_cookies([{"name": "session", "value": token, "url": served}])
        return tab

    return tab_for


@pytest.fixture
def screen(tab_for, workbench):
    """The first container before an analyst; whatever the page says on its console must be harmless."""
    lay(workbench)
    tab = tab_for("analyst")
    said = []
    tab.on("console", lambda message: message.type == "error" and said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield open_next(tab)
    assert said == []
