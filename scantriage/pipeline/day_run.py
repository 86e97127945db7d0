"""The main job: deliveries in, a ranked list of containers out; what is known already is not done again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scantriage import __version__
from scantriage.errors import WorkspaceError, says_disk_full
from scantriage.io.products import write_ranking, write_run
from scantriage.pipeline.container_job import read_container
from scantriage.pipeline.day_plan import DayPlan, plan_day
from scantriage.pipeline.engines import Engine
from scantriage.pipeline.figures_run import make_report
from scantriage.pipeline.fresh_readings import Job, Readings, read_new
from scantriage.pipeline.ingest import check_deliveries, ingest
from scantriage.pipeline.model import model_digests
from scantriage.pipeline.progress import Progress
from scantriage.pipeline.queue_run import fill_queue
from scantriage.pipeline.run_log import run_log
from scantriage.rank.case import Case, Ranked
from scantriage.rank.priority import rank
from scantriage.settings import Settings, load_settings
from scantriage.store import runs
from scantriage.store.database import Database
from scantriage.store.encoding import utc_text
from scantriage.store.places import Places
from scantriage.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DayResult:
    """What a run leaves to say.

    ranked: all containers of the workspace, most urgent first. n_fresh: how many were read now. failed: containers
    that could not be read for a fault of ours. problems: what was wrong with deliveries, one sentence each.
    without_scan: containers of a manifest that no scan shows; they are counted, not ranked.
    """

    ranked: tuple[Ranked, ...]
    n_fresh: int
    failed: tuple[str, ...]
    problems: tuple[str, ...]
    without_scan: tuple[str, ...]


def triage(
    deliveries: Sequence[Path],
    root: Path,
    *,
    n_workers: int,
    progress: Progress,
    now: datetime | None = None,
    job: Job = read_container,
) -> DayResult:
    """Take the deliveries into the workspace, read what is new, rank everything, and write the products.

    now: the moment for which actions are chosen; the clock's unless given. job: reads one container in a worker
    process. Raises UnusableInput for a delivery, and WorkspaceError for a workspace, that cannot be used at all.
    """
    started = time.monotonic()
    moment = now or datetime.now(UTC)
    check_deliveries(deliveries, root)
    with _one_sentence(root), Workspace.open(root) as workspace, run_log(workspace.places.log) as log:
        settings = load_settings(workspace.places.settings)
        engine = _engine(settings, n_workers, workspace.places)
        with _noted(workspace.database):
            for delivery in deliveries:
                ingest(delivery, workspace, engine=engine, progress=progress)
            plan = plan_day(workspace.database)
            readings = read_new(workspace, plan.containers, job=job, engine=engine, progress=progress, log=log)
            ranked = rank(_cases(plan, readings), now=moment, openings_per_day=settings.openings_per_day)
            result = DayResult(
                tuple(ranked), len(readings.fresh), tuple(sorted(readings.failed)),
                tuple(dict.fromkeys(problem.sentence for problem in plan.problems)), plan.without_scan,
            )  # fmt: skip
            _write(workspace.places.root, result, settings, now=moment, wall_s=time.monotonic() - started)
            digests = {container.container_id: container.key.digest for container in plan.containers}
            fill_queue(workspace.database, ranked, digests, now=moment)
            make_report(workspace.database, workspace.places, now=moment)
            log.info("ranked", containers=len(ranked), fresh=result.n_fresh, failed=result.failed)
    return result


def _engine(settings: Settings, n_workers: int, places: Places) -> Engine:
    return Engine(n_workers, int(settings.memory_gib * 2**30), settings.deadline_s, printed=places.printed)


def _cases(plan: DayPlan, readings: Readings) -> Iterator[Case]:
    return (container.case(readings.by_container[container.container_id]) for container in plan.containers)


def _write(folder: Path, result: DayResult, settings: Settings, *, now: datetime, wall_s: float) -> None:
    write_ranking(folder, result.ranked)
    write_run(
        folder,
        readings=[one.case.reading for one in result.ranked],
        settings=settings.of_a_run() | {"now": utc_text(now)},
        models=model_digests(),
        wall_s=wall_s,
        problems=result.problems,
        without_scan=result.without_scan,
    )


@contextmanager
def _noted(database: Database) -> Iterator[None]:
    """Write down that a run began and how it ended; one that was killed has no ending."""
    with database.writing() as connection:
        number = runs.begin_run(connection, version=__version__, at=datetime.now(UTC))
    ending: runs.Ending = "failed"
    try:
        yield
        ending = "done"
    except KeyboardInterrupt:
        ending = "interrupted"
        raise
    finally:
        with suppress(WorkspaceError), database.writing() as connection:  # a full disk was reported already
            runs.end_run(connection, number, ending, at=datetime.now(UTC))


@contextmanager
def _one_sentence(root: Path) -> Iterator[None]:
    """What the operating system refuses becomes one sentence; nothing half written stays."""
    try:
        yield
    except OSError as error:
        if says_disk_full(error):
            raise WorkspaceError(f"The disk is full: {root}.") from error
        raise WorkspaceError(f"The workspace {root} cannot be used: {error}.") from error
