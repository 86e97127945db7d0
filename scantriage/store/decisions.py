"""Decisions: given once, never changed, undone by a further one; letting an urgent container go takes two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, exists, insert, select
from sqlalchemy.orm import aliased

from scantriage.errors import ActRefused
from scantriage.store import audit, queue
from scantriage.store.accounts import account_numbered
from scantriage.store.assignments import Assignment, AssignmentKind, end_decided, find, mine_to_end
from scantriage.store.encoding import utc_text
from scantriage.store.preferences import Preferences
from scantriage.store.queue import QueueState, row_of
from scantriage.store.sites import is_locode
from scantriage.store.tips import find_tip
from scantriage.store.workbench_schema import assignments, decisions, tip_verdicts

Verdict = Literal["refer", "release", "not_comparable"]
ReferralAction = Literal["hold_at_source", "inspect_at_port", "rescan"]
_MAX_REASON = 2000  # characters
_CLOSED: dict[str, QueueState] = {
    "refer": "referred", "release": "released", "not_comparable": "not_comparable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody decides: a referral says what is to be done, and where; the others say neither.

    place: UN/LOCODE; None: where the ranking would have it done. request_key: of the form, random; the same form
    sent twice decides once.
    """

    verdict: Verdict
    reason: str
    request_key: str
    action: ReferralAction | None = None
    place: str | None = None

    def __post_init__(self) -> None:
        if self.verdict not in get_args(Verdict):
            raise ActRefused("A decision is to refer, to release, or that it cannot be compared.")
        if self.verdict == "refer" and self.action not in get_args(ReferralAction):
            raise ActRefused("A referral says what is to be done: hold at the source, inspect at the port, or rescan.")
        if self.verdict != "refer" and (self.action is not None or self.place is not None):
            raise ActRefused("Only a referral asks for an action at a place.")
        if self.place is not None and not is_locode(self.place):
            raise ActRefused("A place is written as a UN/LOCODE, such as NLRTM.")
        if len(self.reason) > _MAX_REASON:
            raise ActRefused(f"A reason has up to {_MAX_REASON} characters.")
        if self.verdict != "release" and not self.reason.strip():
            raise ActRefused("Say why, in a few words.")
        if not 8 <= len(self.request_key) <= 100:
            raise ActRefused("The form is incomplete; load the page again.")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as it was given; replaces: the id of the one that it undoes."""

    id: int
    assignment_id: str
    container_id: str
    reading_digest: str
    account_id: int
    verdict: Verdict
    action: ReferralAction | None
    place: str | None
    reason: str
    decided_at: str
    replaces: int | None
    request_key: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision.

    decision_id: None for a projected load. state: how the work on the container stands now; None where the container
    has another reading by now, for which this decision does not count, and for a projected load. tip_id: of the
    projected load that was shown. repeated: the same form had come before, and nothing was done again.
    """

    decision_id: int | None
    state: QueueState | None
    tip_id: int | None = None
    repeated: bool = False


def decide(
    connection: Connection, assignment_id: str, account_id: int, act: Act, *, at: datetime, preferences: Preferences
) -> Decided:
    """Keep the decision of who has the container before them, with its entry in the trail.

    Letting a container go at or above ``four_eyes_priority`` makes it wait for a second analyst; two who agree close
    it, two who do not leave it to a supervisor. Raises ActRefused when it is not, or no longer, before the account.
    """
    before = _given_before(connection, assignment_id, account_id, act.request_key)
    if before is not None:
        return before
    assignment = mine_to_end(connection, assignment_id, account_id)
    place = _place(connection, assignment, act)
    end_decided(connection, assignment, at=at)
    if assignment.tip_id is not None:
        return _judge_tip(connection, assignment, assignment.tip_id, act, at=at)
    return _keep(connection, assignment, account_id, act, place, None, at=at, preferences=preferences)


def revise(
    connection: Connection, decision_id: int, account_id: int, act: Act, *, at: datetime, preferences: Preferences
) -> Decided:
    """Undo a decision by a further one, of the analyst who gave it or of a supervisor; the first stays in the records.

    Only the last decision on a container can be undone, while nobody has a second look at it open and no other
    reading was made. Raises ActRefused otherwise.
    """
    old = decision_numbered(connection, decision_id)
    if old is None:
        raise ActRefused("There is no such decision.")
    before = _given_before(connection, old.assignment_id, account_id, act.request_key)
    if before is not None:
        return before
    _check_may_revise(connection, old, account_id)
    if not act.reason.strip():
        raise ActRefused("Say why the decision is changed.")
    assignment = find(connection, old.assignment_id)
    assert assignment is not None  # noqa: S101 - a foreign key
    place = _place(connection, assignment, act)
    return _keep(connection, assignment, account_id, act, place, old, at=at, preferences=preferences)


def decision_numbered(connection: Connection, decision_id: int) -> Decision | None:
    """The decision of this number."""
    row = connection.execute(select(decisions).where(decisions.c.id == decision_id)).first()
    return None if row is None else _decision(row)


def decisions_on(connection: Connection, container_id: str) -> list[Decision]:
    """Every decision on the container, oldest first, the undone ones too."""
    rows = connection.execute(
        select(decisions).where(decisions.c.container_id == container_id).order_by(decisions.c.id)
    )
    return [_decision(row) for row in rows]


def page_of_decisions(connection: Connection, *, after: int, limit: int) -> list[Decision]:
    """Decisions on all containers behind this number, oldest first, the undone ones too."""
    wanted = select(decisions).where(decisions.c.id > after).order_by(decisions.c.id).limit(limit)
    return [_decision(row) for row in connection.execute(wanted)]


def standing() -> ColumnElement[bool]:
    """The condition that a row of `decisions` was not undone by a further one."""
    later = aliased(decisions)
    return ~exists().where(later.c.replaces == decisions.c.id)


def tip_found(connection: Connection, assignment_id: str) -> bool:
    """Whether the projected load shown under this assignment was noticed."""
    found = select(tip_verdicts.c.found).where(tip_verdicts.c.assignment_id == assignment_id)
    return bool(connection.execute(found).scalar())


def last_decision_of(connection: Connection, account_id: int) -> Decision | None:
    """The last decision that the account gave and nobody undid: what *undo* would undo."""
    mine = select(decisions).where(decisions.c.account_id == account_id, standing())
    row = connection.execute(mine.order_by(decisions.c.id.desc()).limit(1)).first()
    return None if row is None else _decision(row)


def _keep(
    connection: Connection,
    assignment: Assignment,
    account_id: int,
    act: Act,
    place: str | None,
    replaces: Decision | None,
    *,
    at: datetime,
    preferences: Preferences,
) -> Decided:
    values = {
        "assignment_id": assignment.id, "container_id": assignment.container_id,
        "reading_digest": assignment.reading_digest, "account_id": account_id, "verdict": act.verdict,
        "action": act.action, "place": place, "reason": act.reason.strip(), "decided_at": utc_text(at),
        "replaces": None if replaces is None else replaces.id, "request_key": act.request_key,
    }  # fmt: skip
    number = int(connection.execute(insert(decisions).values(values).returning(decisions.c.id)).scalar_one())
    state = _state_after(connection, assignment, account_id, act, preferences)
    counts = queue.set_state(connection, assignment.container_id, assignment.reading_digest, state, at=at)
    told = ("verdict", "action", "place", "reason", "replaces", "reading_digest")
    facts = {"decision": number, "assignment": assignment.id, "kind": assignment.kind}
    audit.append(
        connection, actor=audit.actor_of(account_id), kind="decision_made", at=at,
        container_id=assignment.container_id, facts=facts | {name: values[name] for name in told},
    )  # fmt: skip
    return Decided(number, state if counts else None)


def _state_after(
    connection: Connection, assignment: Assignment, account_id: int, act: Act, preferences: Preferences
) -> QueueState:
    """How the work stands after this verdict.

    Any verdict that lets an urgent container go takes four eyes, not only a release: else *not comparable* would be
    the way past them. A supervisor's word ends it.
    """
    account = account_numbered(connection, account_id)
    if assignment.kind == "settling" or (account is not None and account.role == "supervisor"):
        return _CLOSED[act.verdict]
    if assignment.kind == "second":
        first = _standing_verdict(connection, assignment, "first")
        return _CLOSED[act.verdict] if first == act.verdict else "disagreement"
    row = row_of(connection, assignment.container_id)
    urgent = row is not None and row.priority >= preferences.four_eyes_priority
    return "second" if urgent and act.verdict != "refer" else _CLOSED[act.verdict]


def _standing_verdict(connection: Connection, assignment: Assignment, kind: AssignmentKind) -> str | None:
    wanted = (
        select(decisions.c.verdict)
        .join(assignments, assignments.c.id == decisions.c.assignment_id)
        .where(
            decisions.c.container_id == assignment.container_id,
            decisions.c.reading_digest == assignment.reading_digest,
            assignments.c.kind == kind,
            standing(),
        )
        .order_by(decisions.c.id.desc())
        .limit(1)
    )
    return connection.execute(wanted).scalar()


def _judge_tip(connection: Connection, assignment: Assignment, tip_id: int, act: Act, *, at: datetime) -> Decided:
    values = {
        "assignment_id": assignment.id, "tip_id": tip_id, "account_id": assignment.account_id,
        "verdict": act.verdict, "found": int(act.verdict == "refer"), "decided_at": utc_text(at),
        "request_key": act.request_key,
    }  # fmt: skip
    connection.execute(insert(tip_verdicts).values(values))
    facts = {"assignment": assignment.id, "tip": tip_id, "verdict": act.verdict}
    audit.append(
        connection, actor=audit.actor_of(assignment.account_id), kind="projection_judged", at=at,
        container_id=assignment.container_id, facts=facts,
    )  # fmt: skip
    return Decided(None, None, tip_id)


def _given_before(connection: Connection, assignment_id: str, account_id: int, request_key: str) -> Decided | None:
    """What this form did when it came first; ActRefused where its key is another form's."""
    for table in (decisions, tip_verdicts):
        row: Any = connection.execute(select(table).where(table.c.request_key == request_key)).first()
        if row is None:
            continue
        if (row.assignment_id, row.account_id) != (assignment_id, account_id):
            raise ActRefused("This form was used before; load the page again.")
        if table is tip_verdicts:
            return Decided(None, None, row.tip_id, repeated=True)
        now = row_of(connection, row.container_id)
        current = now is not None and now.reading_digest == row.reading_digest
        return Decided(row.id, now.state if now and current else None, repeated=True)
    return None


def _check_may_revise(connection: Connection, old: Decision, account_id: int) -> None:
    account = account_numbered(connection, account_id)
    if account is None or (account_id != old.account_id and account.role != "supervisor"):
        raise ActRefused("Only who decided, or a supervisor, can change a decision.")
    if decisions_on(connection, old.container_id)[-1].id != old.id:
        raise ActRefused("Somebody decided on this container since; a supervisor can change what was decided last.")
    row = row_of(connection, old.container_id)
    if row is None or row.reading_digest != old.reading_digest:
        raise ActRefused("The container was read anew since; it comes back to be decided again.")
    if row.state == "second_open":
        raise ActRefused("A second analyst has this container before them.")


def _place(connection: Connection, assignment: Assignment, act: Act) -> str | None:
    if act.verdict != "refer" or act.place is not None:
        return act.place
    # a projected load is refused where a real one would be, and nowhere else: the difference would give it away
    tip = None if assignment.tip_id is None else find_tip(connection, assignment.tip_id)
    row = row_of(connection, assignment.container_id)
    place = tip.row.get("where") if tip is not None else row and row.place
    if place is None:
        raise ActRefused("Say which port is to act: the ranking knows none.")
    return str(place)


def _decision(row: Any) -> Decision:
    return Decision(**row._mapping)
