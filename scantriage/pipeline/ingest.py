"""Takes a delivery into the workspace; the delivery itself is never changed, and the same one twice does nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from scantriage.errors import InvalidManifest, InvalidSidecar, UnusableInput
from scantriage.io.delivery import DeliveredScan, Delivery, open_delivery
from scantriage.io.manifest import read_manifest
from scantriage.io.sidecar import read_sidecar
from scantriage.pipeline.describe import Described, DescribeTask, containers_in_name, describe
from scantriage.pipeline.engines import Engine, Failure
from scantriage.pipeline.intake import Intake
from scantriage.pipeline.progress import Progress
from scantriage.store import events
from scantriage.store.deliveries import add_manifest, note_delivery
from scantriage.store.places import Places
from scantriage.store.workspace import Workspace


def check_deliveries(deliveries: Iterable[Path], root: Path) -> None:
    """Refuse, before anything is made, what cannot be a delivery to this workspace.

    Raises UnusableInput where there is no such file or folder, or the workspace would lie inside it.
    """
    for delivery in deliveries:
        if not delivery.exists():
            raise UnusableInput(f"There is no delivery {delivery}.")
        if root.resolve().is_relative_to(delivery.resolve()):
            raise UnusableInput(f"The workspace {root} lies in the delivery {delivery}, which must not be changed.")


def ingest(delivery: Path, workspace: Workspace, *, engine: Engine, progress: Progress) -> None:
    """Take a folder, .zip or .tar into the workspace: scans, manifests, and what was wrong with them.

    Raises UnusableInput for a delivery that cannot be read as a whole or holds nothing.
    """
    with _opened(delivery, workspace.places) as (root, content):
        if not (content.scans or content.manifests or content.problems):
            raise UnusableInput(f"The delivery {delivery} holds no scan.")
        intake = Intake(workspace, str(delivery.resolve()), engine)
        _note(intake, root, content)
        described = _described(intake, content.scans, progress)
        for n_done, scan in enumerate(content.scans, 1):
            intake.take(scan, described[scan])
            progress(f"Taking in {delivery.name}", n_done, len(content.scans))


@contextmanager
def _opened(delivery: Path, places: Places) -> Iterator[tuple[Path, Delivery]]:
    """The folder that the delivery's files lie in, its own or one that is emptied afterwards, and its content."""
    scratch = places.incoming
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed run left behind
    scratch.mkdir()
    try:
        content = open_delivery(delivery, scratch)
        yield (delivery if delivery.is_dir() else scratch).resolve(), content
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _note(intake: Intake, root: Path, content: Delivery) -> None:
    """Write down the delivery, its manifests, and which of its files are no scans."""
    with intake.workspace.database.writing() as connection:
        note_delivery(connection, intake.delivery, at=datetime.now(UTC))
        for problem in content.problems:
            intake.note_problem(connection, problem.path, problem.sentence, _containers_meant(root / problem.path))
        for path in content.manifests:
            name = path.relative_to(root).as_posix()
            try:
                manifest = read_manifest(path)
            except InvalidManifest as error:
                intake.note_problem(connection, name, error.sentence)
                continue
            for warning in manifest.warnings:
                intake.note_problem(connection, name, warning)
            n_new = add_manifest(connection, intake.delivery, manifest.entries, at=datetime.now(UTC))
            if n_new:
                received = events.ManifestReceived(intake.delivery, name, n_new)
                events.record(connection, received, at=datetime.now(UTC))


def _containers_meant(file: Path) -> tuple[str, ...]:
    """Whose scan a file without partner is part of, as far as its content or its name tells."""
    if file.suffix.lower() == ".json":
        try:
            return read_sidecar(file).containers
        except InvalidSidecar:
            pass
    return containers_in_name(file)


def _described(intake: Intake, scans: Sequence[DeliveredScan], progress: Progress) -> dict[DeliveredScan, Described]:
    """What each scan is, found out in worker processes."""
    described: dict[DeliveredScan, Described] = {}
    tasks = (DescribeTask(scan, intake.workspace.places.scanners) for scan in scans)
    for task, found in intake.engine.run(describe, tasks):
        image = task.scan.image
        if isinstance(found, Failure):
            found = Described(None, containers_in_name(image), f"Examining {image.name} {found.what}.")
        described[task.scan] = found
        progress(f"Checking {Path(intake.delivery).name}", len(described), len(scans))
    return described
