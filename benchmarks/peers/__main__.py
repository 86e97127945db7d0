"""Side by side in one run: scantriage and pipelines built on elastix and OpenCV, from files to a score per pair.

python -m benchmarks.peers [--pairs N] [--seed S] [--split held_out|train] [--workers W] [--scale X]
                           [--timing] [--real FOLDER]
"""

from __future__ import annotations

import argparse
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2

from benchmarks.kept import Table, keep, stamp
from benchmarks.peers.quality import quality_tables, score_day
from benchmarks.peers.real import real_tables, score_real
from benchmarks.peers.timing import timing_table
from benchmarks.simulated_day import orders


def main() -> None:
    """Measure, print and keep."""
    chosen = _chosen()
    measured = {**stamp(), **_settings(chosen), "opencv": cv2.__version__, "itk-elastix": _elastix_version()}
    cv2.setNumThreads(1)
    tables: list[Table] = []
    if chosen.timing:  # first, while nothing else computes
        tables.append(timing_table())
    day = orders(
        chosen.pairs, seed=chosen.seed, scale=chosen.scale, split="train" if chosen.split == "train" else "held_out"
    )
    scored, failures = score_day(day, n_workers=chosen.workers)
    tables += [*quality_tables(scored), Table("Failed for a fault of ours", failures)]
    details = [one.row for one in scored]
    if chosen.real:
        real = score_real(chosen.real)
        tables += real_tables(real)
        details += [one.row for one in real]
    print(f"kept as {keep('peers', measured=measured, tables=tables, details=details).name} and .json")


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="scantriage beside pipelines built on elastix and OpenCV.")
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--split", choices=("held_out", "train"), default="held_out")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=0.4)
    parser.add_argument("--timing", action="store_true", help="also time them, at full size")
    parser.add_argument("--real", type=Path, help="also read the real re-scans in this folder")
    return parser.parse_args()


def _settings(chosen: argparse.Namespace) -> dict[str, str | int | float | bool | None]:
    return {key: value if key != "real" else value is not None for key, value in vars(chosen).items()}


def _elastix_version() -> str | None:
    try:
        return version("itk-elastix")
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
