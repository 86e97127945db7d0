"""The job of a worker process: reads one container and leaves its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scantriage.scan.finding import Reading
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.store.readings import ReadingKey


@dataclass(frozen=True, slots=True)
class ScanFile:
    """A scan and where its file lies."""

    record: ScanRecord
    path: Path


@dataclass(frozen=True, slots=True)
class ContainerTask:
    """All a worker needs to read one container: a pair, or the one scan there is.

    picture, views, thumbnail: where they go. key: under what the reading is kept.
    """

    key: ReadingKey
    origin: ScanFile | None
    rescan: ScanFile | None
    manifest: ManifestEntry | None
    picture: Path
    views: Path
    thumbnail: Path


def read_container(task: ContainerTask) -> Reading:
    """Read the container and write its picture, views and thumbnail, if there is something to show.

    Raises OSError when they cannot be written. What is wrong with the scans is part of the reading.
    """
    # imported here, in the worker: the main process needs none of the numerics, which take seconds to load
    from scantriage.io.pictures import write_picture
    from scantriage.io.thumbnail import write_thumbnail
    from scantriage.io.views import write_views
    from scantriage.pipeline.pair_run import read_pair, read_single
    from scantriage.pipeline.prepare import ScanSource

    container_id = task.key.container_id
    sources = [scan and ScanSource(scan.path, scan.record, container_id) for scan in (task.origin, task.rescan)]
    match sources:
        case [ScanSource() as origin, ScanSource() as rescan]:
            reading, views = read_pair(origin, rescan, task.manifest)
        case [ScanSource() as scan, None] | [None, ScanSource() as scan]:
            reading, views = read_single(scan, task.manifest)
        case _:
            raise ValueError(f"there is no scan of {container_id} to read")
    if views is not None:
        task.picture.parent.mkdir(exist_ok=True)
        write_picture(
            task.picture, views, reading, container_id=container_id,
            origin=_record(task.origin), rescan=_record(task.rescan),
        )  # fmt: skip
        task.views.parent.mkdir(parents=True, exist_ok=True)
        write_thumbnail(task.thumbnail, views, reading)
        if views.fine is not None:
            write_views(task.views, views.fine)
    return reading


def _record(scan: ScanFile | None) -> ScanRecord | None:
    return None if scan is None else scan.record
