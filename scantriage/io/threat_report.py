"""A referral's findings as a NEMA DICOS threat detection report (TDR): regions in the pixels of both files.

Written from the public dictionary and read back equal; no claim of conformance (NEMA IIC 1 is not public).
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pydicom.config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from scantriage.scan.geometry import PixelBox

pydicom.config.INVALID_KEYWORD_BEHAVIOR = "RAISE"  # a misspelt keyword would else be dropped without a word

_STORAGE = "1.2.840.10008.5.1.4.1.1.501."
TDR_CLASS = _STORAGE + "3"
_DX_CLASS = {"raw": _STORAGE + "2.2", "display": _STORAGE + "2.1"}
_MAX_LONG_TEXT = 10_240  # LT (PS3.5 6.2)
_MAX_SHORT_STRING = 16  # SH


@dataclass(frozen=True, slots=True)
class ScanImageRef:
    """The scan that a region lies in; scan files other than DICOS have no UID, so it is made of their digest."""

    sha256: str
    kind: Literal["raw", "display"]

    @property
    def uid(self) -> str:
        """``2.25.`` and the first 128 bits of the file's SHA-256 (PS3.5 B.2)."""
        return _uid(self.sha256)


@dataclass(frozen=True, slots=True)
class ThreatRegion:
    """One finding: where it lies in each scan, and how probable it alone makes a load.

    boxes: in the pixels of the files as delivered. probability: 0 to 1. mass_kg: None where uncalibrated.
    """

    boxes: tuple[tuple[ScanImageRef, PixelBox], ...]
    probability: float
    description: str
    mass_kg: float | None = None


@dataclass(frozen=True, slots=True)
class ThreatReport:
    """What a report says beside its regions; decided_at and made_at with a time zone."""

    referral_id: str
    container_id: str
    place: str
    program: str
    decided_at: datetime
    made_at: datetime


def threat_report(report: ThreatReport, regions: Sequence[ThreatRegion]) -> bytes:
    """The report as a DICOS file. AttributeError or ValueError where it would not be what it should."""
    dataset = _identified(report)
    dataset.TDRType = "OPERATOR"  # an analyst decided; the regions are the program's
    dataset.AlarmDecision = "ALARM"
    dataset.AlarmDecisionTime = _stamp(report.decided_at)
    dataset.AbortFlag = "SUCCESS"
    dataset.ThreatDetectionAlgorithmAndVersion = report.program
    dataset.NumberOfTotalObjects = dataset.NumberOfAlarmObjects = len(regions)
    dataset.ThreatSequence = [_threat(number, region) for number, region in enumerate(regions, 1)]
    written = io.BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def _identified(report: ThreatReport) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = TDR_CLASS
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = _uid_of(report, "instance")
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid_of(report, "study"), _uid_of(report, "series")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality = "TDR"
    dataset.InstanceNumber = 1
    dataset.DICOSVersion = "V03"
    dataset.PatientID = report.container_id  # DICOS: of the object of inspection
    dataset.IssuerOfPatientID = "ISO 6346"
    dataset.TypeOfPatientID = "TEXT"
    dataset.OOIType = "CARGO"
    dataset.AssignedLocation = report.place[:_MAX_SHORT_STRING]
    dataset.Manufacturer = dataset.SoftwareVersions = report.program
    dataset.TimezoneOffsetFromUTC = "+0000"
    made = report.made_at.astimezone(UTC)
    dataset.ContentDate = dataset.InstanceCreationDate = f"{made:%Y%m%d}"
    dataset.ContentTime = dataset.InstanceCreationTime = f"{made:%H%M%S}"
    return dataset


def _threat(number: int, region: ThreatRegion) -> Dataset:
    threat = Dataset()
    threat.PotentialThreatObjectID = number
    threat.PTORepresentationSequence = [_representation(scan, box) for scan, box in region.boxes]
    assessment = Dataset()
    assessment.ThreatCategory = "ANOMALY"
    assessment.ThreatCategoryDescription = region.description[:_MAX_LONG_TEXT]
    assessment.ATDAbilityAssessment = "NO_INTERFERENCE"
    assessment.ATDAssessmentFlag = "THREAT"
    assessment.ATDAssessmentProbability = region.probability
    threat.ATDAssessmentSequence = [assessment]
    if region.mass_kg is not None:
        threat.Mass = region.mass_kg * 1000  # grams
    return threat


def _representation(scan: ScanImageRef, box: PixelBox) -> Dataset:
    """Where it lies in one scan: x is the column, y the row, z the frame, all from 0."""
    instance = Dataset()
    instance.ReferencedSOPClassUID = _DX_CLASS[scan.kind]
    instance.ReferencedSOPInstanceUID = scan.uid
    region = Dataset()
    region.ThreatROIBase = [box.col0, box.row0, 0]
    region.ThreatROIExtents = [box.col1 - box.col0, box.row1 - box.row0, 1]
    here = Dataset()
    here.ReferencedInstanceSequence = [instance]
    here.ThreatROIVoxelSequence = [region]
    corners = ((box.col0, box.row0), (box.col1, box.row0), (box.col1, box.row1), (box.col0, box.row1))
    here.BoundingPolygon = [value for x, y in corners for value in (x, y, 0)]
    return here


def _uid_of(report: ThreatReport, what: str) -> str:
    return _uid(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:scantriage:referral:{report.referral_id}:{what}").hex)


def _uid(digits: str) -> str:
    """A UID of 128 bits given as hexadecimal digits, by the arc that needs no registration."""
    return f"2.25.{int(digits[:32], 16)}"


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}+0000"
