"""Each stage of a pair on its own, at full size; the answer of each is checked."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.full_size import N_COLS, N_ROWS, FullSizePair
from scantriage.calibrate.attenuation import Calibrated, calibrate
from scantriage.compare.pair import compare
from scantriage.io.pictures import write_picture
from scantriage.io.scan_files import read_scan
from scantriage.io.views import read_facts, write_views
from scantriage.locate.frame import locate
from scantriage.pipeline.fine_views import pair_fine_views
from scantriage.pipeline.pair_run import choose_planes, prepare_pair, read_pair
from scantriage.pipeline.prepare import StageClock
from scantriage.register.pair import LocatedScan, Registered, register
from scantriage.scan.container import ContainerFrame, size_of
from scantriage.single.reading import read_single_scan

_END_PX = 4.0  # of 3.2 mm: a door gasket's width
_HEIGHT_PX = 12.0  # of 4.5 mm: the outline's box also holds twistlocks' and roof rails' edges of a tilted container

# rounds are fixed, not timed out: a slow machine must not measure fewer
_ROUNDS = {"rounds": 5, "iterations": 1, "warmup_rounds": 1}


@pytest.fixture(scope="session")
def planes(pair: FullSizePair) -> tuple[int, int]:
    return choose_planes(pair.origin.record, pair.rescan.record)


@pytest.fixture(scope="session")
def counts(pair: FullSizePair, planes: tuple[int, int]) -> list[np.ndarray]:
    sources = (pair.origin, pair.rescan)
    return [read_scan(source.path).pixels[plane] for source, plane in zip(sources, planes, strict=True)]


@pytest.fixture(scope="session")
def calibrated(pair: FullSizePair, counts: list[np.ndarray]) -> list[Calibrated]:
    records = (pair.origin.record, pair.rescan.record)
    return [
        calibrate(pixels, kind="raw", dark_level=record.dark_level)
        for pixels, record in zip(counts, records, strict=True)
    ]


@pytest.fixture(scope="session")
def frames(pair: FullSizePair, calibrated: list[Calibrated]) -> list[ContainerFrame]:
    sources = (pair.origin, pair.rescan)
    return [_locate(pair, source.record, one.image) for source, one in zip(sources, calibrated, strict=True)]


@pytest.fixture(scope="session")
def located(
    pair: FullSizePair, planes: tuple[int, int], calibrated: list[Calibrated], frames: list[ContainerFrame]
) -> tuple[LocatedScan, LocatedScan]:
    records = (pair.origin.record, pair.rescan.record)
    first, second = (
        LocatedScan(one.image, frame, record.geometry, record.column_pitch_mm, record.energy_mv(plane))
        for one, frame, record, plane in zip(calibrated, frames, records, planes, strict=True)
    )
    return first, second


@pytest.fixture(scope="session")
def registered(pair: FullSizePair, located: tuple[LocatedScan, LocatedScan]) -> Registered:
    return register(*located, size=_size(pair))


def bench_decode(benchmark, pair):
    decoded = benchmark.pedantic(read_scan, args=(pair.rescan.path,), **_ROUNDS)
    assert decoded.pixels.shape == (2, N_ROWS, N_COLS)
    assert decoded.pixels.dtype == np.uint16
    assert decoded.kind == "raw"


def bench_calibrate(benchmark, pair, counts):
    options = {"kind": "raw", "dark_level": pair.rescan.record.dark_level}
    image = benchmark.pedantic(calibrate, args=(counts[1],), kwargs=options, **_ROUNDS).image
    rows, cols = pair.load.row0, slice(20, 120)  # ahead of the container there is nothing but air
    assert abs(float(image.pixels[rows : rows + 100, cols].mean())) < 0.01
    assert image.quantity == "attenuation"
    assert image.valid.mean() > 0.98


def bench_locate(benchmark, pair, calibrated):
    frame = benchmark.pedantic(
        _locate, args=(pair, pair.rescan.record, calibrated[1].image), **_ROUNDS
    )  # fmt: skip
    truth = pair.outline[1]
    assert frame.cols == pytest.approx((truth.col0, truth.col1), abs=_END_PX)
    assert min(frame.roof_rows) == pytest.approx(truth.row0, abs=_HEIGHT_PX)
    assert frame.doors == "left"  # doors first


def bench_register(benchmark, pair, located):
    found = benchmark.pedantic(register, args=located, kwargs={"size": _size(pair)}, **_ROUNDS)
    assert found.likeness > 0.8
    assert not found.opposite
    even = np.arange(len(found.x_m)) * found.origin.grid.pitch_m
    assert np.abs(found.x_m - even).max() < 0.10  # both scanners are steady


def bench_compare(benchmark, pair, located, registered):
    energies_mv = (located[0].energy_mv, located[1].energy_mv)
    compared = benchmark.pedantic(
        compare, args=(registered.origin, registered.rescan), kwargs={"energies_mv": energies_mv}, **_ROUNDS
    )
    middle = ((pair.load_m.x0 + pair.load_m.x1) / 2, (pair.load_m.z0 + pair.load_m.z1) / 2)
    found = [
        change
        for change in compared.changes
        if change.mass_kg > 0
        and change.box.x0 < middle[0] < change.box.x1
        and change.box.z0 - 0.1 < middle[1] < change.box.z1 + 0.1
    ]
    assert found, "the load was not found"
    assert compared.agreement > 0.9


def bench_single(benchmark, pair, located, frames):
    image, frame = located[1].image, frames[1]
    options = {"record": pair.rescan.record, "energy_mv": located[1].energy_mv, "manifest": pair.manifest}
    reading = benchmark.pedantic(read_single_scan, args=(image, frame), kwargs=options, **_ROUNDS)
    assert reading.blind_fraction < 0.01
    assert reading.cargo_kg == pytest.approx(pair.cargo_kg, rel=0.15, abs=300)  # as good as it claims


def bench_write(benchmark, pair, tmp_path):
    reading, views = read_pair(pair.origin, pair.rescan, pair.manifest)
    records = {"origin": pair.origin.record, "rescan": pair.rescan.record}
    picture = tmp_path / "picture.jpg"
    benchmark.pedantic(
        write_picture, args=(picture, views, reading),
        kwargs={"container_id": pair.origin.container_id, **records}, **_ROUNDS,
    )  # fmt: skip
    assert cv2.imread(str(picture)).shape[1] == 1400


def bench_views(benchmark, pair, registered):
    """What the workbench shows, but for what else is written: sampled finely, and kept."""
    origin, rescan = prepare_pair(pair.origin, pair.rescan, pair.manifest, StageClock(), show=True)
    compared = compare(registered.origin, registered.rescan, energies_mv=(origin.energy_mv, rescan.energy_mv))
    fine = benchmark.pedantic(pair_fine_views, args=((origin, rescan), registered, compared), **_ROUNDS)
    assert fine.layers["origin"].facts.dx_m == pytest.approx(0.005)


def bench_keep_views(benchmark, pair, tmp_path):
    _, views = read_pair(pair.origin, pair.rescan, pair.manifest)
    path = tmp_path / "views.tif"
    benchmark.pedantic(write_views, args=(path, views.fine), **_ROUNDS)
    assert read_facts(path).facts == views.fine.facts


def _locate(pair: FullSizePair, record, image) -> ContainerFrame:
    location = locate(
        image, n_containers=1, size=_size(pair), geometry=record.geometry, column_pitch_mm=record.column_pitch_mm
    )
    return location.frames[0]


def _size(pair: FullSizePair):
    return size_of(pair.manifest.size_type)
