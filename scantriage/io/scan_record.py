"""All that is known of a scan beside its pixels, put together from its sidecar, its scanner and its header."""

from __future__ import annotations

from pathlib import Path

from scantriage.errors import InvalidSidecar
from scantriage.io.dicos import DicosHeader
from scantriage.io.fields import validated
from scantriage.io.profiles import ScannerProfile
from scantriage.io.sidecar import Sidecar
from scantriage.scan.container import has_valid_check_digit
from scantriage.scan.quality import Flag
from scantriage.scan.record import Role, ScanKind, ScanRecord

# ISO 3166: where a scan is a rescan (FORMAT: in the Netherlands or elsewhere in Europe)
_EUROPE = frozenset({
    "AL", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FO", "FR", "GB", "GI", "GR", "HR",
    "HU", "IE", "IS", "IT", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE",
    "SI", "SK", "UA", "XK",
})  # fmt: skip


def role_at(site: str) -> Role:
    """What a scan made at this UN/LOCODE is: a rescan in Europe, else an origin scan."""
    return "rescan" if site[:2] in _EUROPE else "origin"


def scan_record(
    path: Path,
    sidecar: Sidecar | None,
    profile: ScannerProfile | None,
    *,
    sha256: str,
    kind: ScanKind,
    dicos_header: DicosHeader | None = None,
) -> ScanRecord:
    """Merge what is known: the sidecar goes before the scanner's profile, that before the DICOS header.

    path: the image file, for sentences only. InvalidSidecar: without a sidecar the header lacks what every scan
    needs (container number, date, place); ``facts["container_ids"]`` holds the numbers it does have.
    """
    if sidecar is None:
        sidecar = _sidecar_from_header(path, dicos_header, profile)
    profile = profile or ScannerProfile()
    geometry = sidecar.geometry or profile.geometry
    dark_level = sidecar.dark_level if sidecar.dark_level is not None else profile.dark_level
    return ScanRecord(
        scan_id=sidecar.scan_id,
        container_ids=sidecar.containers,
        role=sidecar.role,
        site=sidecar.site,
        acquired_at=sidecar.acquired_at,
        sha256=sha256,
        kind=kind,
        scanner_id=sidecar.scanner_id or (dicos_header.scanner_id if dicos_header else None),
        energies_mev=sidecar.energies_mev
        or profile.energies_mev
        or (dicos_header.energies_mev if dicos_header else None),
        column_pitch_mm=sidecar.column_pitch_mm or profile.column_pitch_mm,
        dark_level=dark_level,
        geometry=geometry.as_fan() if geometry else None,
        rows=profile.rows,
        flags=() if all(map(has_valid_check_digit, sidecar.containers)) else (Flag.CHECK_DIGIT,),
    )


def _sidecar_from_header(path: Path, header: DicosHeader | None, profile: ScannerProfile | None) -> Sidecar:
    """What a DICOS file without sidecar says in its place."""
    if header is None:
        raise InvalidSidecar(f"{path.name} has no sidecar {path.stem}.json beside it.")
    site = header.site or (profile.site if profile else None)
    needed = {"container number": header.container_ids, "date": header.acquired_at, "place (UN/LOCODE)": site}
    missing = [what for what, value in needed.items() if not value]
    if missing or site is None or header.acquired_at is None:
        raise InvalidSidecar(
            f"{path.name} has no sidecar, and its DICOS header gives no {' and no '.join(missing)}.",
            container_ids=header.container_ids,
        )
    fields = {
        "scan_id": header.instance_uid or path.stem,
        "container_ids": header.container_ids[:2],
        "role": role_at(site),
        "site": site,
        "acquired_at": header.acquired_at.isoformat(),
    }
    return validated(Sidecar, fields, name=path.name, error=InvalidSidecar)
