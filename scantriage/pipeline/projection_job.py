"""The job of a worker process: projects a simulated load into a copy of one container's rescan, and reads it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scantriage.pipeline.container_job import ScanFile
from scantriage.scan.finding import Reading, Zone
from scantriage.scan.geometry import MetreBox
from scantriage.scan.record import ManifestEntry
from scantriage.store.tips import files_of


@dataclass(frozen=True, slots=True)
class ProjectionTask:
    """A compared container whose rescan shall get a load. seed: of the load and its noise. views: where they go."""

    container_id: str
    origin: ScanFile
    rescan: ScanFile
    manifest: ManifestEntry | None
    seed: int
    views: Path


@dataclass(frozen=True, slots=True)
class Projected:
    """What the container reads like with the load in it. box: where the load lies in the container."""

    zone: Zone
    mass_kg: float
    box: MetreBox
    reading: Reading


def project_threat(task: ProjectionTask) -> Projected | None:
    """Put a load into a copy of the rescan, read the pair as ever, and keep its views.

    None where no load can be shown in this container. Raises OSError when the views cannot be written.
    """
    # imported here, in the worker: the main process needs none of the numerics, which take seconds to load
    import numpy as np

    from scantriage.io.thumbnail import write_thumbnail
    from scantriage.io.views import write_views
    from scantriage.pipeline.pair_run import read_pair
    from scantriage.pipeline.prepare import ScanSource
    from scantriage.pipeline.projected_scan import project_into

    origin, rescan = (ScanSource(scan.path, scan.record, task.container_id) for scan in (task.origin, task.rescan))
    views_path, thumbnail, rescan_path = files_of(task.views)
    views_path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(task.seed)
    projected = project_into(rescan, origin, task.manifest, rescan_path, rng=rng)
    if projected is None:
        return None
    reading, views = read_pair(origin, projected.source, task.manifest)
    if reading.outcome != "compared" or views is None or views.fine is None:
        return None
    write_views(views_path, views.fine)
    write_thumbnail(thumbnail, views, reading)
    threat = projected.threat
    return Projected(threat.zone, threat.mass_kg, threat.box, reading)
