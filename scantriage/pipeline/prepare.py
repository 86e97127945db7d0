"""From a scan's file to a calibrated image with its container found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from scantriage.calibrate.attenuation import Calibrated, calibrate
from scantriage.calibrate.blocks import block_size
from scantriage.errors import ContainerNotFound, UnusableInput
from scantriage.io.scan_files import Pixels, read_scan
from scantriage.locate.frame import Location, locate
from scantriage.pipeline.model import load_underside
from scantriage.register.size import same_length, size_seen
from scantriage.scan.container import ContainerFrame, ContainerSize, size_of
from scantriage.scan.geometry import PixelBox
from scantriage.scan.image import ScanImage
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord


@dataclass(frozen=True, slots=True)
class ScanSource:
    """What a worker needs to read one scan of one container."""

    path: Path
    record: ScanRecord
    container_id: str


@dataclass(slots=True)
class StageClock:
    """Milliseconds spent in each stage so far."""

    stage_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.stage_ms[name] = self.stage_ms.get(name, 0.0) + 1000 * (time.perf_counter() - start)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedScan:
    """A scan, calibrated, with the container of interest found in it.

    plane: of the file, that the image is of. twin: the frame of the other box on the vehicle, None when there is one
    box. sure: evidence that of the two this is the one whose number was asked for, as log odds, 0 and more. beside:
    another plane, which only colours what is shown; a pixel of it is the mean of `n_beside` of the scan each way.
    levels: dark and bright end of the pixels as delivered, per plane: between them lies what there is to see.
    """

    record: ScanRecord
    plane: int
    image: ScanImage
    frame: ContainerFrame
    flags: tuple[Flag, ...]
    twin: ContainerFrame | None
    sure: float
    beside: ScanImage | None
    levels: tuple[tuple[float, float], ...]

    @property
    def calibrated(self) -> bool:
        """Whether attenuation is to scale."""
        return self.image.quantity == "attenuation"

    @property
    def energy_mv(self) -> float:
        """Of the plane that the image is of."""
        return self.record.energy_mv(self.plane)

    @property
    def n_beside(self) -> int:
        """How many pixels of the scan, each way, make one of `beside`."""
        return 1 if self.beside is None else self.image.shape[0] // self.beside.shape[0]

    @property
    def length_m(self) -> float | None:
        """Measured length of the container, where it is whole and the way per column is known."""
        pitch_mm, frame = self.record.column_pitch_mm, self.frame
        if pitch_mm is None or frame.cut_left or frame.cut_right:
            return None
        return frame.length_m(pitch_mm)

    def in_file(self, box: PixelBox | None) -> PixelBox | None:
        """A box of the image in the rows of the file as delivered, which may begin at the bottom."""
        if box is None or self.record.rows == "top_first":
            return box
        n_rows = self.image.shape[0]
        return PixelBox(n_rows - box.row1, n_rows - box.row0, box.col0, box.col1)


def prepare(
    source: ScanSource,
    manifest: ManifestEntry | None,
    clock: StageClock,
    *,
    plane: int = 0,
    show: bool = False,
) -> PreparedScan:
    """Decode and calibrate a scan and find the container in it.

    plane: of the file, highest energy first; the last one where there are fewer. show: with another plane to look at,
    where there is one. Raises UnreadableScan, and ContainerNotFound when the scan does not show it.
    """
    record = source.record
    with clock.stage("decode"):
        # what lies below is not even decoded
        decoded = read_scan(source.path, rows=record.rows, n_energies=max(plane + 1, 2 if show else 1)).pixels
    plane = min(plane, len(decoded) - 1)
    other = other_plane(plane)
    with clock.stage("calibrate"):
        try:
            calibrated = calibrate(decoded[plane], kind=record.kind, dark_level=record.dark_level)
        except UnusableInput as error:
            raise type(error)(f"{record.scan_id}: {error.sentence}", **error.facts) from error
        beside = _beside(decoded[other], record, calibrated) if show and other < len(decoded) else None
    with clock.stage("locate"):
        try:
            location = locate(
                calibrated.image,
                n_containers=len(record.container_ids),
                size=size_of(manifest.size_type) if manifest else None,
                geometry=record.geometry,
                column_pitch_mm=record.column_pitch_mm,
                # undersides were learned in attenuation, not in grey levels
                edges_of=load_underside() if calibrated.image.quantity == "attenuation" else None,
            )
        except ContainerNotFound as error:
            raise ContainerNotFound(f"{record.scan_id}: {error.sentence}", **error.facts) from error
    flags = record.flags + calibrated.flags + location.flags
    frame, twin = _frame_of(source, location)
    return PreparedScan(
        record, plane, calibrated.image, frame, tuple(dict.fromkeys(flags)), twin, abs(location.front_at_left),
        beside, tuple(_levels(pixels, record) for pixels in decoded),
    )  # fmt: skip


def other_plane(plane: int) -> int:
    """The plane that is shown beside one: the highest energy, or the next one beside that."""
    return 0 if plane > 0 else 1


def _beside(pixels: Pixels, record: ScanRecord, calibrated: Calibrated) -> ScanImage | None:
    """A plane that only colours what is seen, no finer than calibration needs: a quarter of its time."""
    n = block_size(pixels.shape[0])
    rows, cols = (length // n for length in pixels.shape)
    means = cv2.resize(pixels[: rows * n, : cols * n], (cols, rows), interpolation=cv2.INTER_AREA)
    try:
        return calibrate(means, kind=record.kind, dark_level=record.dark_level, air=calibrated.air).image
    except UnusableInput:
        return None


def _levels(pixels: Pixels, record: ScanRecord) -> tuple[float, float]:
    some = pixels[:: max(1, pixels.shape[0] // 128), :: max(1, pixels.shape[1] // 128)]
    dark, air = (float(level) for level in np.nanquantile(some, (0.001, 0.99)))
    return dark if record.dark_level is None else record.dark_level, air


def _frame_of(source: ScanSource, location: Location) -> tuple[ContainerFrame, ContainerFrame | None]:
    """The frame of the container asked for, and of its twin; the front of the truck is named first."""
    place_in_scan = source.record.container_ids.index(source.container_id)
    if place_in_scan >= len(location.frames):
        raise ContainerNotFound(
            f"{source.record.scan_id}: only {len(location.frames)} of the "
            f"{len(source.record.container_ids)} containers named could be told apart in the scan."
        )
    frames = location.frames if location.front_at_left >= 0 else location.frames[::-1]
    twins = [frame for place, frame in enumerate(frames) if place != place_in_scan]
    return frames[place_in_scan], twins[0] if len(source.record.container_ids) > 1 and twins else None


def container_size(scan: PreparedScan, manifest: ManifestEntry | None) -> ContainerSize:
    """The declared size, or the one seen where nothing is declared or the length seen rules it out."""
    declared = size_of(manifest.size_type) if manifest else None
    if declared is not None and same_length(declared.length_m, scan.length_m):
        return declared
    return size_seen(
        scan.frame,
        n_rows=scan.image.shape[0],
        geometry=scan.record.geometry,
        column_pitch_mm=scan.record.column_pitch_mm,
    )
