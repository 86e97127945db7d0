"""Referrals: what leaves for the port or partner that acts, and how far it got.

A referral is opened by a decision `refer` that stands and withdrawn when that decision is replaced, whoever notices it
first: opening and withdrawing compare what should be with what is, so that nothing is lost when a process ends between
a decision and its referral. Every step is in the trail.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from scantriage.errors import ActRefused
from scantriage.store import audit
from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import decisions, queue_rows, referrals, sites

ReferralState = Literal["waiting", "sent", "failed", "fetched", "withdrawn"]
STATES: tuple[ReferralState, ...] = get_args(ReferralState)

# waits after each failure: a receiver that restarts, one that is mended in office hours, one that is away a weekend
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440, 1440))
_LEASE = timedelta(minutes=10)  # longer than a sending may take: nobody else takes it up meanwhile
_COLUMNS = referrals.c
_IS_UNMADE = (_COLUMNS.state == "waiting") & _COLUMNS.sha256.is_(None)


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral; times as RFC 3339 text in UTC.

    place: UN/LOCODE of the receiver; empty where the decision named none. package: below the workspace; None until
    it is made, and again when its time is up. attempts: failed ones since it was last opened or retried by hand.
    next_try_at: when it is sent next; None where nothing is to be sent. Of a withdrawn one the notice is sent.
    """

    id: str
    decision_id: int
    container_id: str
    place: str
    package: str | None
    sha256: str | None
    state: ReferralState
    attempts: int
    next_try_at: str | None
    last_error: str | None
    made_at: str
    sent_at: str | None


@dataclass(frozen=True, slots=True)
class Due:
    """A referral, or the notice that it is withdrawn, whose time to be sent has come."""

    referral: Referral
    push_to: str
    push_secret: str | None


def open_and_withdraw(connection: Connection, *, at: datetime) -> int:
    """Open a referral for every standing decision without one, withdraw those undone; how many changed."""
    undone = list(connection.execute(_undone()))
    for row in undone:
        _withdraw(connection, Referral(**row._mapping), actor=audit.SYSTEM, at=at)
    missing = list(connection.execute(_standing_without_referral()))
    for decision in missing:
        _open(connection, decision, at=at)
    return len(undone) + len(missing)


def unmade(connection: Connection) -> list[Referral]:
    """Those whose package is still to be made."""
    return _found(connection, _IS_UNMADE)


def package_made(connection: Connection, referral: Referral, package: Path, *, sha256: str, at: datetime) -> None:
    """Write down where its package lies, below the workspace, and its digest."""
    _change(connection, referral.id, package=str(package), sha256=sha256, last_error=None)
    _note(connection, referral, "referral_packed", audit.SYSTEM, at, sha256=sha256)


def not_made(connection: Connection, referral: Referral, sentence: str, *, at: datetime) -> None:
    """No package can be made, for this reason; nothing is tried again unless somebody asks for it."""
    _change(connection, referral.id, state="failed", next_try_at=None, last_error=sentence)
    _note(connection, referral, "referral_failed", audit.SYSTEM, at, error=sentence)


def take_due(connection: Connection, *, at: datetime, but_not_to: Collection[str] = ()) -> Due | None:
    """The next to be sent, to none of these receivers; for some minutes no other process is given it.

    The connection must be one of `Database.writing`.
    """
    row = connection.execute(_to_be_sent(at).where(_COLUMNS.place.not_in(but_not_to))).first()
    if row is None:
        return None
    _change(connection, row.id, next_try_at=utc_text(at + _LEASE))
    return Due(_needed(connection, row.id), row.push_to, row.push_secret)


def is_anything_due(connection: Connection, *, at: datetime) -> bool:
    """Whether there is anything to open, to withdraw, to pack or to send."""
    wanted = (_undone(), _standing_without_referral(), select(_COLUMNS.id).where(_IS_UNMADE), _to_be_sent(at))
    return any(connection.execute(one.limit(1)).first() is not None for one in wanted)


def delivered(connection: Connection, referral: Referral, *, at: datetime) -> None:
    """It arrived; or the notice did, where it is withdrawn. What was withdrawn while it was sent stays so."""
    if referral.state == "withdrawn":
        _change(connection, referral.id, next_try_at=None, last_error=None)
        _note(connection, referral, "withdrawal_sent", audit.SYSTEM, at)
        return
    now = find(connection, referral.id)
    if now is not None and now.state == "withdrawn":  # meanwhile: the notice must come after it
        _change(connection, referral.id, sent_at=utc_text(at), next_try_at=utc_text(at))
    else:
        _change(
            connection, referral.id, state="sent", sent_at=utc_text(at), next_try_at=None, last_error=None, attempts=0
        )
    _note(connection, referral, "referral_sent", audit.SYSTEM, at, sha256=referral.sha256)


def not_delivered(connection: Connection, referral: Referral, sentence: str, *, at: datetime) -> None:
    """It did not arrive: tried again after a growing wait, and after the last given up until somebody retries it."""
    now = find(connection, referral.id)
    if now is None or now.state != referral.state:  # withdrawn meanwhile
        return
    attempts = referral.attempts + 1
    given_up = attempts > len(_WAITS)
    next_try_at = None if given_up else utc_text(at + _WAITS[attempts - 1])
    state = "failed" if given_up and referral.state == "waiting" else referral.state
    _change(connection, referral.id, state=state, attempts=attempts, next_try_at=next_try_at, last_error=sentence)
    kind = "referral_given_up" if given_up else "referral_not_delivered"
    _note(connection, referral, kind, audit.SYSTEM, at, attempts=attempts, error=sentence)


def fetched(connection: Connection, referral: Referral, *, actor: str, at: datetime) -> None:
    """A partner took it; from then on it is not sent any more."""
    _change(
        connection, referral.id, state="fetched", next_try_at=None, last_error=None,
        sent_at=referral.sent_at or utc_text(at),
    )  # fmt: skip
    _note(connection, referral, "referral_fetched", actor, at, sha256=referral.sha256)


def retry(connection: Connection, referral_id: str, *, actor: str, at: datetime) -> None:
    """Send it, or the notice that it is withdrawn, at once. ActRefused where there is nothing to send."""
    referral = _needed(connection, referral_id)
    if referral.state not in ("waiting", "failed") and not (referral.state == "withdrawn" and referral.last_error):
        raise ActRefused("This referral has arrived; there is nothing to send again.")
    state = "waiting" if referral.state == "failed" else referral.state
    _change(connection, referral_id, state=state, attempts=0, next_try_at=utc_text(at))
    _note(connection, referral, "referral_retried", actor, at)


def withdraw(connection: Connection, referral_id: str, *, actor: str, reason: str, at: datetime) -> None:
    """Withdraw it although its decision stands. ActRefused without a reason, or where it is withdrawn already."""
    referral = _needed(connection, referral_id)
    if referral.state == "withdrawn":
        raise ActRefused("This referral is withdrawn already.")
    if not reason.strip():
        raise ActRefused("Say why the referral is withdrawn.")
    _withdraw(connection, referral, actor=actor, at=at, reason=reason.strip())


def find(connection: Connection, referral_id: str) -> Referral | None:
    """The referral with this id."""
    return next(iter(_found(connection, _COLUMNS.id == referral_id)), None)


def listed(
    connection: Connection, *, state: str | None = None, places: Collection[str] | None = None, offset: int = 0,
    limit: int = 50,
) -> list[Referral]:  # fmt: skip
    """The latest first; of one state and of these receivers, if they are given."""
    wanted = select(referrals).order_by(_COLUMNS.made_at.desc(), _COLUMNS.id).offset(offset).limit(limit)
    if state:
        wanted = wanted.where(_COLUMNS.state == state)
    if places is not None:
        wanted = wanted.where(_COLUMNS.place.in_(places))
    return [Referral(**row._mapping) for row in connection.execute(wanted)]


def is_referred_to(connection: Connection, container_id: str, places: Collection[str]) -> bool:
    """Whether the container was ever referred to one of these receivers."""
    here = (_COLUMNS.container_id == container_id) & _COLUMNS.place.in_(places)
    return connection.execute(select(_COLUMNS.id).where(here).limit(1)).first() is not None


def counts(connection: Connection) -> dict[str, int]:
    """How many there are in each state."""
    counted = connection.execute(select(_COLUMNS.state, func.count()).group_by(_COLUMNS.state))
    found = {state: int(n) for state, n in counted}
    return {state: found.get(state, 0) for state in STATES}


def _undone() -> Select[Any]:
    return select(referrals).where(_COLUMNS.state != "withdrawn", _is_replaced(referrals))


def _to_be_sent(at: datetime) -> Select[Any]:
    packed = (_COLUMNS.state == "waiting") & _COLUMNS.package.is_not(None)
    return (
        select(_COLUMNS.id, sites.c.push_to, sites.c.push_secret)
        .join(sites, sites.c.code == _COLUMNS.place)
        .where(sites.c.push_to.is_not(None), or_(packed, _COLUMNS.state == "withdrawn"))
        .where(_COLUMNS.next_try_at <= utc_text(at))
        .order_by(_COLUMNS.made_at)
        .limit(1)
    )


def _standing_without_referral() -> Select[Any]:
    """Of every referred container the latest decision to refer its present reading, where it has no referral."""
    later = aliased(decisions)
    same = (later.c.container_id == decisions.c.container_id) & (later.c.reading_digest == decisions.c.reading_digest)
    has_later = select(later.c.id).where(same, later.c.verdict == "refer", later.c.id > decisions.c.id).exists()
    has_referral = select(_COLUMNS.id).where(_COLUMNS.decision_id == decisions.c.id).exists()
    here = (queue_rows.c.container_id == decisions.c.container_id) & (
        queue_rows.c.reading_digest == decisions.c.reading_digest
    )
    return (
        select(decisions.c.id, decisions.c.container_id, decisions.c.place, queue_rows.c.place.label("ranked_place"))
        .join(queue_rows, here)
        .where(decisions.c.verdict == "refer", queue_rows.c.state == "referred")
        .where(~has_referral, ~has_later, ~_is_replaced(decisions))
    )


def _is_replaced(table: Any) -> ColumnElement[bool]:
    """Whether a further decision undid the one of this row of `decisions` or `referrals`."""
    later = aliased(decisions)
    number = table.c.id if table is decisions else table.c.decision_id
    return select(later.c.id).where(later.c.replaces == number).exists()


def _open(connection: Connection, decision: Any, *, at: datetime) -> None:
    referral = Referral(
        secrets.token_hex(10), decision.id, decision.container_id, decision.place or decision.ranked_place or "",
        None, None, "waiting", 0, utc_text(at), None, utc_text(at), None,
    )  # fmt: skip
    connection.execute(insert(referrals).values({one.name: getattr(referral, one.name) for one in fields(Referral)}))
    _note(connection, referral, "referral_opened", audit.SYSTEM, at, place=referral.place, decision=decision.id)


def _withdraw(connection: Connection, referral: Referral, *, actor: str, at: datetime, **facts: object) -> None:
    # a sending that failed may have arrived: whoever could have the package is told
    next_try_at = None if referral.sha256 is None else utc_text(at)
    _change(connection, referral.id, state="withdrawn", attempts=0, last_error=None, next_try_at=next_try_at)
    _note(connection, referral, "referral_withdrawn", actor, at, was=referral.state, **facts)


def _found(connection: Connection, wanted: ColumnElement[bool]) -> list[Referral]:
    rows = connection.execute(select(referrals).where(wanted).order_by(_COLUMNS.made_at))
    return [Referral(**row._mapping) for row in rows]


def _needed(connection: Connection, referral_id: str) -> Referral:
    referral = find(connection, referral_id)
    if referral is None:
        raise ActRefused("There is no such referral.")
    return referral


def _change(connection: Connection, referral_id: str, **values: object) -> None:
    connection.execute(update(referrals).where(_COLUMNS.id == referral_id).values(values))


def _note(connection: Connection, referral: Referral, kind: str, actor: str, at: datetime, **facts: object) -> None:
    audit.append(
        connection, actor=actor, kind=kind, at=at, container_id=referral.container_id,
        facts={"referral": referral.id, **facts},
    )  # fmt: skip
