"""Who takes part."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.peers.ecc import Ecc
from benchmarks.peers.flow import Flow
from benchmarks.peers.ours import Scantriage
from benchmarks.peers.pair import Peer
from benchmarks.peers.unaligned import Unaligned

# Half the resolution cost neither any quality on the train split (DIS 0.64 for 0.63 on 210 pairs, ECC 0.56 for 0.55 on
# 120, by another score) and left a quarter to a third of their time; with still less, reading takes the time.
_SHAPES = ((512, 2048), (256, 1024))


def peers() -> list[Peer]:
    """All peers, scantriage first; elastix only where the extra ``peers`` is installed."""
    found: list[Peer] = [
        Scantriage("scantriage", show=False), *(make(shape) for make in (Ecc, Flow) for shape in _SHAPES), Unaligned(),
    ]  # fmt: skip
    if find_spec("itk") is not None:
        from benchmarks.peers.elastix import QUICK, Elastix

        found[1:1] = [Elastix("elastix, as it comes"), Elastix("elastix, tuned for speed", QUICK)]
    return found
