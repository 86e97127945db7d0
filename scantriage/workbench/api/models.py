"""What goes over the API, as its OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from scantriage.scan.finding import Zone
from scantriage.store.decisions import Decision
from scantriage.store.inspections import MAX_KIND, MAX_MASS_KG, MAX_NOTE, Inspection, Result
from scantriage.store.queue import QueueRow
from scantriage.store.referrals import Referral

ContainerNumber = Annotated[str, Field(pattern=r"^[A-Z]{4}[0-9]{7}$")]
Locode = Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")]


class QueueEntry(BaseModel):
    """A container of the queue."""

    container_id: str
    rank: int
    priority: float
    outcome: str
    action: str
    place: str | None = Field(description="UN/LOCODE of the port that acts")
    zone: str | None
    why: str
    flow: str | None
    commodity: str | None
    due_at: str | None = Field(description="when it sails or arrives")
    acquired_at: str | None = Field(description="of its latest scan")
    state: str

    @classmethod
    def of(cls, row: QueueRow) -> QueueEntry:
        """The entry of a row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class QueuePart(BaseModel):
    """A part of the queue, most urgent first."""

    containers: list[QueueEntry]
    cursor: str | None = Field(description="of the next part; none at the end")


class InspectionOut(BaseModel):
    """What an inspection found; replaces: the number of the entry that this one corrects."""

    id: int
    container_id: str
    result: str
    place: str
    inspected_at: str
    kind: str | None
    mass_kg: float | None
    zone: str | None
    note: str
    replaces: int | None

    @classmethod
    def of(cls, entry: Inspection) -> InspectionOut:
        """The inspection as it goes over the API."""
        one = entry.outcome
        return cls(
            id=entry.id, container_id=one.container_id, result=one.result, place=one.place, note=one.note,
            inspected_at=one.inspected_at.isoformat(), kind=one.kind, mass_kg=one.mass_kg, zone=one.zone,
            replaces=entry.replaces,
        )  # fmt: skip


class DecisionOut(BaseModel):
    """A decision; account: the number of who gave it. An empty reason was deleted when its time was up."""

    id: int
    container_id: str
    account_id: int
    verdict: str
    action: str | None
    place: str | None
    reason: str
    decided_at: str
    replaces: int | None

    @classmethod
    def of(cls, decision: Decision) -> DecisionOut:
        """The decision as it goes over the API."""
        return cls(**{name: getattr(decision, name) for name in cls.model_fields})


class DecisionPart(BaseModel):
    """A part of the decisions, oldest first."""

    decisions: list[DecisionOut]
    cursor: int | None = Field(description="of the next part; none at the end for now")


class Container(BaseModel):
    """A container: its entry, its line of ranking.jsonl, its manifest, and what was decided and found."""

    entry: QueueEntry
    ranking: dict[str, Any]
    manifest: dict[str, Any]
    decisions: list[DecisionOut]
    inspections: list[InspectionOut]


class OutcomeIn(BaseModel):
    """What opening a container showed."""

    model_config = ConfigDict(extra="forbid")

    container_id: ContainerNumber
    result: Result
    place: Locode
    inspected_at: AwareDatetime
    kind: Annotated[str, Field(max_length=MAX_KIND)] | None = None
    mass_kg: Annotated[float, Field(gt=0, le=MAX_MASS_KG)] | None = None
    zone: Zone | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE)] = ""


class Entered(BaseModel):
    """The number of an outcome; known: it had been entered before, and nothing was done."""

    id: int
    known: bool


class ReferralOut(BaseModel):
    """A referral; sha256: of its package, once there is one."""

    id: str
    container_id: str
    place: str
    state: str
    sha256: str | None
    made_at: str
    sent_at: str | None

    @classmethod
    def of(cls, referral: Referral) -> ReferralOut:
        """The referral as it goes over the API."""
        return cls(**{name: getattr(referral, name) for name in cls.model_fields})


class ReferralPart(BaseModel):
    """A part of the referrals, latest first."""

    referrals: list[ReferralOut]
    cursor: int | None = Field(description="of the next part; none at the end")


class FiguresNow(BaseModel):
    """How the work stands: containers by state, decisions since midnight UTC, age of the oldest that waits."""

    states: dict[str, int]
    decided_today: int
    oldest_days: int | None


class FiguresTable(BaseModel):
    """A table of the monitoring report."""

    name: str
    columns: list[str]
    rows: list[list[str | int | float | None]]
