"""The page's part on time, memory and peers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report.passage import pictured, tabled
from benchmarks.report.plots import draw_bars, draw_intervals, draw_scaling
from benchmarks.report.results import Result


def speed_part(speed: Result, plots: Path) -> list[str]:
    """Time of each stage at full size."""
    rows = speed.rows("Time, ms")
    stages = {str(row["stage"]): float(row["median"] or 0) for row in rows if row["stage"] != "worker_memory"}
    draw_bars(plots / "stages.png", stages, label="median, ms; full size, one core")
    note = f"{speed.measured['rows']} x {speed.measured['columns']}, two energies, one thread."
    return [
        tabled("Time per stage at full size, ms", rows, speed, note),
        pictured("stages", "Time of each stage", speed),
    ]


def scaling_part(scaling: Result, plots: Path) -> list[str]:
    """Time by pixels, many pairs, workers."""
    by_pixels, many = scaling.rows("Time by pixels"), scaling.rows("Many pairs")
    draw_scaling(plots / "scaling.png", by_pixels, many)
    return [
        tabled("Scaling with pixels, ms", by_pixels, scaling, "Medians of one worker on pairs of the same containers."),
        tabled("Scaling with pairs, one worker", many, scaling, "Full size, in the order in which they were read."),
        pictured("scaling", "Time by pixels; time and memory over many pairs", scaling),
        tabled("Scaling with workers", scaling.rows("Workers"), scaling),
    ]


def kernels_part(bandwidth: Result) -> str:
    """Each hot kernel beside the speed of memory."""
    speed = f"Copying moves {bandwidth.measured['copy_gb_s']:.1f} GB/s."
    note = f"{speed} moving: the time that the bytes take at that speed."
    return tabled("Hot kernels beside memory, ms", bandwidth.rows("Kernels against memory"), bandwidth, note)


def peers_part(peers: Result, plots: Path) -> list[str]:
    """Every group of pairs, the time, and the real re-scans, of all peers."""
    passages = [
        "## Side by side with other pipelines\n\nEach goes from the two files to one score. The peers are given for "
        "nothing the container's outlines that scantriage finds on its own time; how they are built stands in "
        "`benchmarks/peers/` and `benchmarks/README.md`.\n"
    ]
    whole = peers.title("All")
    draw_intervals(plots / "peers.png", peers.rows(whole))
    passages.append(pictured("peers", "Area under the curve of scantriage and its peers", peers))
    if peers.measured["timing"]:
        medians = {str(row["peer"]): float(row["median"] or 0) for row in peers.rows("Time per pair")}
        draw_bars(plots / "peers_time.png", medians, label="median time of a full-size pair, ms, one thread")
        passages.append(pictured("peers_time", "Time of scantriage and its peers", peers))
    note = "at 1, 5, 10 %: share detected when this share of the clean is flagged."
    return passages + [
        tabled(f"Peers: {title}", rows, peers, note if "AUC" in rows[0] else "")
        for title, rows in peers.tables.items()
        if rows
    ]


def real_part(real: Result) -> list[str]:
    """Real re-scans: registration, what is wrongly found, what is found of a load."""
    return [tabled(f"Real re-scans: {title}", rows, real) for title, rows in real.tables.items()]
