"""Threat image projection: loads in copies of the day's readings, for analysts to notice."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from structlog.typing import FilteringBoundLogger

from scantriage.errors import WorkspaceError
from scantriage.io.products import shown_row
from scantriage.pipeline.container_job import ScanFile
from scantriage.pipeline.day_plan import ContainerPlan, plan_day
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.progress import Progress
from scantriage.pipeline.projection_job import Projected, ProjectionTask, project_threat
from scantriage.pipeline.run_log import run_log
from scantriage.rank.case import Case
from scantriage.rank.priority import rank
from scantriage.scan.finding import Reading
from scantriage.settings import Settings, load_settings
from scantriage.store import audit
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.readings import find_reading
from scantriage.store.scans import StoredScan
from scantriage.store.tips import Candidate, all_files, drop_stale, put_tip, wanted
from scantriage.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Projections:
    """What a run made. n_wanted: how many were missing to the share; fewer are made where too few look clean."""

    n_made: int
    n_wanted: int


@dataclass(frozen=True, slots=True)
class _Day:
    """Every container as it was ranked, and what to read of it."""

    places: Places
    plans: dict[str, ContainerPlan]
    cases: dict[str, Case]
    settings: Settings

    def row(self, candidate: Candidate, reading: Reading) -> dict[str, Any]:
        """The line that the ranking would have had, had this container been read so."""
        name = candidate.container_id
        cases = (self.cases | {name: self.plans[name].case(reading)}).values()
        now = datetime.fromisoformat(candidate.ranked_at)
        ranked = rank(cases, now=now, openings_per_day=self.settings.openings_per_day)
        return shown_row(next(one for one in ranked if one.case.container_id == name))

    def task(self, container_id: str, rng: np.random.Generator) -> ProjectionTask:
        """What a worker needs to put a load into this container."""
        plan = self.plans[container_id]
        views = self.places.projected(rng.bytes(16).hex())
        origin, rescan = (self._file(scan) for scan in (plan.pairing.origin, plan.pairing.rescan))
        return ProjectionTask(container_id, origin, rescan, plan.manifest, int(rng.integers(2**63)), views)

    def _file(self, scan: StoredScan | None) -> ScanFile:
        if scan is None:
            raise ValueError("a compared container has both scans")
        return ScanFile(scan.record, self.places.root / scan.path)


def make_projections(
    root: Path, *, share: float, n_workers: int, progress: Progress, rng: np.random.Generator
) -> Projections:
    """Project loads into copies of readings until this share of the compared containers has one.

    rng: unseeded, so that nobody can foresee what gets a load; a demonstration seeds it. Raises WorkspaceError for a
    workspace that does not exist or cannot be used.
    """
    if not Places(root).database.exists():
        raise WorkspaceError(f"{root} is not a workspace: run triage first.")
    with Workspace.open(root) as workspace, run_log(workspace.places.log) as log:
        database, places = workspace.database, workspace.places
        with database.writing() as connection:
            drop_stale(connection)
            n_wanted, candidates = wanted(connection, share=share)
        day = _day(database, places)
        n_made = 0
        progress("Projecting", 0, n_wanted)
        with closing(_projected(day, candidates if n_wanted else (), n_workers, log, rng)) as results:
            for candidate, views, projected in results:
                _keep(database, day, candidate, views, projected)
                n_made += 1
                progress("Projecting", n_made, n_wanted)
                if n_made == n_wanted:
                    break
        _sweep(database, places)
        log.info("projected", made=n_made, wanted=n_wanted)
    return Projections(n_made, n_wanted)


def _day(database: Database, places: Places) -> _Day:
    plans = {plan.container_id: plan for plan in plan_day(database).containers}
    cases = {}
    with database.reading() as connection:
        for name, plan in plans.items():
            reading = plan.settled or find_reading(connection, plan.key)
            if reading is not None:
                cases[name] = plan.case(reading)
    return _Day(places, plans, cases, load_settings(places.settings))


def _projected(
    day: _Day, candidates: Sequence[Candidate], n_workers: int, log: FilteringBoundLogger, rng: np.random.Generator
) -> Generator[tuple[Candidate, Path, Projected], None, None]:
    """Yield containers with a load in them, in a random order; those that cannot take one are passed over."""
    # a delivery that came since the ranking may have changed what its reading is made of
    current = {
        one.container_id: one
        for one in candidates
        if one.container_id in day.plans and day.plans[one.container_id].key.digest == one.reading_digest
    }
    names = list(current)
    tasks = (day.task(names[place], rng) for place in rng.permutation(len(names)))
    settings = day.settings
    engine = Engine(n_workers, int(settings.memory_gib * 2**30), settings.deadline_s, printed=day.places.printed)
    with closing(engine.run(project_threat, tasks)) as results:
        for task, ended in results:
            if isinstance(ended, Failure):
                log.error("projecting failed", container_id=task.container_id, details=ended.details)
                if ended.disk_full:
                    raise WorkspaceError(f"The disk is full: {day.places.root}.")
            elif ended is not None:
                yield current[task.container_id], task.views, ended


def _keep(database: Database, day: _Day, candidate: Candidate, views: Path, projected: Projected) -> None:
    row, now = day.row(candidate, projected.reading), datetime.now(UTC)
    with database.writing() as connection:
        put_tip(
            connection, container_id=candidate.container_id, reading_digest=candidate.reading_digest,
            zone=projected.zone, mass_kg=projected.mass_kg, box=projected.box, row=row,
            views=views.relative_to(day.places.root), at=now,
        )  # fmt: skip
        # which container it is stays out of the trail: auditors read it, and analysts may sit beside them
        audit.append(connection, actor=audit.SYSTEM, kind="load_projected", at=now)


def _sweep(database: Database, places: Places) -> None:
    """Remove the files of loads that are not kept: stale ones, and what an interrupted run left."""
    with database.reading() as connection:
        kept = all_files(connection)
    for path in places.root.glob("tips/*/*"):
        if path.relative_to(places.root) not in kept:
            path.unlink()
