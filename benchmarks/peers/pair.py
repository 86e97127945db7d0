"""What every peer is given: the files of a pair, and for nothing where the container stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scantriage.errors import ContainerNotFound
from scantriage.pipeline.prepare import PreparedScan, ScanSource, StageClock, container_size, prepare
from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.record import ManifestEntry


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Two scans of one container as files.

    frames: for each scan the outlines that may be the container's: its own first, then that of the other box on
    the vehicle. None where scantriage does not find it: then the whole scan is taken. size: of the container.
    """

    origin: ScanSource
    rescan: ScanSource
    manifest: ManifestEntry | None
    frames: tuple[tuple[ContainerFrame | None, ...], tuple[ContainerFrame | None, ...]]
    size: ContainerSize


class Peer(Protocol):
    """A whole pipeline, from two files to one number."""

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        ...

    def score(self, pair: PairFiles) -> float:
        """How much speaks for a change of the container; comparable from pair to pair."""
        ...


_USUAL_SIZE = ContainerSize(12.192, 2.896)  # three of four containers


def located(origin: ScanSource, rescan: ScanSource, manifest: ManifestEntry | None) -> PairFiles:
    """The pair with the outlines that scantriage finds: a gift to the peers, outside their time."""
    scans = [_prepared(source, manifest) for source in (origin, rescan)]
    frames = [(scan.frame, scan.twin) if scan and scan.twin else (scan.frame if scan else None,) for scan in scans]
    size = next((container_size(scan, manifest) for scan in scans if scan), _USUAL_SIZE)
    return PairFiles(origin, rescan, manifest, (frames[0], frames[1]), size)


def _prepared(source: ScanSource, manifest: ManifestEntry | None) -> PreparedScan | None:
    try:
        return prepare(source, manifest, StageClock())
    except ContainerNotFound:
        return None
