"""The page `docs/benchmarks.md` and its plots."""

from __future__ import annotations

from pathlib import Path

from benchmarks.kept import Table
from benchmarks.report.passage import PLOTS
from benchmarks.report.quality_part import ablation_part, failures_part, quality_part, strange_part
from benchmarks.report.results import Results, newest_of_each
from benchmarks.report.speed_part import kernels_part, peers_part, real_part, scaling_part, speed_part
from benchmarks.report.targets import Target, quality_targets, speed_targets

_OPENING = """# Benchmarks

How good, how fast, how large, made by `python -m benchmarks.report` from what `benchmarks/results/` keeps; how it is
measured, and by what rules, stands in [benchmarks/README.md](../benchmarks/README.md). Below each table and plot stand
the commit and the command that it comes from. Simulated pairs are of scanners that nothing was developed on. Losses
stand beside wins.
"""


def write_page(results_folder: Path, docs: Path) -> Path:
    """Draw and write everything; returns the page's path."""
    results = newest_of_each(results_folder)
    plots = docs / PLOTS
    plots.mkdir(parents=True, exist_ok=True)
    passages = [_OPENING, *_targets(results)]
    if results.detection is not None:
        passages += quality_part(results.detection, plots)
    if results.ablation is not None:
        passages.append(ablation_part(results.ablation))
    if results.strange_scanners is not None:
        passages.append(strange_part(results.strange_scanners))
    if results.failures is not None:
        passages += failures_part(results.failures)
    if results.real_rescans is not None:
        passages += real_part(results.real_rescans)
    if results.speed is not None:
        passages += speed_part(results.speed, plots)
    if results.scaling is not None:
        passages += scaling_part(results.scaling, plots)
    if results.bandwidth is not None:
        passages.append(kernels_part(results.bandwidth))
    if results.peers is not None:
        passages += peers_part(results.peers, plots)
    page = docs / "benchmarks.md"
    page.write_text("\n".join(passages), encoding="utf-8")
    return page


def _targets(results: Results) -> list[str]:
    targets: list[Target] = [] if results.detection is None else quality_targets(results.detection)
    targets += speed_targets(results)
    rows = [target.row for target in targets]
    missed = sum(row["met"] == "MISSED" for row in rows)
    met = sum(row["met"] == "yes" for row in rows)
    note = f"{met} of {met + missed} are met; {missed} are missed. The tables below say where each comes from."
    return [Table("Targets", rows, note).markdown(), *_unlike(results)]


def _unlike(results: Results) -> list[str]:
    """A warning where the parts were not measured on one commit."""
    commits = {
        name: str(result.measured["commit"])
        for name in results.__slots__
        if (result := getattr(results, name)) is not None
    }
    if len(set(commits.values())) < 2:
        return []
    told = ", ".join(f"{name.replace('_', ' ')} `{commit}`" for name, commit in commits.items())
    return [f"These are not all of one commit: {told}.\n"]
