"""One scan by itself: containers of known content, seen by a fan beam."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from scantriage.arrays.mass import effective_attenuation
from scantriage.scan.container import ContainerFrame
from scantriage.scan.geometry import FanGeometry
from scantriage.scan.image import ScanImage
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.single.reading import read_single_scan

N_ROWS, N_COLS, PITCH_M = 420, 800, 0.01
FRONT, LENGTH_M, WIDTH_M, BOTTOM_M, HEIGHT_M = 100, 6.058, 2.438, 1.1, 2.591
GEOMETRY = FanGeometry(
    "plane", source_distance_m=5.4, source_height_m=1.7, source_side="left", view_height_m=(0.2, 5.2)
)
RECORD = ScanRecord(
    "ECGYE-1", ("MSCU1234566",), "origin", "ECGYE", datetime(2026, 10, 1, tzinfo=UTC), sha256="a" * 64, kind="raw",
    energies_mev=(6.0,), column_pitch_mm=10.0, geometry=GEOMETRY,
)  # fmt: skip
EMPTY = ManifestEntry("MSCU1234566", size_type="22G1", goods="empty", gross_kg=0.0)
WALLS_G_CM2 = 2 * 0.18 * 7.85
NOISE = 0.01  # of attenuation; 10,000 quanta in air

# (x0, x1) from the front, (y0, y1) from the mid plane to the source, (z0, z1) above the container's bottom; g/cm3
Block = tuple[tuple[float, float], tuple[float, float], tuple[float, float], float]


def block_kg(block: Block) -> float:
    *sides, density = block
    return float(np.prod([end - start for start, end in sides])) * density * 1000


def thickness(block: Block) -> np.ndarray:
    """(R, C) g/cm2 that the beam meets in a block, by steps of 2 mm along each ray."""
    (x0, x1), (y0, y1), (z0, z1), density = block
    heights = GEOMETRY.heights(np.arange(N_ROWS, dtype=float), n_rows=N_ROWS)
    depth = np.arange(y0 + 0.001, y1, 0.002)
    rise = (heights - GEOMETRY.source_height_m) / GEOMETRY.source_distance_m
    at = GEOMETRY.source_height_m + rise[:, np.newaxis] * (GEOMETRY.source_distance_m - depth) - BOTTOM_M
    path_cm = ((at >= z0) & (at < z1)).sum(axis=1) * 0.2 * np.hypot(1, rise)
    columns = (np.arange(N_COLS) - FRONT + 0.5) * PITCH_M
    return np.outer(path_cm * density, (columns >= x0) & (columns < x1))


def silhouette() -> ContainerFrame:
    """Upper and lower edge as the nearest and the farthest wall show them."""
    walls = np.array([-WIDTH_M / 2, WIDTH_M / 2])
    roof = GEOMETRY.on_mid_plane(np.full(2, BOTTOM_M + HEIGHT_M), walls).max()
    floor = GEOMETRY.on_mid_plane(np.full(2, BOTTOM_M), walls).min()
    top, bottom = GEOMETRY.rows(np.array([roof, floor]), n_rows=N_ROWS)
    right = FRONT + LENGTH_M / PITCH_M
    return ContainerFrame((FRONT, right), (top, top), (bottom, bottom), doors="right")


def scan_of(*blocks: Block, tilt_rows: int = 0) -> tuple[ScanImage, ContainerFrame]:
    """An empty 20 ft box (walls, roof, floor boards, cross members every 0.3 m) with blocks in it."""
    across = (-WIDTH_M / 2, WIDTH_M / 2)
    steel = [((0.0, LENGTH_M), across, (HEIGHT_M - 0.002, HEIGHT_M), 7.85)]
    members = [((x, x + 0.004), across, (0.0, 0.12), 7.85) for x in np.arange(0.2, 6.0, 0.3)]
    boards = [((0.0, LENGTH_M), across, (0.12, 0.148), 0.7)]
    frame = silhouette()
    rows = np.arange(N_ROWS)[:, np.newaxis]
    cols = np.arange(N_COLS)
    inside = (rows > frame.roof_rows[0]) & (rows < frame.floor_rows[0]) & (cols >= FRONT) & (cols < frame.cols[1])
    organic = sum((thickness(block) for block in (*boards, *blocks)), np.zeros((N_ROWS, N_COLS)))
    iron = sum((thickness(block) for block in (*steel, *members)), WALLS_G_CM2 * inside)
    attenuation = organic * effective_attenuation(6.0) + iron * effective_attenuation(6.0, "iron")
    # the beam hardens: the measured attenuation a gives a (1 + 0.027 a)
    attenuation = (np.sqrt(1 + 4 * 0.027 * attenuation) - 1) / (2 * 0.027)
    attenuation += np.random.default_rng(7).normal(0, NOISE, attenuation.shape)
    if tilt_rows:
        drop = np.linspace(0, tilt_rows, N_COLS).astype(int)
        attenuation = attenuation[np.clip(rows - drop, 0, N_ROWS - 1), cols]
        at_ends = drop[[FRONT, round(frame.cols[1])]]
        frame = replace(
            frame,
            roof_rows=tuple(frame.roof_rows[0] + at_ends),
            floor_rows=tuple(frame.floor_rows[0] + at_ends),
        )
    return as_image(attenuation), frame


def as_image(attenuation: np.ndarray) -> ScanImage:
    pixels = attenuation.astype(np.float32)
    return ScanImage(pixels, np.full_like(pixels, NOISE**2), np.ones(pixels.shape, bool), pixels < 7, "attenuation")


BAG: Block = ((4.0, 4.35), (-0.2, 0.4), (0.3, 0.6), 0.6)
PALLETS: Block = ((0.15, 5.9), (-1.1, 1.1), (0.2, 1.9), 0.35)


def read(image, frame, *, record=RECORD, manifest=EMPTY):
    return read_single_scan(image, frame, record=record, energy_mv=record.energy_mv(0), manifest=manifest)


def test_an_empty_container_is_empty_and_weighs_nothing():
    reading = read(*scan_of())
    assert (reading.outcome, reading.findings, reading.flags) == ("single", (), ())
    assert reading.blind_fraction == 0
    assert reading.cargo_kg < 300


def test_a_bag_in_a_container_declared_empty_is_noticed():
    assert block_kg(BAG) == pytest.approx(38, abs=1)
    assert Flag.DECLARED_EMPTY in read(*scan_of(BAG)).flags


def test_a_parcel_above_the_shadow_of_the_chassis_is_noticed():
    parcel: Block = ((2.0, 2.5), (-0.3, 0.3), (0.6, 0.8), 1.0)
    assert Flag.DECLARED_EMPTY in read(*scan_of(parcel)).flags


def test_a_tilted_container_is_read_level():
    assert Flag.DECLARED_EMPTY not in read(*scan_of(tilt_rows=25)).flags
    assert Flag.DECLARED_EMPTY in read(*scan_of(BAG, tilt_rows=25)).flags


def test_a_full_container_declared_empty_is_noticed_though_it_looks_alike_from_end_to_end():
    assert Flag.DECLARED_EMPTY in read(*scan_of(PALLETS)).flags


@pytest.mark.parametrize("manifest", [None, replace(EMPTY, goods="bananas")])
def test_only_what_is_declared_empty_can_betray_it(manifest):
    assert Flag.DECLARED_EMPTY not in read(*scan_of(BAG), manifest=manifest).flags


@pytest.mark.parametrize("density", [0.15, 0.35])
def test_cargo_is_weighed_within_15_percent_and_300_kg(density):
    cargo: Block = (*PALLETS[:3], density)
    truth = block_kg(cargo)
    assert read(*scan_of(cargo)).cargo_kg == pytest.approx(truth, abs=0.15 * truth + 300)


def test_without_geometry_the_mass_is_rougher_and_says_so():
    reading = read(*scan_of(PALLETS), record=replace(RECORD, geometry=None))
    assert Flag.GEOMETRY_UNKNOWN in reading.flags
    assert reading.cargo_kg == pytest.approx(block_kg(PALLETS), rel=0.35)


def test_a_display_export_has_no_mass_but_still_shows_a_load():
    image, frame = scan_of(BAG)
    reading = read(replace(image, quantity="relative_attenuation"), frame)
    assert reading.cargo_kg is None
    assert {Flag.UNCALIBRATED, Flag.DECLARED_EMPTY} <= {*reading.flags}


def test_a_container_cut_off_or_of_unknown_scale_is_not_weighed():
    image, frame = scan_of(PALLETS)
    assert read(image, replace(frame, cut_left=True)).cargo_kg is None
    assert read(image, frame, record=replace(RECORD, column_pitch_mm=None), manifest=None).cargo_kg is None


def test_blind_is_what_lies_in_the_frame_and_was_not_penetrated_or_measured():
    image, frame = scan_of()
    box = frame.box
    penetrated = image.penetrated.copy()
    penetrated[:, : box.col0 + (box.col1 - box.col0) * 3 // 4] = False
    reading = read(replace(image, penetrated=penetrated), frame)
    assert reading.blind_fraction == pytest.approx(0.75, abs=1 / N_ROWS)
    assert Flag.MOSTLY_BLIND in reading.flags


def test_nothing_valid_is_neither_loaded_nor_weighed():
    image, frame = scan_of(BAG)
    reading = read(replace(image, valid=np.zeros_like(image.valid)), frame)
    assert reading.blind_fraction == 1
    assert reading.cargo_kg is None
    assert Flag.DECLARED_EMPTY not in reading.flags


def test_a_frame_that_reaches_out_of_the_image_is_read_as_far_as_it_goes():
    image, frame = scan_of(PALLETS)
    outside = replace(frame, cols=(-40.0, 900.0), floor_rows=(N_ROWS + 30.0, N_ROWS + 30.0))
    reading = read(image, outside)
    assert 0 < reading.blind_fraction < 0.2


def test_the_scan_is_left_as_it_was():
    image, frame = scan_of(BAG)
    before = image.pixels.copy()
    read(image, frame)
    np.testing.assert_array_equal(image.pixels, before)
