"""A whole pair at full size, from files to reading, picture and views: time, and the memory a worker needs for it."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from benchmarks.full_size import FullSizePair
from benchmarks.memory import memory_mib
from benchmarks.metrics import locates
from scantriage.pipeline.container_job import ContainerTask, ScanFile, read_container
from scantriage.pipeline.engines import settle
from scantriage.scan.finding import Reading
from scantriage.store.readings import ReadingKey

_MOST_MIB = 668  # 700 MB resident: a machine of 2 GiB a core never runs short


def bench_pair(benchmark, pair: FullSizePair, tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    reading = benchmark.pedantic(_read, args=(pair, picture), rounds=5, iterations=1, warmup_rounds=1)
    benchmark.extra_info["found_kg"] = _found_kg(pair, reading)
    assert picture.stat().st_size > 100_000
    benchmark.extra_info["views_mib"] = round(picture.with_name("views.tif").stat().st_size / 2**20, 1)


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
    origin, rescan = (ScanFile(source.record, source.path) for source in (pair.origin, pair.rescan))
    key = ReadingKey(pair.origin.container_id, "full size", None, None)
    views, thumbnail = picture.with_name("views.tif"), picture.with_name("thumbnail.jpg")
    return read_container(ContainerTask(key, origin, rescan, pair.manifest, picture, views, thumbnail))


def _peak_of(pair: FullSizePair, picture: Path) -> tuple[Reading, float]:
    """The reading, and the most memory that this process ever held, MiB."""
    settle()
    reading = _read(pair, picture)
    return reading, memory_mib("VmHWM")


def _found_kg(pair: FullSizePair, reading: Reading) -> float:
    """Mass of the finding that is the load. That it is found is checked here, how well in detection.py."""
    assert reading.outcome == "compared", reading.reason
    found = [finding for finding in reading.findings if locates(finding.rescan_box, pair.load)]
    assert found, f"{pair.mass_kg:.0f} kg behind the doors were not found"
    assert found[0].kind == "added"
    assert found[0].zone == "door_end"
    assert found[0].mass_kg is not None
    return round(found[0].mass_kg, 1)
