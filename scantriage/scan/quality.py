"""Every weakness of a scan, a place or a comparison is a named flag with one sentence for the analyst."""

from __future__ import annotations

from enum import StrEnum


class Flag(StrEnum):
    """One named weakness. The value is what is stored; `sentence` is what an analyst reads."""

    UNCALIBRATED = "uncalibrated"
    NO_AIR = "no_air"
    DARK_ASSUMED = "dark_assumed"
    DEAD_ROWS = "dead_rows"
    CLIPPED = "clipped"
    MOSTLY_BLIND = "mostly_blind"
    GEOMETRY_UNKNOWN = "geometry_unknown"
    OPPOSITE_SIDES = "opposite_sides"
    CUT_OFF = "cut_off"
    DOORS_UNKNOWN = "doors_unknown"
    SIZE_MISMATCH = "size_mismatch"
    FRAME_UNCERTAIN = "frame_uncertain"
    CHECK_DIGIT = "check_digit"
    RESCAN_BEFORE_ORIGIN = "rescan_before_origin"
    SAME_CONTENT = "same_content"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    SCAN_CONFLICT = "scan_conflict"
    LOW_AGREEMENT = "low_agreement"
    EDGE_ON_EDGE = "edge_on_edge"
    LEAST_MASS = "least_mass"
    MOVED_CARGO = "moved_cargo"
    DECLARED_EMPTY = "declared_empty"

    @property
    def sentence(self) -> str:
        """One sentence an analyst understands."""
        return _SENTENCES[self]


_SENTENCES: dict[Flag, str] = {
    Flag.UNCALIBRATED: "The scan is a display export: its grey levels are not calibrated, so no mass is given.",
    Flag.NO_AIR: "No open beam is visible in the scan, so its level was estimated.",
    Flag.DARK_ASSUMED: "The detector's dark level was not delivered and was estimated.",
    Flag.DEAD_ROWS: "Some detector rows gave no signal.",
    Flag.CLIPPED: "Part of the scan is clipped at the bright or dark end.",
    Flag.MOSTLY_BLIND: "More than half of the container was not penetrated.",
    Flag.GEOMETRY_UNKNOWN: "Where the X-ray source stood is not known, so heights are less certain.",
    Flag.OPPOSITE_SIDES: "The two scans look from opposite sides, so near and far cargo change places in height.",
    Flag.CUT_OFF: "An end of the container lies outside the scan.",
    Flag.DOORS_UNKNOWN: "Which end has the doors could not be seen in the scan.",
    Flag.SIZE_MISMATCH: "The container in the scan does not have the size that the manifest declares.",
    Flag.FRAME_UNCERTAIN: "The container's outline was found with little contrast and may be off.",
    Flag.CHECK_DIGIT: "The container number has a wrong check digit.",
    Flag.RESCAN_BEFORE_ORIGIN: "The rescan is dated before the origin scan.",
    Flag.SAME_CONTENT: "Both scans are the same recording.",
    Flag.CHECKSUM_MISMATCH: "The file does not match the checksum it was delivered with.",
    Flag.SCAN_CONFLICT: "Another recording came under the id of a scan; the first one is used.",
    Flag.LOW_AGREEMENT: "The two scans agree poorly even after registration.",
    Flag.EDGE_ON_EDGE: "The difference lies along an edge and may come from registration.",
    Flag.LEAST_MASS: "Too little came through there in one of the scans, so more may have changed than the mass says.",
    Flag.MOVED_CARGO: "Something of the same mass is missing close by: cargo that moved.",
    Flag.DECLARED_EMPTY: "The container is declared empty, and something is in it.",
}
