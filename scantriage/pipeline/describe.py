"""The job that finds out what a delivered scan is, before it is taken in; run in a worker process.

Sidecars, profiles and image headers come from outside, so they are parsed where a crash, a hang or a hunger for
memory takes nothing else along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from scantriage.errors import InvalidSidecar, UnreadableScan
from scantriage.io.checksums import CHECKSUM_FILE, sha256_of
from scantriage.io.delivery import DeliveredScan
from scantriage.io.limits import MAX_FILE_BYTES
from scantriage.io.profiles import ScannerProfile, read_profiles
from scantriage.io.scan_files import ScanHeader, read_header, read_scan
from scantriage.io.scan_record import scan_record
from scantriage.io.sidecar import Sidecar, read_sidecar
from scantriage.scan.container import container_numbers, has_valid_check_digit
from scantriage.scan.quality import Flag
from scantriage.scan.record import ScanRecord


@dataclass(frozen=True, slots=True)
class DescribeTask:
    """A scan to describe. scanners: the workspace's own folder of scanner profiles; the delivery's go before it."""

    scan: DeliveredScan
    scanners: Path


@dataclass(frozen=True, slots=True)
class Described:
    """What a delivered scan is, as far as it could be told.

    record: None where it cannot be taken in as a scan at all. container_ids: whose it is, as far as its sidecar,
    its header or at least its name tell. trouble: why it must not be used, one sentence; None where it may be.
    remarks: what else was wrong, and does no harm.
    """

    record: ScanRecord | None
    container_ids: tuple[str, ...]
    trouble: str | None = None
    remarks: tuple[str, ...] = ()


def describe(task: DescribeTask) -> Described:
    """Find out what the scan is; whatever is wrong with it is part of the answer."""
    scan = task.scan
    try:
        sidecar = None if scan.sidecar is None else read_sidecar(scan.sidecar)
    except InvalidSidecar as error:
        return Described(None, containers_in_name(scan.image), error.sentence)
    header, trouble = _header(scan.image)
    profile, remarks = _profile(task, sidecar, header)
    try:
        record = scan_record(
            scan.image,
            sidecar,
            profile,
            sha256=_digest(scan.image),
            kind=header.kind if header else "raw",
            dicos_header=header.dicos if header else None,
        )
    except InvalidSidecar as error:
        named = tuple(error.facts.get("container_ids") or ()) or containers_in_name(scan.image)  # type: ignore[arg-type]
        return Described(None, named, trouble or error.sentence, remarks)
    except OSError as error:
        named = sidecar.containers if sidecar else containers_in_name(scan.image)
        return Described(None, named, trouble or f"{scan.image.name} cannot be read ({error.strerror}).", remarks)
    altered = _altered(scan, record.sha256)
    if altered is not None:
        record = replace(record, flags=(*record.flags, Flag.CHECKSUM_MISMATCH))
    return Described(record, record.container_ids, altered or trouble, remarks)


def decoding_trouble(path: Path) -> str | None:
    """Why the scan file cannot be decoded; None where it can."""
    try:
        read_scan(path)
    except UnreadableScan as error:
        return error.sentence
    return None


def containers_in_name(file: Path) -> tuple[str, ...]:
    """The container numbers, right to their check digit, that a file name holds."""
    return tuple(number for number in container_numbers(file.stem) if has_valid_check_digit(number))


def _header(image: Path) -> tuple[ScanHeader | None, str | None]:
    try:
        return read_header(image), None
    except UnreadableScan as error:
        return None, error.sentence


def _profile(
    task: DescribeTask, sidecar: Sidecar | None, header: ScanHeader | None
) -> tuple[ScannerProfile | None, tuple[str, ...]]:
    own, wrong = read_profiles(task.scanners)
    delivered, wrong_delivered = read_profiles(task.scan.scanners) if task.scan.scanners else ({}, [])
    dicos = header.dicos if header else None
    scanner_id = (sidecar and sidecar.scanner_id) or (dicos and dicos.scanner_id) or ""
    return (own | delivered).get(scanner_id), (*wrong, *wrong_delivered)


def _digest(image: Path) -> str:
    """The SHA-256; OSError also for a file too large to be kept."""
    if image.stat().st_size > MAX_FILE_BYTES:
        raise OSError(0, f"more than {MAX_FILE_BYTES:,} bytes")
    return sha256_of(image)


def _altered(scan: DeliveredScan, sha256: str) -> str | None:
    """A sentence where the image or its sidecar is not what its checksum says."""
    if scan.sha256 not in (None, sha256):
        return f"{scan.image.name} does not match its checksum in {CHECKSUM_FILE}."
    if scan.sidecar and scan.sidecar_sha256 not in (None, sha256_of(scan.sidecar)):
        return f"{scan.sidecar.name} does not match its checksum in {CHECKSUM_FILE}."
    return None
