"""What analysts, a supervisor and ports made of the demonstration's past, act by act, with its entries in the trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, insert

from scantriage.pipeline.demo_history import PastContainer
from scantriage.scan.finding import Zone
from scantriage.scan.geometry import MetreBox
from scantriage.store import audit, referrals
from scantriage.store.database import Database
from scantriage.store.decisions import Act, decide
from scantriage.store.encoding import utc_text
from scantriage.store.inspections import Outcome, enter
from scantriage.store.preferences import Preferences
from scantriage.store.queue import QueueRow, row_of
from scantriage.store.tips import put_tip
from scantriage.store.workbench_schema import assignments

_TIP_SHARE = 0.08
# how often analysts notice a projected load; the structure is harder than the doors
_NOTICED: dict[Zone, float] = {
    "door_end": 0.92, "cargo": 0.8, "reefer_unit": 0.62, "floor": 0.7, "roof": 0.75, "side_wall": 0.55,
}  # fmt: skip
_REFERRED, _REFERRED_IN_VAIN = 0.93, 0.012
_OPENED = 0.9  # of what was referred
_ALONE = Preferences(four_eyes_priority=1.0)  # the past needs no second looks

_Act = Callable[[Connection, datetime], None]


@dataclass(frozen=True, slots=True)
class _Event:
    """An act and its moment; ``place`` keeps what happens at one moment in order."""

    at: datetime
    place: int
    act: _Act


def work_through(
    database: Database, past: Sequence[PastContainer], *, analysts: Sequence[int], supervisor: int, now: datetime,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Let these accounts decide on all of it, as it was ranked; what would happen after ``now`` is left out.

    analysts, supervisor: numbers of accounts. The queue must hold the containers.
    """
    with database.reading() as connection:
        rows = {one.container_id: row_of(connection, one.container_id) for one in past}
    made = [event for event in _events(past, rows, analysts, supervisor, rng) if event.at < now]
    with database.writing() as connection:
        for event in sorted(made, key=lambda event: (event.at, event.place)):
            event.act(connection, event.at)


def _events(
    past: Sequence[PastContainer], rows: dict[str, QueueRow | None], analysts: Sequence[int], supervisor: int,
    rng: np.random.Generator,
) -> Iterator[_Event]:  # fmt: skip
    free = dict.fromkeys(analysts, past[0].arrived)
    for n, one in enumerate(past):
        row = rows[one.container_id]
        if row is None:
            continue
        account = analysts[n % len(analysts)]
        given = max(one.arrived + timedelta(minutes=float(rng.exponential(40))), free[account])
        decided = given + timedelta(seconds=float(rng.lognormal(4.2, 0.5)))
        verdict = _verdict(one, row, rng)
        yield _Event(given, 2 * n, _assigning(f"demo-{n}", row, account))
        yield _Event(decided, 2 * n + 1, _deciding(f"demo-{n}", account, verdict))
        free[account] = decided
        if verdict.verdict == "refer":
            yield _Event(decided + timedelta(minutes=5), 2 * n + 1, _referring)
            if rng.random() < _OPENED:
                yield _opening(one, row, decided, supervisor, n, rng)
        if rng.random() < _TIP_SHARE:
            free[account] = decided + timedelta(minutes=2)
            yield _Event(decided + timedelta(seconds=5), 2 * n + 1, _training(n, row, account, rng))


def _verdict(one: PastContainer, row: QueueRow, rng: np.random.Generator) -> Act:
    key = f"demonstration-{one.container_id}"
    if one.reading.outcome == "not_comparable":
        return Act("not_comparable", "The rescan shows too little of the container.", key)
    if rng.random() < (_REFERRED if one.suspected else _REFERRED_IN_VAIN):
        return Act("refer", "Mass that the origin scan does not show.", key, "inspect_at_port", one.flow.split("-")[1])
    return Act("release", "As declared, and unchanged." if row.priority > 0.01 else "", key)


def _assigning(name: str, row: QueueRow, account: int, tip_id: int | None = None) -> _Act:
    def assign(connection: Connection, at: datetime) -> None:
        moment = utc_text(at)
        connection.execute(
            insert(assignments).values(
                id=name, container_id=row.container_id, reading_digest=row.reading_digest, account_id=account,
                kind="first", chosen="priority", tip_id=tip_id, given_at=moment, active_at=moment, state="open",
            )
        )  # fmt: skip
        facts = {"assignment": name, "kind": "first", "chosen": "priority", "tip": tip_id}
        audit.append(
            connection, actor=audit.actor_of(account), kind="container_assigned", at=at,
            container_id=row.container_id, facts=facts,
        )  # fmt: skip

    return assign


def _deciding(name: str, account: int, act: Act) -> _Act:
    def give(connection: Connection, at: datetime) -> None:
        decide(connection, name, account, act, at=at, preferences=_ALONE)

    return give


def _referring(connection: Connection, at: datetime) -> None:
    """The referral leaves; nothing was packed, so there is nothing left of it to look at."""
    referrals.open_and_withdraw(connection, at=at)
    for referral in referrals.unmade(connection):
        referrals.delivered(connection, referral, at=at)


def _opening(
    one: PastContainer, row: QueueRow, decided: datetime, supervisor: int, n: int, rng: np.random.Generator
) -> _Event:
    at = decided + timedelta(hours=float(rng.uniform(6, 40)))
    found = one.reading.strongest if one.suspected and rng.random() < row.priority else None
    outcome = Outcome(one.container_id, "nothing", one.flow.split("-")[1], at - timedelta(hours=1))
    if found is not None:
        outcome = replace(outcome, result="find", kind="cocaine", mass_kg=found.mass_kg, zone=found.zone)

    def write_down(connection: Connection, at: datetime) -> None:
        enter(connection, outcome, supervisor, request_key=f"demonstration-outcome-{n}", at=at)

    return _Event(at, 2 * n + 1, write_down)


def _training(n: int, row: QueueRow, account: int, rng: np.random.Generator) -> _Act:
    """A projected load and its verdict; it belongs to a reading that is gone, so that nobody gets it again."""
    zones = list(_NOTICED)
    zone = zones[int(rng.choice(len(zones), p=(0.35, 0.25, 0.15, 0.1, 0.1, 0.05)))]
    mass_kg = float(np.exp(rng.uniform(np.log(6), np.log(180))))
    noticed = rng.random() < _NOTICED[zone] * min(1.0, 0.75 + mass_kg / 200)
    seconds = float(rng.lognormal(4.2, 0.5))

    def train(connection: Connection, at: datetime) -> None:
        tip_id = put_tip(
            connection, container_id=row.container_id, reading_digest="demonstration", zone=zone, mass_kg=mass_kg,
            box=MetreBox(5, 5.5, 0.5, 1), row={}, views=Path(f"tips/demonstration/{n}.tif"), at=at,
        )  # fmt: skip
        _assigning(f"demo-tip-{n}", row, account, tip_id)(connection, at)
        act = Act("refer", "A load.", f"demonstration-tip-{n}", "inspect_at_port", "NLRTM") if noticed else None
        decide(
            connection, f"demo-tip-{n}", account, act or Act("release", "", f"demonstration-tip-{n}"),
            at=at + timedelta(seconds=min(seconds, 110)), preferences=_ALONE,
        )  # fmt: skip

    return train
