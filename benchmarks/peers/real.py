"""Real re-scans of unchanged containers, each way round, and the same with a load projected into the rescan."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import track

from benchmarks.kept import Row, Table
from benchmarks.peers.pair import located
from benchmarks.peers.quality import Scored, separation
from benchmarks.peers.roster import peers
from benchmarks.real_rescans import ALONG, LOAD_KG, RealPair, pairs, with_load
from scantriage.errors import ScantriageError

_SETS = ("B", "C")  # surely unchanged


def score_real(folder: Path) -> list[Scored]:
    """Every pair of the sets by every peer, without and with a load, each scan as origin scan and as rescan."""
    roster = peers()
    scored = []
    with tempfile.TemporaryDirectory() as loaded:
        for pair, mass_kg in track(list(_pairs(folder, Path(loaded))), description="real pairs"):
            files = located(pair.origin, pair.rescan, None)
            scores = {peer.name: peer.score(files) for peer in roster}
            scored.append(Scored(pair.name, "added" if mass_kg else "clean", mass_kg, False, scores))
    return scored


def real_tables(scored: list[Scored]) -> list[Table]:
    """Loads against unchanged pairs, and against their own pair without the load."""
    own = {one.name: one.scores for one in scored if one.clean}
    changed = [one for one in scored if not one.clean]
    rows: list[Row] = [
        {"peer": name, "raised": float(np.mean([one.scores[name] > own[one.name][name] for one in changed]))}
        for name in (scored[0].scores if changed else ())
    ]
    title = f"Real re-scans, {LOAD_KG:.0f} kg projected"
    note = "raised: share of the loads that score above the same pair without a load."
    return [separation(title, scored), Table(f"{title}: against the same pair", rows, note)]


def _pairs(folder: Path, loaded: Path) -> Iterator[tuple[RealPair, float]]:
    """Pairs and the mass that was put into their rescan; places where a load does not fit are left out."""
    for straight in pairs(folder):
        if not straight.name.startswith(_SETS):
            continue
        for pair in (straight, _turned(straight)):
            yield pair, 0.0
            for seed, along in enumerate(ALONG):
                try:
                    rescan, _ = with_load(pair.rescan, loaded, along=along, seed=seed)
                except (ScantriageError, ValueError):
                    continue
                yield replace(pair, rescan=rescan), LOAD_KG


def _turned(pair: RealPair) -> RealPair:
    """The same with the scans exchanged."""
    first, second = pair.origin.record, pair.rescan.record
    origin = replace(second, role=first.role, site=first.site, acquired_at=first.acquired_at)
    rescan = replace(first, role=second.role, site=second.site, acquired_at=second.acquired_at)
    return RealPair(
        f"{pair.name} turned", replace(pair.rescan, record=origin), replace(pair.origin, record=rescan)
    )  # fmt: skip
