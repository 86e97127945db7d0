"""Make the sample delivery beside this script: fourteen containers, every label, always the same loads.

python sample_scans/make.py [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from scantriage.pipeline.simulate_run import write_checksums, write_delivery, write_scan
from scantriage.simulate.case import SimulatedCase
from scantriage.simulate.contents import Wish
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair, simulate_twins

SCALE = 0.3  # of full resolution: 240 to 450 rows, and 20 MB in all
_SINGLE_SEED = 1_112

_WISHES = {
    1_101: Wish("clean", size_type="45R1", commodity="bananas"),
    1_102: Wish("added", "doors", 75.0, "45R1", "bananas"),
    1_103: Wish("added", "reefer", 40.0, "45R1", "fruit"),
    1_104: Wish("added", "floor", 45.0, "45G1", "empty"),
    1_105: Wish("added", "in_cargo", 120.0, "42G1", "garments"),
    1_106: Wish("removed", "doors", 60.0, "45R1", "shrimp"),
    1_107: Wish("moved", "doors", 45.0, "45G1", "mixed"),
    1_108: Wish("swapped", size_type="42G1", commodity="mixed"),
    1_109: Wish("clean", size_type="22G1", commodity="drums"),
}


def main() -> None:
    """Write the delivery into the folder named on the command line, or beside this script."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    write_delivery(folder, _cases())
    write_scan(folder / "origin", simulate_pair(_SINGLE_SEED, scale=SCALE, cut_off=0.0).origin)
    write_checksums(folder)


def _cases() -> Iterator[SimulatedCase]:
    for seed, wish in _WISHES.items():
        yield simulate_pair(seed, scale=SCALE, wish=wish, cut_off=0.0)
    yield simulate_twins(1_110, scale=SCALE, wishes=(Wish("added", "doors", 60.0), Wish("clean")))
    shown = simulate_pair(1_111, scale=SCALE, wish=Wish("added", "doors", 110.0, "45G1", "mixed"), cut_off=0.0)
    yield export_case(shown, np.random.default_rng(1_111), scale=SCALE)
    yield _broken_off(simulate_pair(1_113, scale=SCALE, wish=Wish("clean", size_type="45G1"), cut_off=0.0))


def _broken_off(case: SimulatedCase) -> SimulatedCase:
    """The case with a rescan that broke off after the first sixth: nothing to compare with."""
    n_cols = case.rescan.counts.shape[2] // 6
    return replace(case, rescan=replace(case.rescan, counts=case.rescan.counts[:, :, :n_cols]))


if __name__ == "__main__":
    main()
