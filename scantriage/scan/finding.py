"""What a comparison yields: findings, evidence, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scantriage.scan.geometry import MetreBox, PixelBox
from scantriage.scan.quality import Flag

Kind = Literal["added", "removed", "moved", "swapped", "pattern"]
Zone = Literal["door_end", "cargo", "floor", "roof", "side_wall", "front_wall", "reefer_unit"]
NEVER_KG = 1000.0  # nobody hides more in one place: where a load would show from there on, none would
OutcomeName = Literal["compared", "single", "not_comparable", "unprocessable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A region of the container that changed (FORMAT: finding).

    significance: standard deviations, sign as in rescan minus origin. mass_kg: size of the change, not
    negative; None where a scan is uncalibrated. Boxes: see `PixelBox` and `MetreBox`.
    """

    kind: Kind
    zone: Zone
    significance: float
    container_box: MetreBox
    mass_kg: float | None = None
    mass_kg_sd: float | None = None
    origin_box: PixelBox | None = None
    rescan_box: PixelBox | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def told_kg(self) -> float | None:
        """The mass, where it tells something: not where uncalibrated, nor that it is at least next to nothing."""
        if self.mass_kg is None or (self.is_least and self.mass_kg < 1):
            return None
        return self.mass_kg

    @property
    def is_least(self) -> bool:
        """Whether more may have changed than the mass says."""
        return Flag.LEAST_MASS in self.flags

    @property
    def sentence(self) -> str:
        """The finding in one sentence."""
        return f"{self._what()} {self._zone()}, {self._where()} ({self._sure()})."

    def _what(self) -> str:
        mass = self._mass()
        return {
            "added": f"Added: {mass or 'something'}",
            "removed": f"Removed: {mass or 'something'}",
            "moved": f"Moved: {mass or 'cargo'}",
            "swapped": "The load differs as a whole: another container or other goods",
            "pattern": "Unlike the rest of the load",
        }[self.kind]

    def _mass(self) -> str:
        if self.told_kg is None:
            return ""
        return f"{'at least' if self.is_least else 'about'} {_kilos(self.told_kg)}"

    def _zone(self) -> str:
        if self.zone == "door_end" and Flag.DOORS_UNKNOWN in self.flags:
            return "at one end"
        return _ZONE_WORDS[self.zone]

    def _where(self) -> str:
        box = self.container_box
        return f"{box.x0:.1f} to {box.x1:.1f} m from the front, {box.z0:.1f} to {box.z1:.1f} m high"

    def _sure(self) -> str:
        return f"{abs(self.significance):.1f} standard deviations"


_ZONE_WORDS: dict[str, str] = {
    "door_end": "behind the doors",
    "cargo": "in the cargo",
    "floor": "in or on the floor",
    "roof": "at the roof",
    "side_wall": "at a side wall",
    "front_wall": "at the front wall",
    "reefer_unit": "in the reefer machinery",
}


def _kilos(mass_kg: float) -> str:
    return f"{mass_kg:.0f} kg" if mass_kg >= 1 else "less than 1 kg"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One itemised part of a priority: contributions are log-odds and add up."""

    name: str
    contribution: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How looking at a container ended, before it is ranked.

    reason: one sentence, for ``not_comparable`` and ``unprocessable``. agreement: 0 to 1, None unless compared.
    blind_fraction: part of the container's area that could not be compared, or read for a single scan.
    learned: log-odds, at even prior, that anything was done, as the learned comparison holds; None without one.
    cargo_kg: mass of what is in the container as the latest scan shows it, without the empty container; None
    where uncalibrated. shows_from_kg: by zone, from which mass on a load would have been found there, as a rule; at
    most `NEVER_KG`.
    """

    outcome: OutcomeName
    reason: str | None = None
    agreement: float | None = None
    learned: float | None = None
    blind_fraction: float | None = None
    cargo_kg: float | None = None
    shows_from_kg: dict[Zone, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    flags: tuple[Flag, ...] = ()
    stage_ms: dict[str, float] = field(default_factory=dict)

    @property
    def reach(self) -> str:
        """One sentence: from which mass on a load would have shown; empty where that is not known."""
        words = _ZONE_WORDS
        if not {"front_wall", "reefer_unit"} & {*self.shows_from_kg}:  # where nobody saw which end has the doors
            words = _ZONE_WORDS | {"door_end": "at either end"}
        told = [f"{_kilos(kg)} {words[zone]}" for zone, kg in self.shows_from_kg.items() if kg < NEVER_KG]
        if not told:
            return ""
        return f"A load would have shown from about {', '.join(told)}; a lighter one, or one elsewhere, may not have."

    @property
    def strongest(self) -> Finding | None:
        """The finding that stands out most; None where nothing was found."""
        return max(self.findings, key=lambda finding: abs(finding.significance), default=None)
