"""A threat detection report is read back as it was written."""

import io
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pydicom
import pytest
from pydicom.uid import UID

from scantriage.io.dicos import read_dicos
from scantriage.io.limits import RefusedFileError
from scantriage.io.threat_report import TDR_CLASS, ScanImageRef, ThreatRegion, ThreatReport, threat_report
from scantriage.scan.geometry import PixelBox

ORIGIN, RESCAN = ScanImageRef("ab" * 32, "raw"), ScanImageRef("cd" * 32, "display")
REPORT = ThreatReport(
    "r-1", "HLBU1527916", "NLRTM", "scantriage 0.1.0",
    decided_at=datetime(2026, 10, 28, 9, 30, tzinfo=timezone(timedelta(hours=1))),
    made_at=datetime(2026, 10, 28, 9, 31, 5, tzinfo=UTC),
)  # fmt: skip
BAG = ThreatRegion(
    ((ORIGIN, PixelBox(100, 160, 2000, 2200)), (RESCAN, PixelBox(120, 170, 50, 240))),
    probability=0.625, description="Added: about 97 kg behind the doors.", mass_kg=96.5,
)  # fmt: skip
PATTERN = ThreatRegion(((RESCAN, PixelBox(0, 10, 0, 10)),), probability=0.125, description="Unlike the rest — “x”")


def _read(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content))


def test_everything_is_read_back_equal():
    read = _read(threat_report(REPORT, [BAG, PATTERN]))
    assert read.SOPClassUID == read.file_meta.MediaStorageSOPClassUID == TDR_CLASS
    assert (read.PatientID, read.Modality, read.AlarmDecision, read.TDRType) == (
        "HLBU1527916", "TDR", "ALARM", "OPERATOR",
    )  # fmt: skip
    assert read.AlarmDecisionTime == "20261028083000+0000"
    assert (read.NumberOfTotalObjects, read.NumberOfAlarmObjects) == (2, 2)
    bag, pattern = read.ThreatSequence
    assert (bag.PotentialThreatObjectID, pattern.PotentialThreatObjectID) == (1, 2)
    assert bag.Mass == 96500
    assert "Mass" not in pattern
    assert [threat.ATDAssessmentSequence[0].ATDAssessmentProbability for threat in (bag, pattern)] == [0.625, 0.125]
    assert [threat.ATDAssessmentSequence[0].ThreatCategoryDescription for threat in (bag, pattern)] == [
        BAG.description, PATTERN.description,
    ]  # fmt: skip


def test_regions_are_the_boxes_in_the_pixels_of_the_files():
    (bag,) = _read(threat_report(REPORT, [BAG])).ThreatSequence
    for here, (scan, box) in zip(bag.PTORepresentationSequence, BAG.boxes, strict=True):
        assert here.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == scan.uid
        region = here.ThreatROIVoxelSequence[0]
        col, row, frame = region.ThreatROIBase
        n_cols, n_rows, n_frames = region.ThreatROIExtents
        assert [row, row + n_rows, col, col + n_cols] == box.as_list()
        assert (frame, n_frames) == (0, 1)
        polygon = np.reshape(here.BoundingPolygon, (-1, 3))
        assert [polygon[:, 1].min(), polygon[:, 1].max(), polygon[:, 0].min(), polygon[:, 0].max()] == box.as_list()


def test_written_again_it_is_the_same_file_and_its_identifiers_are_valid():
    content = threat_report(REPORT, [BAG])
    assert content == threat_report(REPORT, [BAG])
    read = _read(content)
    uids = [read.SOPInstanceUID, read.StudyInstanceUID, read.SeriesInstanceUID, ORIGIN.uid, RESCAN.uid]
    assert len(set(uids)) == 5
    assert all(UID(uid).is_valid for uid in uids)


def test_a_report_without_a_region_says_so():
    read = _read(threat_report(REPORT, []))
    assert read.NumberOfAlarmObjects == 0
    assert len(read.ThreatSequence) == 0


def test_a_report_delivered_as_a_scan_is_refused_by_name():
    with pytest.raises(RefusedFileError, match="threat detection report"):
        read_dicos(threat_report(REPORT, [BAG]))


def test_a_misspelt_keyword_is_an_error():
    with pytest.raises(ValueError, match="PatientIdentity"):
        pydicom.Dataset().PatientIdentity = "x"
