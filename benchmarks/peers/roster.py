"""Who takes part."""

from __future__ import annotations

from importlib.util import find_spec

from benchmarks.peers.ecc import Ecc
from benchmarks.peers.flow import Flow
from benchmarks.peers.ours import Scantriage
from benchmarks.peers.pair import Peer
from benchmarks.peers.unaligned import Unaligned

# On 120 pairs of the train split half the resolution cost nothing in quality and a quarter of the time;
# 128 x 512 lost 0.04 of the area under ECC's curve.
_SHAPES = ((512, 2048), (256, 1024))


def peers() -> list[Peer]:
    """All peers, scantriage first; elastix only where the extra ``peers`` is installed."""
    found: list[Peer] = [Scantriage(), *(make(shape) for make in (Ecc, Flow) for shape in _SHAPES), Unaligned()]
    if find_spec("itk") is not None:
        from benchmarks.peers.elastix import QUICK, Elastix

        found[1:1] = [Elastix("elastix, as it comes"), Elastix("elastix, tuned for speed", QUICK)]
    return found
