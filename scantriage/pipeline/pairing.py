"""Which scans of a container belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from scantriage.scan.quality import Flag
from scantriage.store.scans import StoredScan, by_container


@dataclass(frozen=True, slots=True)
class Pairing:
    """What is to be read of one container: a pair, one scan, or nothing.

    reason: one sentence where the scans must not be read: they are ``broken``, or cannot be compared.
    flags: why that is.
    """

    container_id: str
    origin: StoredScan | None
    rescan: StoredScan | None
    reason: str | None = None
    broken: bool = False
    flags: tuple[Flag, ...] = ()


def pair_scans(scans: Iterable[StoredScan]) -> list[Pairing]:
    """One pairing per container, in the order of container numbers.

    The latest rescan goes with the latest origin scan before it; a container without such a pair is read from its
    latest scan. Broken scans count only where there is nothing else, so that their container is not forgotten. A scan
    that came under the id of another one is left out.
    """
    known = by_container(scan for scan in scans if scan.state != "conflict")
    return [_pair(container_id, known[container_id]) for container_id in sorted(known)]


def _pair(container_id: str, scans: list[StoredScan]) -> Pairing:
    usable = [scan for scan in scans if scan.state == "used"]
    pair = _latest_pair(usable)
    if pair is not None:
        return _checked(container_id, *pair)
    pair = _latest_pair(scans)
    if pair is not None:
        return _refused(container_id, *pair)
    if not usable:
        return _refused(container_id, _latest(scans, "origin"), _latest(scans, "rescan"))
    origin, rescan = _latest(usable, "origin"), _latest(usable, "rescan")
    if origin is not None and rescan is not None:  # and no origin scan is older than any rescan
        return _wrong_order(container_id, origin, rescan)
    return Pairing(container_id, origin, rescan)


def _latest_pair(scans: list[StoredScan]) -> tuple[StoredScan, StoredScan] | None:
    for rescan in sorted((scan for scan in scans if scan.record.role == "rescan"), key=_age, reverse=True):
        # a recording that comes back as a rescan belongs to itself, whatever its dates say
        same = [scan for scan in scans if scan.record.sha256 == rescan.record.sha256]
        before = [scan for scan in scans if scan.record.acquired_at < rescan.record.acquired_at]
        origin = _latest(same, "origin") or _latest(before, "origin")
        if origin is not None:
            return origin, rescan
    return None


def _checked(container_id: str, origin: StoredScan, rescan: StoredScan) -> Pairing:
    if origin.record.sha256 != rescan.record.sha256:
        return Pairing(container_id, origin, rescan)
    reason = f"The rescan {rescan.delivered_as} is the origin scan {origin.delivered_as} delivered again."
    return Pairing(container_id, origin, rescan, reason, flags=(Flag.SAME_CONTENT,))


def _wrong_order(container_id: str, origin: StoredScan, rescan: StoredScan) -> Pairing:
    reason = (
        f"The rescan {rescan.delivered_as} is dated {_when(rescan)}, not after the origin scan"
        f" {origin.delivered_as} of {_when(origin)}."
    )
    return Pairing(container_id, origin, rescan, reason, flags=(Flag.RESCAN_BEFORE_ORIGIN,))


def _refused(container_id: str, origin: StoredScan | None, rescan: StoredScan | None) -> Pairing:
    scans = [scan for scan in (origin, rescan) if scan is not None]
    reason = " ".join(scan.trouble for scan in scans if scan.trouble)
    return Pairing(container_id, origin, rescan, reason, broken=True)


def _latest(scans: list[StoredScan], role: str) -> StoredScan | None:
    return max((scan for scan in scans if scan.record.role == role), key=_age, default=None)


def _age(scan: StoredScan) -> tuple[datetime, str]:
    return scan.record.acquired_at, scan.record.scan_id


def _when(scan: StoredScan) -> str:
    return scan.record.acquired_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
