"""One scan without a partner: what it tells by itself."""

from __future__ import annotations

import numpy as np

from scantriage.scan.container import ContainerFrame, size_of
from scantriage.scan.finding import Reading
from scantriage.scan.image import ScanImage
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.single.contents import cargo_mass_kg, looks_loaded
from scantriage.single.interior import Interior, interior_of


def read_single_scan(
    image: ScanImage, frame: ContainerFrame, *, record: ScanRecord, energy_mv: float, manifest: ManifestEntry | None
) -> Reading:
    """What calibration and location of one scan give: blind fraction, cargo mass, declared empty but not empty.

    image: attenuation at energy_mv, or relative attenuation; of the latter no mass is given. frame: of the container
    that the manifest entry describes, in the image's pixels. The reading's outcome is ``single``; no findings.
    """
    size = size_of(manifest.size_type) if manifest else None
    interior = interior_of(
        image, frame, size=size, geometry=record.geometry, column_pitch_mm=record.column_pitch_mm
    )  # fmt: skip
    blind = blind_fraction(interior)
    calibrated = image.quantity == "attenuation"
    flags = [
        (Flag.UNCALIBRATED, not calibrated),
        (Flag.MOSTLY_BLIND, blind > 0.5),
        (Flag.GEOMETRY_UNKNOWN, record.geometry is None),
        (Flag.CUT_OFF, frame.cut_left or frame.cut_right),
        (Flag.DOORS_UNKNOWN, frame.doors is None),
        (
            Flag.DECLARED_EMPTY,
            manifest is not None and manifest.declared_empty and looks_loaded(interior, size=size, doors=frame.doors),
        ),
    ]
    return Reading(
        outcome="single",
        blind_fraction=blind,
        cargo_kg=cargo_mass_kg(interior, size=size, doors=frame.doors, energy_mv=energy_mv) if calibrated else None,
        flags=tuple(flag for flag, present in flags if present),
    )


def blind_fraction(interior: Interior) -> float:
    """Part of the container's area that could not be read: not measured, not penetrated, outside the scan's rows."""
    return float(1 - np.mean(interior.usable))
