"""Plots of the page. matplotlib, from the extra ``report``, is imported when the first one is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kept import Row
from benchmarks.report.derived import Curve

_DPI = 110
_LEAST_FALSE = 2e-3  # left end of the logarithmic axes of false positives


@contextmanager
def _axes(path: Path, *, n: int = 1, size: tuple[float, float] = (7.0, 4.4)) -> Iterator[Any]:
    """Axes to draw on, written to the file afterwards; an array of them when n is more than 1."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    yield figure.subplots(1, n)
    figure.savefig(path, dpi=_DPI)


def draw_rocs(path: Path, curves: Mapping[str, Curve]) -> None:
    """Detections against false positives, the latter on a logarithmic scale: days are planned at its left end."""
    with _axes(path, size=(9.5, 4.4)) as axes:
        for name, (false, found) in curves.items():
            axes.step(np.maximum(false, _LEAST_FALSE), found, where="post", label=name.strip())
        chance = np.geomspace(_LEAST_FALSE, 1, 50)
        axes.plot(chance, chance, color="0.6", linestyle=":", label="chance")
        axes.axvline(0.01, color="0.8", linewidth=0.8)
        axes.set(xscale="log", xlim=(_LEAST_FALSE, 1), ylim=(0, 1.01))
        axes.set(xlabel="share of clean containers flagged", ylabel="share of changed containers detected")
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)


def draw_histogram(path: Path, histogram: Sequence[Row]) -> None:
    """Density of the significance on clean containers beside a standard normal one."""
    inner = [row for row in histogram if row["from"] is not None and row["to"] is not None]
    edges = [float(row["from"] or 0) for row in inner] + [float(inner[-1]["to"] or 0)]
    density = np.array([float(row["share"] or 0) for row in inner]) / np.diff(edges)
    fine = np.linspace(edges[0], edges[-1], 400)
    with _axes(path) as axes:
        axes.stairs(np.maximum(density, 1e-7), edges, baseline=1e-7, fill=True, alpha=0.5, label="clean containers")
        axes.plot(fine, np.exp(-(fine**2) / 2) / np.sqrt(2 * np.pi), color="black", label="standard normal")
        axes.set(yscale="log", ylim=(1e-5, 2), xlabel="significance, standard deviations", ylabel="density")
        axes.legend(fontsize=8)


def draw_false_alarms(path: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """Predicted against measured rates, with the band of a factor of two."""
    with _axes(path, size=(5.6, 4.6)) as axes:
        for (name, rows), marker in zip(tables.items(), "os", strict=False):
            known = [row for row in rows if row["predicted"] and row["measured"]]
            x, y = ([float(row[key] or 0) for row in known] for key in ("predicted", "measured"))
            axes.plot(x, y, marker=marker, label=name)
        line = np.geomspace(1e-7, 1, 2)
        axes.plot(line, line, color="0.5", linestyle=":")
        axes.fill_between(line, line / 2, line * 2, color="0.9", zorder=0, label="within a factor of two")
        axes.set(xscale="log", yscale="log", xlim=(1e-7, 1), ylim=(1e-5, 1))
        axes.set(xlabel="predicted share", ylabel="measured share")
        axes.legend(fontsize=8, loc="lower right")


def draw_masses(path: Path, rows: Sequence[Row]) -> None:
    """Weighed against true mass of located loads, and how far boxes overlap."""
    weighed = [row for row in rows if row.get("located kg") and row["label"] != "clean" and row["kg"]]
    with _axes(path, n=2, size=(9.5, 4.2)) as (left, right):
        for label in sorted({str(row["label"]) for row in weighed}):
            of_it = [row for row in weighed if row["label"] == label]
            left.scatter([row["kg"] for row in of_it], [row["located kg"] for row in of_it], s=16, label=label)
        line = np.geomspace(1, 1000, 2)
        left.plot(line, line, color="0.5", linestyle=":")
        left.fill_between(line, line * 0.65, line * 1.35, color="0.9", zorder=0, label="within 35 %")
        left.set(xscale="log", yscale="log", xlabel="true mass, kg", ylabel="weighed, kg", xlim=(2, 500), ylim=(2, 500))
        left.legend(fontsize=8)
        overlaps = sorted(float(row["overlap"] or 0) for row in rows if row.get("overlap") is not None)
        right.plot(overlaps, 1 - np.arange(len(overlaps)) / max(len(overlaps), 1), drawstyle="steps-post")
        right.set(xlim=(0, 1), ylim=(0, 1), xlabel="overlap (intersection over union)")
        right.set(ylabel="share of loads with at least that")


def draw_findings(path: Path, numbers: Sequence[float]) -> None:
    """How many findings clean containers have."""
    values, counts = np.unique(np.asarray(numbers, dtype=int), return_counts=True)
    with _axes(path, size=(5.6, 3.4)) as axes:
        axes.bar(values, counts / counts.sum())
        axes.set(xlabel="findings in a clean container", ylabel="share of clean containers", xticks=values)


def draw_bars(path: Path, values: Mapping[str, float], *, label: str, limit: float | None = None) -> None:
    """Named horizontal bars, first on top; limit: a line at the target."""
    with _axes(path, size=(7.0, 0.6 + 0.38 * len(values))) as axes:
        bars = axes.barh(list(values), list(values.values()))
        axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
        if limit is not None:
            axes.axvline(limit, color="black", linestyle="--", linewidth=1)
        axes.invert_yaxis()
        axes.set(xlabel=label, xlim=(0, 1.12 * max(*values.values(), limit or 0)))


def draw_scaling(path: Path, by_pixels: Sequence[Row], many: Sequence[Row]) -> None:
    """Time of a pair by megapixels; time and memory over many pairs."""
    stages = [key for key in by_pixels[0] if key not in ("scale", "megapixels", "n")]
    with _axes(path, n=2, size=(10.0, 4.0)) as (left, right):
        for stage in stages:
            x, y = ([float(row[key] or 0) for row in by_pixels] for key in ("megapixels", stage))
            left.plot(x, y, marker="o", label=stage, color="black" if stage == "whole pair" else None)
        left.set(xlabel="megapixels of one energy", ylabel="median, ms", xlim=(0, None), ylim=(0, None))
        left.legend(fontsize=8)
        names = [str(row["pairs"]).split(" to ")[-1] for row in many]
        right.plot(names, [row["median ms"] for row in many], marker="o", label="median of a pair, ms")
        right.plot(names, [row["peak MiB"] for row in many], marker="s", label="peak memory, MiB")
        right.plot(names, [row["resident MiB"] for row in many], marker="^", label="memory after it, MiB")
        right.set(xlabel="pairs read by one worker", ylim=(0, None))
        right.legend(fontsize=8)


def draw_intervals(path: Path, rows: Sequence[Row]) -> None:
    """The area under each peer's curve with its interval."""
    names = [str(row["peer"]) for row in rows]
    auc, low, high = (np.array([float(row[key] or 0) for row in rows]) for key in ("AUC", "from", "to"))
    with _axes(path, size=(7.0, 0.8 + 0.36 * len(names))) as axes:
        axes.errorbar(auc, names, xerr=[auc - low, high - auc], fmt="o", capsize=3)
        axes.axvline(0.5, color="0.6", linestyle=":")
        axes.set(xlim=(min(0.4, low.min()), 1.01), xlabel="area under the curve, 95 % interval; 0.5 is chance")
        axes.invert_yaxis()
