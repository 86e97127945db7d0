"""A container as the ranking meets it, and as it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scantriage.scan.finding import Evidence, Reading
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord

Action = Literal["hold_at_source", "inspect_at_port", "rescan", "none"]


@dataclass(frozen=True, slots=True)
class Case:
    """One container: how reading it ended, and what is known of its scans and its voyage.

    flags: weaknesses of the delivery beside those of the reading and of the two scan records. opened: an inspection
    took place after the last scan; it changes what is to be done, not the priority, which stays what the scans tell,
    so that priorities can be held against what openings show.
    """

    container_id: str
    reading: Reading
    origin: ScanRecord | None = None
    rescan: ScanRecord | None = None
    manifest: ManifestEntry | None = None
    flags: tuple[Flag, ...] = ()
    opened: bool = False

    @property
    def all_flags(self) -> tuple[Flag, ...]:
        """The flags of reading, scans and delivery, each once, in the order of `Flag`."""
        scans = (scan.flags for scan in (self.origin, self.rescan) if scan is not None)
        present = {*self.flags, *self.reading.flags, *(flag for flags in scans for flag in flags)}
        return tuple(flag for flag in Flag if flag in present)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A container's place in the ranking (FORMAT: one line of ``ranking.jsonl``).

    rank: from 1. priority: probability that opening the container would show something that should not be
    there. where: UN/LOCODE of the port that acts, None for no action or where no port is known.
    evidence: its contributions sum to the log-odds of the priority.
    """

    rank: int
    case: Case
    priority: float
    action: Action
    where: str | None
    evidence: tuple[Evidence, ...]

    @property
    def why(self) -> str:
        """The reason it could not be compared, else the strongest finding, else what weighs most in its priority."""
        reading = self.case.reading
        if reading.reason:
            return reading.reason
        if reading.strongest is not None:
            return reading.strongest.sentence
        itemised = [item for item in self.evidence if item.name != "base_rate"]
        return max(itemised, key=lambda item: abs(item.contribution)).sentence if itemised else ""
