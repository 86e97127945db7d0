"""Which container comes next: by priority, at random, as a second look, or with a projected load in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from scantriage.store.accounts import Account, all_accounts
from scantriage.store.encoding import utc_text
from scantriage.store.preferences import Preferences
from scantriage.store.workbench_schema import assignments, decisions, queue_counts, queue_rows, tips, web_sessions

_AT_WORK = timedelta(hours=1)  # who was seen within it is taken to be at work
_RANDOM_TRIES = 20
_ROWS = queue_rows.c


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn for somebody, and how."""

    container_id: str
    reading_digest: str
    kind: Literal["first", "second", "settling"]
    chosen: Literal["priority", "random"] = "priority"
    tip_id: int | None = None


def draw(connection: Connection, account: Account, *, rng: Random, preferences: Preferences) -> Drawn | None:
    """What to lay before this account; None where nothing waits for it."""
    if account.role == "supervisor":
        return _settling(connection, account)
    drawn = None
    if rng.random() < preferences.random_share:
        drawn = _at_random(connection, account, rng)
    drawn = drawn or _by_priority(connection, account)
    # decided after a real one was drawn: a load that came when nothing else waits would be known for what it is
    if drawn is not None and rng.random() < preferences.tip_share:
        return _projected(connection, account, drawn, rng) or drawn
    return drawn


def draw_seconds(connection: Connection, *, rng: Random, at: datetime, preferences: Preferences) -> None:
    """Draw the analyst of every second look that has none, or whose analyst let it wait too long.

    Drawn by the program, not taken by who asks first: two who work together could else pass a container on. Never
    from those who decided on it or skipped it; from those at work, where there are any.
    """
    limit = utc_text(at - timedelta(minutes=preferences.assignment_minutes))
    undrawn = or_(_ROWS.drawn_at.is_(None), _ROWS.drawn_at < limit)
    wanted = select(_ROWS.container_id, _ROWS.reading_digest, _ROWS.place).where(_ROWS.state == "second", undrawn)
    rows = connection.execute(wanted).all()
    if not rows:
        return
    analysts = [one for one in all_accounts(connection) if one.role == "analyst" and one.disabled_at is None]
    recently = web_sessions.c.revoked_at.is_(None) & (web_sessions.c.seen_at >= utc_text(at - _AT_WORK))
    at_work = set(connection.execute(select(web_sessions.c.account_id).where(recently)).scalars())
    for container_id, digest, place in rows:
        known = _who_knows(connection, container_id, digest)
        fit = [one.id for one in analysts if one.id not in known and (not one.sites or place in (None, *one.sites))]
        fit = [one for one in fit if one in at_work] or fit
        # where nobody is fit it is tried again as late as where nobody came
        chosen = {"drawn_for": rng.choice(fit) if fit else None, "drawn_at": utc_text(at)}
        connection.execute(update(queue_rows).where(_ROWS.container_id == container_id).values(chosen))


def _who_knows(connection: Connection, container_id: str, digest: str) -> set[int]:
    decided = select(decisions.c.account_id).where(
        decisions.c.container_id == container_id, decisions.c.reading_digest == digest
    )
    skipped = select(assignments.c.account_id).where(
        assignments.c.container_id == container_id, assignments.c.reading_digest == digest,
        assignments.c.state == "skipped",
    )  # fmt: skip
    return set(connection.execute(decided.union(skipped)).scalars())


def _by_priority(connection: Connection, account: Account) -> Drawn | None:
    """The most urgent that waits for a first look by anybody or a second look by this analyst.

    What the analyst has seen with a projected load in it comes to others first.
    """
    for allowed in (_fit(account) & ~_seen(account, with_tip=True), _fit(account)):
        found = [
            connection.execute(_waiting.where(which, allowed).order_by(_ROWS.rank).limit(1)).first()
            for which in (_ROWS.state == "waiting", (_ROWS.state == "second") & (_ROWS.drawn_for == account.id))
        ]
        urgent = min((row for row in found if row is not None), key=lambda row: row.rank, default=None)
        if urgent is not None:
            kind: Literal["first", "second"] = "second" if urgent.state == "second" else "first"
            return Drawn(urgent.container_id, urgent.reading_digest, kind)
    return None


def _at_random(connection: Connection, account: Account, rng: Random) -> Drawn | None:
    """Any that waits for a first look, each as likely as the next."""
    counted = select(func.coalesce(func.sum(queue_counts.c.n), 0)).where(queue_counts.c.state == "waiting")
    if account.sites:
        counted = counted.where(queue_counts.c.place.in_(("", *account.sites)))
    n_waiting = connection.execute(counted).scalar_one()
    # in whatever order the index has them: any is as good to count off in
    here = (_ROWS.state == "waiting") & _at_sites(account)
    for _ in range(min(_RANDOM_TRIES, n_waiting)):
        row = connection.execute(_waiting.where(here).limit(1).offset(rng.randrange(n_waiting))).one()
        fit = _fit(account) & ~_seen(account, with_tip=True)
        if connection.execute(_waiting.where(_ROWS.container_id == row.container_id, fit)).first():
            return Drawn(row.container_id, row.reading_digest, "first", "random")
    return None


def _projected(connection: Connection, account: Account, real: Drawn, rng: Random) -> Drawn | None:
    """A projected load in a container that this analyst never had before them, in the real one's place."""
    known = select(assignments.c.id).where(
        assignments.c.account_id == account.id, assignments.c.container_id == tips.c.container_id
    )
    current = (_ROWS.container_id == tips.c.container_id) & (_ROWS.reading_digest == tips.c.reading_digest)
    fit = select(tips.c.id, tips.c.container_id, tips.c.reading_digest).join(queue_rows, current)
    rows = connection.execute(fit.where(~known.exists(), _at_sites(account)).order_by(tips.c.id)).all()
    if not rows:
        return None
    tip = rng.choice(rows)
    return replace(real, container_id=tip.container_id, reading_digest=tip.reading_digest, kind="first", tip_id=tip.id)


def _settling(connection: Connection, account: Account) -> Drawn | None:
    """The most urgent that two analysts disagreed on and no supervisor has open."""
    taken = select(assignments.c.id).where(
        assignments.c.container_id == _ROWS.container_id, assignments.c.reading_digest == _ROWS.reading_digest,
        assignments.c.state.in_(("open", "coming")), assignments.c.tip_id.is_(None),
    )  # fmt: skip
    own = select(decisions.c.id).where(
        decisions.c.container_id == _ROWS.container_id, decisions.c.reading_digest == _ROWS.reading_digest,
        decisions.c.account_id == account.id,
    )  # fmt: skip
    wanted = _waiting.where(_ROWS.state == "disagreement", _fit(account), ~taken.exists(), ~own.exists())
    row = connection.execute(wanted.order_by(_ROWS.rank).limit(1)).first()
    return None if row is None else Drawn(row.container_id, row.reading_digest, "settling")


_waiting: Any = select(_ROWS.container_id, _ROWS.reading_digest, _ROWS.rank, _ROWS.state)


def _fit(account: Account) -> ColumnElement[bool]:
    """At the account's ports, and not a reading that it gave back."""
    return _at_sites(account) & ~_seen(account, with_tip=False)


def _at_sites(account: Account) -> ColumnElement[bool]:
    """What no port acts on is everybody's."""
    return or_(_ROWS.place.is_(None), _ROWS.place.in_(account.sites)) if account.sites else _ROWS.rank.is_not(None)


def _seen(account: Account, *, with_tip: bool) -> ColumnElement[bool]:
    """Had before the account: with a projected load in it, or as it is and given back."""
    how = assignments.c.tip_id.is_not(None) if with_tip else assignments.c.state == "skipped"
    return (
        select(assignments.c.id)
        .where(
            assignments.c.account_id == account.id,
            assignments.c.container_id == _ROWS.container_id,
            assignments.c.reading_digest == _ROWS.reading_digest,
            how,
        )
        .exists()
    )
