"""What there is to do: every container of a workspace with its scans, its manifest row, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from scantriage import __version__
from scantriage.pipeline.model import model_entries
from scantriage.pipeline.pairing import Pairing, pair_scans
from scantriage.rank.case import Case
from scantriage.scan.finding import Reading
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord
from scantriage.store.database import Database
from scantriage.store.deliveries import Problem, all_problems, latest_manifest
from scantriage.store.encoding import digest, to_json
from scantriage.store.inspections import last_inspected
from scantriage.store.readings import ReadingKey
from scantriage.store.scans import StoredScan, all_scans, by_container


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """One container: what to read of it, and what else is known; inspected_at: when it was last opened."""

    pairing: Pairing
    manifest: ManifestEntry | None
    flags: tuple[Flag, ...] = ()
    inspected_at: datetime | None = None

    @property
    def container_id(self) -> str:
        """Its number."""
        return self.pairing.container_id

    @property
    def settled(self) -> Reading | None:
        """How it ends where there is nothing to read; None where there is."""
        if self.pairing.reason is None:
            return None
        return Reading(
            "unprocessable" if self.pairing.broken else "not_comparable",
            self.pairing.reason,
            flags=self.pairing.flags,
        )

    @property
    def key(self) -> ReadingKey:
        """What its reading is made of: the program, its models, both scans as described, and the manifest's row."""
        origin, rescan = _record(self.pairing.origin), _record(self.pairing.rescan)
        made_of = (*model_entries().values(), origin, rescan, self._goods)
        parts = (None if part is None else to_json(part) for part in made_of)
        return ReadingKey(
            self.container_id,
            digest(__version__, *parts),
            origin_sha256=None if origin is None else origin.sha256,
            rescan_sha256=None if rescan is None else rescan.sha256,
        )

    def case(self, reading: Reading) -> Case:
        """The container as the ranking takes it, when reading it ended so."""
        origin, rescan = _record(self.pairing.origin), _record(self.pairing.rescan)
        scanned_at = [scan.acquired_at for scan in (origin, rescan) if scan is not None]
        opened = self.inspected_at is not None and self.inspected_at >= max(scanned_at, default=self.inspected_at)
        return Case(self.container_id, reading, origin, rescan, self.manifest, self.flags, opened)

    @property
    def _goods(self) -> ManifestEntry | None:
        """The manifest's row without ship and firms: no reading is made of them, and their time to be kept ends."""
        if self.manifest is None:
            return None
        return replace(
            self.manifest, bill_of_lading=None, vessel=None, voyage=None, seal=None, shipper=None, consignee=None
        )


@dataclass(frozen=True, slots=True)
class DayPlan:
    """All containers of a workspace, in the order of their numbers.

    problems: what was wrong with deliveries. without_scan: containers of a manifest that no scan shows.
    """

    containers: tuple[ContainerPlan, ...]
    problems: tuple[Problem, ...]
    without_scan: tuple[str, ...]


def plan_day(database: Database) -> DayPlan:
    """What the workspace knows, as one state of its database shows it."""
    with database.reading() as connection:
        scans, problems = all_scans(connection), tuple(all_problems(connection))
        manifest, inspected = latest_manifest(connection), last_inspected(connection)
    conflicts = by_container(scan for scan in scans if scan.state == "conflict")
    pairings = {pairing.container_id: pairing for pairing in pair_scans(scans)}
    pairings = _lost(problems) | pairings
    containers = tuple(
        ContainerPlan(
            pairings[container_id],
            manifest.get(container_id),
            (Flag.SCAN_CONFLICT,) if container_id in conflicts else (),
            inspected.get(container_id),
        )
        for container_id in sorted(pairings)
    )
    return DayPlan(containers, problems, tuple(sorted(manifest.keys() - pairings.keys())))


def _lost(problems: tuple[Problem, ...]) -> dict[str, Pairing]:
    """Containers that a delivery names and whose scans never became one: they are not forgotten."""
    named = {problem.container_id: problem.sentence for problem in problems if problem.container_id is not None}
    return {
        container_id: Pairing(container_id, None, None, sentence, broken=True)
        for container_id, sentence in named.items()
    }


def _record(scan: StoredScan | None) -> ScanRecord | None:
    return None if scan is None else scan.record
