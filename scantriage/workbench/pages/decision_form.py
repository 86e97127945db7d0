"""The form in which a decision is given: its choices, the quick reasons behind their keys, what was typed before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from scantriage.store import sites
from scantriage.store.accounts import account_numbered
from scantriage.store.assignments import Assignment, AssignmentKind
from scantriage.store.decisions import Act, Decision, decisions_on
from scantriage.store.queue import row_of
from scantriage.store.sites import Site
from scantriage.store.tips import find_tip
from scantriage.workbench.language import N_

_OPENING = ("hold_at_source", "inspect_at_port", "rescan")


@dataclass(frozen=True, slots=True)
class QuickReason:
    """A reason behind a key; `sentence` is English, kept with the decision and translated where it is shown."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A verdict, the key that chooses it, and the reasons that are common for it."""

    verdict: str
    key: str
    reasons: tuple[QuickReason, ...]


CHOICES = (
    Choice("refer", "r", (
        QuickReason("added", N_("Something was added.")),
        QuickReason("removed", N_("Something was taken out.")),
        QuickReason("moved", N_("The load was moved by hand.")),
        QuickReason("structure", N_("The container was altered.")),
        QuickReason("other_load", N_("Another load or container.")),
        QuickReason("unlike_goods", N_("Unlike the declared goods.")),
        QuickReason("unseen", N_("Too much is unseen.")),
    )),
    Choice("release", "l", (
        QuickReason("same", N_("Both scans show the same.")),
        QuickReason("shifted", N_("Cargo shifted on the voyage.")),
        QuickReason("goods", N_("The goods explain it.")),
        QuickReason("scanner", N_("The scanners explain it.")),
    )),
    Choice("not_comparable", "c", (
        QuickReason("registration", N_("The scans do not fit.")),
        QuickReason("quality", N_("The picture is too poor.")),
        QuickReason("wrong_container", N_("A scan of another container.")),
        QuickReason("dense", N_("The load is too dense.")),
    )),
)  # fmt: skip
_SENTENCES = {(choice.verdict, one.name): one.sentence for choice in CHOICES for one in choice.reasons}


@dataclass(frozen=True, slots=True)
class EarlierVerdict:
    """What somebody decided before; shown to the supervisor who settles a disagreement, and to nobody else."""

    who: str
    verdict: str
    action: str | None
    place: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What `decision_form.html` shows.

    url: where it is sent. skip_url: where skipping is sent; skips_left: of today, None where it cannot be skipped.
    action, place: what stands in the form at first. verdict, because, text: what was chosen and typed before.
    earlier: see `EarlierVerdict`. reason_always: a reason is needed for a release, too.
    """

    kind: AssignmentKind
    url: str
    skip_url: str
    request_key: str
    ports: tuple[Site, ...]
    action: str
    place: str
    skips_left: int | None = None
    verdict: str = ""
    because: tuple[str, ...] = ()
    text: str = ""
    earlier: tuple[EarlierVerdict, ...] = ()
    reason_always: bool = False
    choices: tuple[Choice, ...] = CHOICES


def decision_form(connection: Connection, assignment: Assignment, *, skips_left: int) -> DecisionForm:
    """The form for what is before somebody; a projected load looks like every other."""
    line = _line(connection, assignment)
    action, place = line.get("action"), line.get("where")
    ports = {one.code: one for one in sites.all_sites(connection)}
    if place:
        ports.setdefault(str(place), Site(str(place), ""))
    settling = assignment.kind == "settling"
    return DecisionForm(
        assignment.kind, f"/work/{assignment.id}/decide", f"/work/{assignment.id}/skip", secrets.token_urlsafe(16),
        ports=tuple(ports[code] for code in sorted(ports)),
        action=str(action) if action in _OPENING else "inspect_at_port",
        place=str(place or ""),
        skips_left=None if settling else skips_left,
        earlier=_earlier(connection, assignment) if settling else (),
    )  # fmt: skip


def act_of(form: Mapping[str, object], because: list[str]) -> Act:
    """What the filled form decides. Raises ActRefused where it cannot be.

    because: names of the quick reasons that were chosen for the verdict; their sentences begin the reason.
    """
    verdict = _text(form, "verdict")
    sentences = [_SENTENCES[verdict, name] for name in because if (verdict, name) in _SENTENCES]
    refers = verdict == "refer"
    return Act(
        verdict,  # type: ignore[arg-type]  # Act itself refuses any other
        " ".join([*sentences, _text(form, "text")]).strip(),
        _text(form, "request_key"),
        action=_text(form, "action") if refers else None,  # type: ignore[arg-type]
        place=_text(form, "place") or None if refers else None,
    )


def _text(form: Mapping[str, object], name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _line(connection: Connection, assignment: Assignment) -> Mapping[str, object]:
    """Its line of the ranking; that of the copy where a load is projected into it."""
    if assignment.tip_id is not None:
        tip = find_tip(connection, assignment.tip_id)
        return tip.row if tip else {}
    row = row_of(connection, assignment.container_id)
    return row.line if row else {}


def _earlier(connection: Connection, assignment: Assignment) -> tuple[EarlierVerdict, ...]:
    given = [
        one for one in decisions_on(connection, assignment.container_id)
        if one.reading_digest == assignment.reading_digest
    ]  # fmt: skip
    undone = {one.replaces for one in given}
    return tuple(
        EarlierVerdict(_name(connection, one), one.verdict, one.action, one.place, one.reason)
        for one in given if one.id not in undone
    )  # fmt: skip


def _name(connection: Connection, decision: Decision) -> str:
    account = account_numbered(connection, decision.account_id)
    return account.display_name if account and account.display_name else f"account {decision.account_id}"
