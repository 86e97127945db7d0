"""Blind assignment: the system chooses what an analyst sees next, and nobody else does.

Most are drawn by priority, a part at random from all that waits, so that nobody can wait for a container to come to
them; a part carries a projected load and looks like all others. A second look is given to an analyst drawn from those
at work. A supervisor gets what two analysts disagreed on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from scantriage.errors import ActRefused
from scantriage.store import audit
from scantriage.store.accounts import Account, account_numbered
from scantriage.store.drawing import draw, draw_seconds
from scantriage.store.encoding import utc_text
from scantriage.store.preferences import Preferences
from scantriage.store.queue import QueueState, set_state
from scantriage.store.workbench_schema import assignments, queue_rows

AssignmentKind = Literal["first", "second", "settling"]
AssignmentState = Literal["coming", "open", "decided", "skipped", "expired"]
_MAX_REASON = 500  # characters
_BEFORE: dict[str, QueueState] = {"first": "waiting", "second": "second", "settling": "disagreement"}
_DURING: dict[str, QueueState] = {"first": "open", "second": "second_open", "settling": "disagreement"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """A container laid before an analyst.

    id: random, tells nothing, and is all that the analyst's pages name. kind: ``settling`` is a supervisor's.
    chosen: ``priority`` or ``random``. tip_id: of the projected load that is shown in the container's place; as
    little told before the decision as kind and chosen. Times as RFC 3339 text in UTC.
    """

    id: str
    container_id: str
    reading_digest: str
    account_id: int
    kind: AssignmentKind
    chosen: str
    tip_id: int | None
    given_at: str
    active_at: str
    state: AssignmentState
    ended_at: str | None
    skip_reason: str | None


_NAMES = tuple(one.name for one in fields(Assignment))


def find(connection: Connection, assignment_id: str) -> Assignment | None:
    """The assignment of this id."""
    return _one(connection.execute(select(assignments).where(assignments.c.id == assignment_id)).first())


def open_assignment(connection: Connection, account_id: int) -> Assignment | None:
    """What the account has before it now."""
    return _held(connection, account_id, "open")


def next_assignment(
    connection: Connection, account_id: int, *, rng: Random, at: datetime, preferences: Preferences
) -> Assignment | None:
    """What the account has before it: the one still open, else the one made ready, else a new one; None: all is done.

    rng: ``secrets.SystemRandom()``, so that nobody can foresee it. Appends to the trail. Raises ActRefused for an
    account that is neither an analyst's nor a supervisor's.
    """
    account = _worker(connection, account_id)
    expire(connection, at=at, preferences=preferences)
    already = _held(connection, account_id, "open")
    if already is not None:
        touch(connection, already.id, account_id, at=at)
        return find(connection, already.id)
    ready = _held(connection, account_id, "coming")
    if ready is not None and _still_current(connection, ready):
        values = {"state": "open", "given_at": utc_text(at), "active_at": utc_text(at)}
        connection.execute(update(assignments).where(assignments.c.id == ready.id).values(values))
        _trail(connection, ready, "container_assigned", at, {"chosen": ready.chosen})
        return find(connection, ready.id)
    if ready is not None:
        _end(connection, ready, "expired", at)
    return _give(connection, account, "open", rng=rng, at=at, preferences=preferences)


def coming_assignment(
    connection: Connection, account_id: int, *, rng: Random, at: datetime, preferences: Preferences
) -> Assignment | None:
    """What the account will have before it next, so that its pictures can be fetched while it works on this one."""
    ready = _held(connection, account_id, "coming")
    if ready is not None:
        return ready
    return _give(connection, _worker(connection, account_id), "coming", rng=rng, at=at, preferences=preferences)


def touch(connection: Connection, assignment_id: str, account_id: int, *, at: datetime) -> bool:
    """Note a sign of work on it, with what is made ready behind it; False where it is not before the account (now)."""
    mine = (assignments.c.account_id == account_id) & assignments.c.state.in_(("open", "coming"))
    if not connection.execute(select(mine).where(assignments.c.id == assignment_id)).scalar():
        return False
    connection.execute(update(assignments).where(mine).values(active_at=utc_text(at)))
    return True


def skip(
    connection: Connection,
    assignment_id: str,
    account_id: int,
    *,
    reason: str,
    at: datetime,
    preferences: Preferences,
) -> int:
    """Give the container back unread, and say how many skips the account has left today (UTC).

    It goes to somebody else: the same reading does not come back to who skipped it. Raises ActRefused when it is not
    before the account, the reason is missing, or the day's skips are used up.
    """
    assignment = mine_to_end(connection, assignment_id, account_id)
    if not 1 <= len(reason.strip()) <= _MAX_REASON:
        raise ActRefused(f"Say in up to {_MAX_REASON} characters why you skip this container.")
    left = skips_left(connection, account_id, at=at, preferences=preferences)
    if left == 0:
        raise ActRefused(f"All {preferences.skips_per_day} skips of today are used.", limit=preferences.skips_per_day)
    _end(connection, assignment, "skipped", at, reason.strip())
    _trail(connection, assignment, "assignment_skipped", at, {"reason": reason.strip()})
    return left - 1


def skips_left(connection: Connection, account_id: int, *, at: datetime, preferences: Preferences) -> int:
    """How many containers the account may still skip today (UTC)."""
    today = utc_text(at)[:10]
    mine = (assignments.c.account_id == account_id) & (assignments.c.state == "skipped")
    n_skipped = select(func.count()).where(mine, assignments.c.ended_at >= today)
    return max(0, preferences.skips_per_day - connection.execute(n_skipped).scalar_one())


def expire(connection: Connection, *, at: datetime, preferences: Preferences) -> int:
    """Take back what nobody worked on for `assignment_minutes`, and say how many these were."""
    limit = utc_text(at - timedelta(minutes=preferences.assignment_minutes))
    idle = assignments.c.state.in_(("open", "coming")) & (assignments.c.active_at < limit)
    rows = connection.execute(select(assignments).where(idle)).all()
    for assignment in (Assignment(**row._mapping) for row in rows):
        _end(connection, assignment, "expired", at)
        if assignment.state == "open":
            _trail(connection, assignment, "assignment_expired", at, {}, actor=audit.SYSTEM)
    return len(rows)


def mine_to_end(connection: Connection, assignment_id: str, account_id: int) -> Assignment:
    """The assignment, if it is open before this account; raises ActRefused where it is not."""
    assignment = find(connection, assignment_id)
    if assignment is None or assignment.account_id != account_id:
        raise ActRefused("This container is not before you.")
    if assignment.state != "open":
        ended = {"decided": "You have decided on this container", "skipped": "You skipped this container"}
        raise ActRefused(f"{ended.get(assignment.state, 'Your time for this container ran out')}; go on to the next.")
    return assignment


def end_decided(connection: Connection, assignment: Assignment, *, at: datetime) -> None:
    """Write down that its decision was given; the queue's state is the decision's to set."""
    ended = {"state": "decided", "ended_at": utc_text(at), "active_at": utc_text(at)}
    connection.execute(update(assignments).where(assignments.c.id == assignment.id).values(ended))


def _give(
    connection: Connection,
    account: Account,
    state: AssignmentState,
    *,
    rng: Random,
    at: datetime,
    preferences: Preferences,
) -> Assignment | None:
    draw_seconds(connection, rng=rng, at=at, preferences=preferences)
    drawn = draw(connection, account, rng=rng, preferences=preferences)
    if drawn is None:
        return None
    moment = utc_text(at)
    assignment = Assignment(
        secrets.token_urlsafe(16), drawn.container_id, drawn.reading_digest, account.id, drawn.kind, drawn.chosen,
        drawn.tip_id, moment, moment, state, None, None,
    )  # fmt: skip
    connection.execute(insert(assignments).values({name: getattr(assignment, name) for name in _NAMES}))
    if drawn.tip_id is None:
        set_state(connection, drawn.container_id, drawn.reading_digest, _DURING[drawn.kind], at=at)
    if state == "open":
        _trail(connection, assignment, "container_assigned", at, {"chosen": drawn.chosen})
    return assignment


def _end(
    connection: Connection, assignment: Assignment, state: AssignmentState, at: datetime, reason: str | None = None
) -> None:
    """End it without a decision; the container waits again."""
    values = {"state": state, "ended_at": utc_text(at), "skip_reason": reason}
    connection.execute(update(assignments).where(assignments.c.id == assignment.id).values(values))
    if assignment.tip_id is None:
        before = _BEFORE[assignment.kind]
        set_state(connection, assignment.container_id, assignment.reading_digest, before, at=at)


def _trail(
    connection: Connection,
    assignment: Assignment,
    kind: str,
    at: datetime,
    facts: dict[str, object],
    actor: str | None = None,
) -> None:
    facts = facts | {"assignment": assignment.id, "kind": assignment.kind, "tip": assignment.tip_id}
    actor = actor or audit.actor_of(assignment.account_id)
    audit.append(connection, actor=actor, kind=kind, at=at, container_id=assignment.container_id, facts=facts)


def _worker(connection: Connection, account_id: int) -> Account:
    account = account_numbered(connection, account_id)
    if account is None or account.disabled_at is not None or account.role not in ("analyst", "supervisor"):
        raise ActRefused("Containers are laid before analysts and supervisors only.")
    return account


def _still_current(connection: Connection, assignment: Assignment) -> bool:
    """Whether the reading that was drawn is still the container's; a projected load has a reading of its own."""
    if assignment.tip_id is not None:
        return True
    digest = select(queue_rows.c.reading_digest).where(queue_rows.c.container_id == assignment.container_id)
    return connection.execute(digest).scalar() == assignment.reading_digest


def _held(connection: Connection, account_id: int, state: AssignmentState) -> Assignment | None:
    here = (assignments.c.account_id == account_id) & (assignments.c.state == state)
    return _one(connection.execute(select(assignments).where(here)).first())


def _one(row: Any) -> Assignment | None:
    return None if row is None else Assignment(**row._mapping)
