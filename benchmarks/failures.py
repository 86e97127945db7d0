"""What still fails, in pictures: the clean containers that rank highest and the heavy loads that rank lowest.

python -m benchmarks.failures   (reads the newest kept result of `benchmarks.detection` on held-out scanners)
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection import ranked_trials
from benchmarks.detection_tables import RankedTrial, detail_rows
from benchmarks.kept import RESULTS, Row, Table, keep, stamp
from benchmarks.report.passage import PLOTS
from benchmarks.report.results import newest_of_each
from benchmarks.simulated_day import Order, read_written, simulated, written
from scantriage.pipeline.pair_run import compare_scans
from scantriage.pipeline.pair_views import pair_views
from scantriage.pipeline.prepare import StageClock
from scantriage.scan.geometry import ContainerGrid, MetreBox
from scantriage.scan.placement import Placement
from scantriage.scan.views import PairViews
from scantriage.simulate.case import Truth

PICTURE = RESULTS.parents[1] / "docs" / PLOTS / "failures.png"
_N_EACH = 4
_HEAVY_KG = 40.0
_SIGMAS = 6.0  # at full colour
_SHOWN = ("seed", "label", "place", "kg", "net kg", "cargo", "size", "side", "geometry", "blind", "priority",
          "findings", "strongest", "sigma", "peak")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Failing:
    """A container that ranks where it should not, read once more.

    row: as `benchmarks.detection` tells it. truth_box: where the load lies on the grid of the views; None
    for a clean container.
    """

    row: Row
    views: PairViews
    truth_box: MetreBox | None


def worst(rows: Sequence[Row]) -> list[Row]:
    """Of the compared: the clean ones of highest priority, then the loads of 40 kg net and more of lowest."""
    rising = sorted((row for row in rows if row["outcome"] == "compared"), key=lambda row: float(row["priority"] or 0))
    clean = [row for row in reversed(rising) if row["label"] == "clean"]
    heavy = [row for row in rising if float(row["net kg"] or 0) >= _HEAVY_KG]
    return [*clean[:_N_EACH], *heavy[:_N_EACH]]


def read_again(row: Row, order: Order) -> Failing:
    """Simulate the row's vehicle and read its container."""
    case = simulated(order)
    with tempfile.TemporaryDirectory() as folder:
        sources = written(case, Path(folder))
        one = _the_one(row, ranked_trials(read_written(order, case, sources)))
        index = case.truths.index(one.trial.truth)
        pair = compare_scans(*sources[index], case.manifest[index], StageClock())
    (again,) = detail_rows([one])
    views = pair_views(pair.registered, pair.compared, energy_mv=pair.scans[0].energy_mv)
    return Failing(again, views, truth_on_grid(one.trial.truth, pair.registered.origin.placement))


def truth_on_grid(truth: Truth, placement: Placement) -> MetreBox | None:
    """Where a load lay on the container's grid as the origin scan was placed on it: perhaps front for doors."""
    lay = truth.moved_from or truth.container_box
    if truth.origin_box is None or lay is None:
        return None
    cols = np.array([truth.origin_box.col0, truth.origin_box.col1])
    front, doors = placement.cols
    x0, x1 = sorted(((cols - front) / (doors - front) * placement.size.length_m).tolist())
    return MetreBox(x0, x1, lay.z0, lay.z1)


def draw(path: Path, failing: Sequence[Failing]) -> None:
    """One row each: origin scan, registered rescan, significance, the load boxed. matplotlib: the extra ``report``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 2.0 * len(failing)), layout="constrained")
    for one, axes in zip(failing, figure.subplots(len(failing), 3, squeeze=False), strict=True):
        views = one.views
        assert views.origin is not None
        assert views.rescan is not None
        assert views.significance is not None
        axes[1].set_title(_caption(one.row), fontsize=9)
        darkest = np.quantile([views.origin[views.usable], views.rescan[views.usable]], 0.98)
        for axis, scan in zip(axes, (views.origin, views.rescan), strict=False):
            axis.imshow(scan, extent=_extent(views.grid), cmap="gray_r", vmin=0, vmax=darkest)
        axes[2].set_facecolor("0.75")
        seen = np.where(views.usable, views.significance, np.nan)
        axes[2].imshow(seen, extent=_extent(views.grid), cmap="RdBu_r", vmin=-_SIGMAS, vmax=_SIGMAS)
        for axis in axes:
            _finish(axis, one.truth_box)
    for axis, what in zip(axes, ("origin scan", "rescan, registered", "significance"), strict=True):
        axis.set_xlabel(f"{what}, metres")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=75)


def _finish(axis: Any, box: MetreBox | None) -> None:
    from matplotlib.patches import Rectangle

    axis.tick_params(labelsize=7)
    if box is not None:
        axis.add_patch(
            Rectangle((box.x0, box.z0), box.x1 - box.x0, box.z1 - box.z0, fill=False, edgecolor="lime", linewidth=1.5)
        )


def _extent(grid: ContainerGrid) -> tuple[float, float, float, float]:
    return 0.0, grid.length_m, grid.bottom_m, grid.top_m


def _caption(row: Row) -> str:
    what = f"{row['label']}"
    if row["kg"]:
        what += f" {row['place']}, {row['kg']:.0f} kg ({row['net kg']:.0f} net)"
    strongest = f"{row['strongest']}, {row['sigma']:.1f} sigma" if row["strongest"] else "no finding"
    if row["found kg"]:
        strongest += f", {row['found kg']:.0f} kg"
    return (
        f"{row['seed']}: {what} · {row['cargo']}, {row['size']} · {row['side']} sides, geometry {row['geometry']} · "
        f"priority {row['priority']:.2g} · {strongest}"
    )


def _the_one(row: Row, ranked: Sequence[RankedTrial]) -> RankedTrial:
    """The row's container among those on the vehicle: two of one kind are told apart by their priority."""
    alike = [one for one in ranked if one.trial.truth.label == row["label"]]
    return min(alike, key=lambda one: abs(one.ranked.priority - float(row["priority"] or 0)))


def main() -> None:
    """Choose, read again, draw and keep."""
    detection = newest_of_each(RESULTS).detection
    if detection is None:
        raise SystemExit("no detection on held-out scanners is kept: run python -m benchmarks.detection")
    scale = float(detection.measured["scale"] or 0)
    measured = {**stamp(), "chosen from detection of": detection.measured["commit"], "scale": scale}
    chosen = worst(detection.details)
    failing = [read_again(row, Order(int(row["seed"] or 0), scale, "held_out")) for row in chosen]
    draw(PICTURE, failing)
    rows = [{key: one.row[key] for key in _SHOWN} for one in failing]
    path = keep("failures", measured=measured, tables=[Table("What still fails", rows)])
    print(f"drawn as {PICTURE.name}, kept as {path.name} and .json")


if __name__ == "__main__":
    main()
