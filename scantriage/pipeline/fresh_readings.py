"""Reads what was not read before, in worker processes, and keeps each reading as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from structlog.typing import FilteringBoundLogger

from scantriage.errors import WorkspaceError
from scantriage.pipeline.container_job import ContainerTask, ScanFile
from scantriage.pipeline.day_plan import ContainerPlan
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.progress import Progress
from scantriage.scan.finding import Reading
from scantriage.store import events
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.readings import find_reading, put_reading
from scantriage.store.scans import StoredScan
from scantriage.store.workspace import Workspace

Job = Callable[[ContainerTask], Reading]


@dataclass(frozen=True, slots=True)
class Readings:
    """How each container ended.

    fresh: those read now. failed: those not read for a fault of ours; they are not kept, so that the next run tries
    them again.
    """

    by_container: dict[str, Reading]
    fresh: frozenset[str]
    failed: frozenset[str]


def read_new(
    workspace: Workspace,
    plans: Sequence[ContainerPlan],
    *,
    job: Job,
    engine: Engine,
    progress: Progress,
    log: FilteringBoundLogger,
) -> Readings:
    """Every container's reading: settled without one, kept from before, or made now.

    Raises WorkspaceError when the disk is full.
    """
    known = _known(workspace.database, plans)
    waiting = {plan.container_id: plan for plan in plans if plan.container_id not in known}
    tasks = (_task(workspace.places, plan) for plan in waiting.values())
    failed = set()
    progress("Reading", 0, len(waiting))
    with closing(engine.run(job, tasks)) as results:  # on Ctrl-C no worker outlives the lock on the workspace
        for n_done, (task, ended) in enumerate(results, 1):
            container_id = task.key.container_id
            if isinstance(ended, Failure):
                failed.add(container_id)
                known[container_id] = _failed(workspace, waiting[container_id], ended, log)
            else:
                known[container_id] = _kept(workspace, waiting[container_id], ended)
            progress("Reading", n_done, len(waiting))
    return Readings(known, frozenset(waiting.keys() - failed), frozenset(failed))


def _known(database: Database, plans: Sequence[ContainerPlan]) -> dict[str, Reading]:
    known = {}
    with database.reading() as connection:
        for plan in plans:
            reading = plan.settled or find_reading(connection, plan.key)
            if reading is not None:
                known[plan.container_id] = reading
    return known


def _task(places: Places, plan: ContainerPlan) -> ContainerTask:
    origin, rescan = (_file(places, scan) for scan in (plan.pairing.origin, plan.pairing.rescan))
    digest = plan.key.digest
    return ContainerTask(
        plan.key, origin, rescan, plan.manifest,
        places.picture(plan.container_id), places.views(digest), places.thumbnail(digest),
    )  # fmt: skip


def _file(places: Places, scan: StoredScan | None) -> ScanFile | None:
    return None if scan is None else ScanFile(scan.record, places.root / scan.path)


def _kept(workspace: Workspace, plan: ContainerPlan, reading: Reading) -> Reading:
    """The reading, kept; files that its reason speaks of go by the names under which they were delivered."""
    reason = reading.reason
    for scan in _scans(plan):
        reason = reason and reason.replace(scan.path.name, scan.delivered_as)
    reading = replace(reading, reason=reason)
    with workspace.database.writing() as connection:
        put_reading(connection, plan.key, reading, at=_now())
        events.record(connection, events.ReadingMade(plan.container_id, plan.key.digest, reading.outcome), at=_now())
    return reading


def _failed(workspace: Workspace, plan: ContainerPlan, failure: Failure, log: FilteringBoundLogger) -> Reading:
    if failure.disk_full:
        raise WorkspaceError(f"The disk is full: {workspace.places.root}.")
    reason = f"Reading {' and '.join(scan.delivered_as for scan in _scans(plan))} {failure.what}."
    log.error("reading failed", container_id=plan.container_id, cause=failure.cause, details=failure.details)
    with workspace.database.writing() as connection:
        events.record(connection, events.ReadingFailed(plan.container_id, reason), at=_now())
    return Reading("unprocessable", reason)


def _scans(plan: ContainerPlan) -> list[StoredScan]:
    return [scan for scan in (plan.pairing.origin, plan.pairing.rescan) if scan is not None]


def _now() -> datetime:
    return datetime.now(UTC)
