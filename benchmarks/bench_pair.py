"""A whole pair at full size, from files to reading and picture: time, and the memory that a worker needs for it."""

from __future__ import annotations

import multiprocessing
import resource
from pathlib import Path

from benchmarks.full_size import FullSizePair
from benchmarks.metrics import locates
from scantriage.io.pictures import write_picture
from scantriage.pipeline.engines import settle
from scantriage.pipeline.pair_run import read_pair
from scantriage.scan.finding import Reading

_MOST_MIB = 700  # resident: a machine of 2 GiB a core never runs short


def bench_pair(benchmark, pair: FullSizePair, tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    reading = benchmark.pedantic(_read, args=(pair, picture), rounds=5, iterations=1, warmup_rounds=1)
    benchmark.extra_info["found_kg"] = _found_kg(pair, reading)
    assert picture.stat().st_size > 100_000


def bench_worker_memory(benchmark, pair: FullSizePair, tmp_path: Path) -> None:
    """One fresh process, as a worker is; its time holds the start and the imports."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        reading, peak_mib = benchmark.pedantic(
            pool.apply, args=(_peak_of, (pair, tmp_path / "picture.jpg")), rounds=3, iterations=1
        )
    benchmark.extra_info["peak_mib"] = round(peak_mib)
    _found_kg(pair, reading)
    assert peak_mib < _MOST_MIB


def _read(pair: FullSizePair, picture: Path) -> Reading:
    """All that a worker does with a pair."""
    reading, views = read_pair(pair.origin, pair.rescan, pair.manifest)
    assert views is not None
    write_picture(
        picture, views, reading, container_id=pair.origin.container_id,
        origin=pair.origin.record, rescan=pair.rescan.record,
    )  # fmt: skip
    return reading


def _peak_of(pair: FullSizePair, picture: Path) -> tuple[Reading, float]:
    """The reading, and the most memory that this process ever held, MiB."""
    settle()
    reading = _read(pair, picture)
    return reading, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _found_kg(pair: FullSizePair, reading: Reading) -> float:
    """Mass of the finding that is the load. That it is found is checked here, how well in detection.py."""
    assert reading.outcome == "compared", reading.reason
    found = [finding for finding in reading.findings if locates(finding.rescan_box, pair.load)]
    assert found, f"{pair.mass_kg:.0f} kg behind the doors were not found"
    assert found[0].kind == "added"
    assert found[0].zone == "door_end"
    assert found[0].mass_kg is not None
    return round(found[0].mass_kg, 1)
