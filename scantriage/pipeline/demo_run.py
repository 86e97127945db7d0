"""A demonstration workspace: simulated containers, made-up work behind them, and accounts for every role."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from scantriage.errors import UnusableInput
from scantriage.io.whole_file import write_whole
from scantriage.pipeline.day_run import triage
from scantriage.pipeline.demo_delivery import demo_delivery
from scantriage.pipeline.demo_history import write_past
from scantriage.pipeline.demo_work import work_through
from scantriage.pipeline.figures_run import make_report
from scantriage.pipeline.progress import Progress
from scantriage.pipeline.projection_run import make_projections
from scantriage.store import preferences
from scantriage.store.accounts import Role, add_account, begin_enrolment, set_password, use_step
from scantriage.store.database import Database
from scantriage.store.encoding import from_json, to_json
from scantriage.store.places import Places
from scantriage.store.preferences import Preferences
from scantriage.store.sites import Site, save_site
from scantriage.store.workspace import Workspace

# a visitor should meet a second look and a projected load within some minutes
_PREFERENCES = Preferences(four_eyes_priority=0.08, tip_share=0.15)
_TIP_SHARE = 0.25
_PEOPLE: tuple[tuple[str, str, Role, tuple[str, ...]], ...] = (
    ("anna", "Anna (demonstration)", "analyst", ()),
    ("bram", "Bram (demonstration)", "analyst", ()),
    ("carla", "Carla (demonstration)", "analyst", ()),
    ("sofie", "Sofie (demonstration)", "supervisor", ()),
    ("otto", "Otto (demonstration)", "auditor", ()),
    ("iris", "Iris (demonstration)", "administrator", ()),
    ("piet", "Piet, Antwerp (demonstration)", "partner", ("BEANR",)),
)
_SITES = (
    Site("NLRTM", "Rotterdam", 18), Site("NLVLI", "Vlissingen", 6), Site("NLMOE", "Moerdijk", 4),
    Site("BEANR", "Antwerp", 18), Site("DEHAM", "Hamburg", 12), Site("ECGYE", "Guayaquil"), Site("BRSSZ", "Santos"),
)  # fmt: skip
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty", "kelp", "lagoon")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody to sign in as. totp_secret: in base 32, for an authenticator app."""

    name: str
    role: Role
    password: str
    totp_secret: str


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What marks the workspace; finished: all of it was made."""

    seed: int
    finished: bool
    accounts: tuple[DemoAccount, ...]


def make_demonstration(
    root: Path, *, seed: int, n_workers: int, progress: Progress, now: datetime, hash_password: Callable[[str], str]
) -> Demonstration:
    """Make the demonstration at ``root``, or give the one that is there.

    The same seed gives the same containers, loads, work and accounts, dated up to ``now``. Raises UnusableInput where
    something else lies at ``root``: nothing of it is touched.
    """
    places = Places(root.resolve())
    known = _known(places)
    if known is not None and known.finished:
        return known
    if known is not None:  # an interrupted one begins anew
        shutil.rmtree(places.root)
    accounts_rng, past_rng, work_rng, tip_rng = (np.random.default_rng([seed, n]) for n in range(4))
    made = Demonstration(seed, False, tuple(_account(name, role, accounts_rng) for name, _, role, _ in _PEOPLE))
    places.root.mkdir(parents=True, exist_ok=True)
    _mark(places, made)
    progress("Making up the past", 0, 2)
    with Workspace.open(places.root) as workspace:
        numbers = _write_accounts(workspace.database, made, hash_password, at=now)
        past = write_past(workspace.database, now=now, rng=past_rng)
    progress("Making up the past", 1, 2)
    with tempfile.TemporaryDirectory() as folder:
        deliveries = demo_delivery(Path(folder), seed=seed, now=now, progress=progress)
        triage(deliveries, places.root, n_workers=n_workers, progress=progress, now=now)
    with Workspace.open(places.root) as workspace:
        analysts = [numbers[name] for name, _, role, _ in _PEOPLE if role == "analyst"]
        work_through(workspace.database, past, analysts=analysts, supervisor=numbers["sofie"], now=now, rng=work_rng)
    progress("Making up the past", 2, 2)
    # one worker: which containers get a load must not depend on who is quicker
    make_projections(places.root, share=_TIP_SHARE, n_workers=1, progress=progress, rng=tip_rng)
    with Workspace.open(places.root) as workspace:
        make_report(workspace.database, places, now=now)
    made = Demonstration(seed, True, made.accounts)
    _mark(places, made)
    return made


def read_demonstration(root: Path) -> Demonstration:
    """The finished demonstration at ``root``. Raises UnusableInput where there is none."""
    known = _known(Places(root.resolve()))
    if known is None or not known.finished:
        raise UnusableInput(f"There is no demonstration at {root}: let `scantriage demo` make one first.")
    return known


def _known(places: Places) -> Demonstration | None:
    if not places.root.exists() or (places.root.is_dir() and not any(places.root.iterdir())):
        return None
    if not places.demonstration.is_file():
        raise UnusableInput(f"{places.root} is not a demonstration workspace; name another folder.")
    return from_json(Demonstration, places.demonstration.read_text(encoding="utf-8"))


def _mark(places: Places, demonstration: Demonstration) -> None:
    write_whole(places.demonstration, to_json(demonstration).encode())


def _account(name: str, role: Role, rng: np.random.Generator) -> DemoAccount:
    words = "-".join(rng.choice(_WORDS, 3, replace=False))
    secret = base64.b32encode(rng.bytes(20)).decode()
    return DemoAccount(name, role, f"{words}-{int(rng.integers(100, 1000))}", secret)


def _write_accounts(
    database: Database, made: Demonstration, hash_password: Callable[[str], str], *, at: datetime
) -> dict[str, int]:
    """Keep people, ports and preferences; the accounts' numbers by name."""
    hashes = {account.name: hash_password(account.password) for account in made.accounts}
    secrets = {account.name: account.totp_secret for account in made.accounts}
    numbers = {}
    with database.writing() as connection:
        for name, shown_as, role, codes in _PEOPLE:
            numbers[name] = add_account(
                connection, name=name, display_name=shown_as, role=role, sites=codes, password_hash=hashes[name], at=at
            )
            set_password(connection, numbers[name], hashes[name], must_change=False)
            begin_enrolment(connection, numbers[name], secrets[name])
            use_step(connection, numbers[name], 0)  # enrolled, with all codes still to come
        for site in _SITES:
            save_site(connection, site)
        preferences.save(connection, _PREFERENCES)
    return numbers
