"""What holds for all scans of one scanner, given once (FORMAT: a site's scanner profile).

A folder ``scanners/`` of a delivery or a workspace holds one ``<scanner_id>.toml`` for each, such as

    site = "NLRTM"            # lets a DICOS file without sidecar say where it was made
    rows = "bottom_first"     # the file's first row is the lowest detector element
    energies_mev = [6.0, 4.0]
    column_pitch_mm = 4.5
    dark_level = 400.0
    [geometry]
    layout = "plane"
    source_distance_m = 5.42
    source_height_m = 1.7
    source_side = "left"
    view_height_m = [0.1, 5.2]

All are optional; what a scan's own sidecar says goes before it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scantriage.errors import InvalidProfile
from scantriage.io.fields import STRICT, DarkLevel, Energies, PitchMm, PossibleGeometry, Site, validated
from scantriage.io.limits import RefusedFileError, read_limited
from scantriage.scan.record import RowOrder

PROFILE_FOLDER = "scanners"
MAX_PROFILE_BYTES = 64 * 1024


class ScannerProfile(BaseModel):
    """What one scanner's scans have in common. A field that is not known is refused: it is a slip of the pen."""

    model_config = STRICT | ConfigDict(extra="forbid")

    site: Site | None = None
    energies_mev: Energies | None = None
    column_pitch_mm: PitchMm | None = None
    dark_level: DarkLevel | None = None
    geometry: PossibleGeometry | None = None
    rows: RowOrder = "top_first"


def read_profile(path: Path) -> ScannerProfile:
    """Parse and check one profile. InvalidProfile: one sentence names the file and the field."""
    try:
        fields = tomllib.loads(read_limited(path, max_bytes=MAX_PROFILE_BYTES).decode("utf-8-sig"))
    except RefusedFileError as refusal:
        raise InvalidProfile(f"{path.name} {refusal}.") from refusal
    except (ValueError, RecursionError) as error:
        raise InvalidProfile(f"{path.name} is not TOML ({str(error)[:120]}).") from error
    return validated(ScannerProfile, fields, name=path.name, error=InvalidProfile)


def read_profiles(folder: Path) -> tuple[dict[str, ScannerProfile], list[str]]:
    """All profiles of a folder by scanner id, and a sentence for each that cannot be used."""
    profiles: dict[str, ScannerProfile] = {}
    sentences: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            profiles[path.stem] = read_profile(path)
        except InvalidProfile as problem:
            sentences.append(problem.sentence)
    return profiles, sentences
