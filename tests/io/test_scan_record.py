from datetime import UTC, datetime
from pathlib import Path

import pytest

from scantriage.errors import InvalidSidecar
from scantriage.io.dicos import DicosHeader
from scantriage.io.fields import Geometry
from scantriage.io.profiles import ScannerProfile
from scantriage.io.scan_record import role_at, scan_record
from scantriage.io.sidecar import Sidecar
from scantriage.scan.quality import Flag

IMAGE = Path("scan.dcs")
AT = datetime(2026, 10, 1, 2, 59, 54, tzinfo=UTC)
GEOMETRY = Geometry(
    layout="plane", source_distance_m=5.42, source_height_m=1.7, source_side="left", view_height_m=(0.1, 5.2)
)
PROFILE = ScannerProfile(
    site="ECGYE", rows="bottom_first", energies_mev=(9.0,), column_pitch_mm=3.0, dark_level=100.0, geometry=GEOMETRY
)
HEADER = DicosHeader(
    rows=100, cols=200, n_energies=1, kind="raw", container_ids=("HLBU1527916",), acquired_at=AT,
    scanner_id="device-7", site="NLRTM", instance_uid="1.2.3", energies_mev=(6.0,),
)  # fmt: skip


def a_sidecar(**fields):
    required = {
        "scan_id": "S1", "container_id": "HLBU1527916", "role": "origin", "site": "CRMOB",
        "acquired_at": AT.isoformat(),
    }  # fmt: skip
    return Sidecar(**(required | fields))


def record_of(sidecar=None, profile=None, header=None):
    return scan_record(IMAGE, sidecar, profile, sha256="ab", kind="raw", dicos_header=header)


def test_the_profile_fills_what_the_sidecar_leaves_out():
    record = record_of(a_sidecar(), PROFILE)
    assert (record.energies_mev, record.column_pitch_mm, record.dark_level) == ((9.0,), 3.0, 100.0)
    assert record.geometry == GEOMETRY.as_fan()
    assert record.rows == "bottom_first"
    assert record.site == "CRMOB"


def test_the_sidecar_goes_before_the_profile():
    record = record_of(a_sidecar(energies_mev=(5.0,), column_pitch_mm=4.0, dark_level=0.0), PROFILE)
    assert (record.energies_mev, record.column_pitch_mm, record.dark_level) == ((5.0,), 4.0, 0.0)


def test_a_wrong_check_digit_is_flagged():
    assert record_of(a_sidecar()).flags == ()
    assert record_of(a_sidecar(container_id="HLBU1527910")).flags == (Flag.CHECK_DIGIT,)


def test_a_dicos_file_speaks_for_itself_where_it_comes_alone():
    record = record_of(header=HEADER)
    assert (record.scan_id, record.container_ids, record.site) == ("1.2.3", ("HLBU1527916",), "NLRTM")
    assert (record.role, record.acquired_at) == ("rescan", AT)
    assert (record.scanner_id, record.energies_mev) == ("device-7", (6.0,))


def test_the_profile_may_say_where_a_dicos_file_was_made():
    nowhere = DicosHeader(rows=100, cols=200, n_energies=1, kind="raw", container_ids=("HLBU1527916",), acquired_at=AT)
    record = record_of(profile=PROFILE, header=nowhere)
    assert (record.site, record.role, record.scan_id) == ("ECGYE", "origin", "scan")


def test_what_a_lone_header_lacks_is_named():
    empty = DicosHeader(rows=100, cols=200, n_energies=1, kind="raw")
    with pytest.raises(InvalidSidecar) as refusal:
        record_of(header=empty)
    assert refusal.value.sentence == (
        "scan.dcs has no sidecar, and its DICOS header gives no container number and no date and no place (UN/LOCODE)."
    )
    with pytest.raises(InvalidSidecar, match=r"has no sidecar scan\.json"):
        record_of()


def test_the_refusal_tells_whose_scan_it_was():
    nowhere = DicosHeader(rows=9, cols=9, n_energies=1, kind="raw", container_ids=("HLBU1527916",))
    with pytest.raises(InvalidSidecar) as refusal:
        record_of(header=nowhere)
    assert refusal.value.facts["container_ids"] == ("HLBU1527916",)


@pytest.mark.parametrize(
    ("site", "role"), [("NLRTM", "rescan"), ("BEANR", "rescan"), ("ECGYE", "origin"), ("BRSSZ", "origin")]
)
def test_a_scan_made_in_europe_is_a_rescan(site, role):
    assert role_at(site) == role
