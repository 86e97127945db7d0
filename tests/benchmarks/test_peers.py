from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.peers.attenuation import Crop, crop, transmission
from benchmarks.peers.crops import Crops, levelled
from benchmarks.peers.ecc import Ecc
from benchmarks.peers.flow import Flow
from benchmarks.peers.ours import Scantriage
from benchmarks.peers.pair import located
from benchmarks.peers.quality import Scored, quality_tables, separation
from benchmarks.peers.strongest import strongest_change
from benchmarks.peers.unaligned import Unaligned
from benchmarks.simulated_day import Order, simulated, written
from scantriage.scan.container import ContainerFrame

_SD = 0.01


def scans(*, bag: float = 0.0, sd: float = _SD) -> Crops:
    """12 m of even load twice, with noise of its own each, 2 cm pixels; a bag of 40 cm in the second."""
    rng = np.random.default_rng(0)
    shape = (128, 600)
    made = [rng.normal(1.0, sd, shape).astype(np.float32) for _ in range(2)]
    made[1][60:80, 300:320] += np.float32(bag)
    first, second = (
        Crop(one, np.full(shape, sd**2, np.float32), np.ones(shape, dtype=bool)) for one in made
    )  # fmt: skip
    return Crops(first, second, (0.02, 0.02))


def test_a_bag_stands_out_and_noise_does_not():
    # noise alone: some 300 independent bags, of which the largest reaches 3 to 4
    assert strongest_change(scans()) < 5
    assert strongest_change(scans(bag=0.1)) > 2 * strongest_change(scans())
    assert strongest_change(scans(bag=-0.1)) == pytest.approx(strongest_change(scans(bag=0.1)), rel=0.2)


def test_what_is_not_seen_gives_no_score():
    both = scans(bag=0.1)
    blind = replace(both.rescan, seen=np.zeros_like(both.rescan.seen))
    assert strongest_change(replace(both, rescan=blind)) == 0


def test_levelling_finds_gain_and_offset_beneath_a_change_of_a_part():
    rng = np.random.default_rng(1)
    load = cv2.GaussianBlur(rng.normal(1.0, 8.0, (128, 512)).astype(np.float32), (0, 0), 12.0)
    seen = np.ones(load.shape, dtype=bool)
    other = (load - 0.1) / 1.2
    other[:, :100] += 0.5
    origin, rescan = (Crop(image, np.full_like(image, 1e-4), seen) for image in (load, other))
    assert np.abs(levelled(origin, rescan) - load)[:, 110:].max() < 0.02 * np.ptp(load)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    case = simulated(Order(3, scale=0.2, split="train"))
    (sources,) = written(case, tmp_path_factory.mktemp("pair"))
    return located(*sources, case.manifest[0])


def test_air_is_one_and_the_container_fills_the_crop(pair):
    frame = pair.frames[0][0]
    scan = transmission(pair.origin, plane=0, frame=frame)
    above = scan.pixels[: int(min(frame.roof_rows)) // 2]
    assert np.median(above) == pytest.approx(1.0, abs=0.01)
    cut = crop(scan, frame, shape=(100, 400), mirrored=False)
    turned = crop(scan, frame, shape=(100, 400), mirrored=True)
    # interpolated at other places, so equal to what neighbouring pixels differ by
    assert np.corrcoef(cut.attenuation.ravel(), turned.attenuation[:, ::-1].ravel())[0, 1] > 0.98
    assert np.median(cut.attenuation) > 0.02


def test_a_container_that_was_not_located_is_the_whole_scan():
    frame = ContainerFrame((0, 80), (0, 0), (40, 40))
    assert frame.box.row1 == 40


@pytest.mark.parametrize(
    "peer", [Scantriage("ours", show=False), Ecc((128, 512)), Flow((128, 512)), Unaligned()], ids=lambda p: p.name
)
def test_every_peer_gives_a_score_and_leaves_the_files_alone(pair, peer):
    before = [source.path.read_bytes() for source in (pair.origin, pair.rescan)]
    assert np.isfinite(peer.score(pair))
    assert [source.path.read_bytes() for source in (pair.origin, pair.rescan)] == before


def scored(label: str, score: float, *, kg: float = 0.0, opposite: bool = False) -> Scored:
    return Scored("1", label, kg, opposite, {"perfect": score, "constant": 0.5})


def test_the_tables_tell_a_perfect_peer_from_one_that_knows_nothing():
    day = [scored("clean", 0.1), scored("clean", 0.2, opposite=True), scored("added", 0.8, kg=30), scored("moved", 0.9)]
    whole, heavy, *sides = quality_tables(day)
    assert [row["AUC"] for row in whole.rows] == [1.0, 0.5]
    assert whole.rows[0]["at 1%"] == 1.0
    assert heavy.title.endswith("1 changed against 2 clean")
    assert len(sides) == 2


def test_nothing_is_said_of_a_group_without_clean_containers():
    assert separation("None", [scored("added", 0.8)]).rows == []
