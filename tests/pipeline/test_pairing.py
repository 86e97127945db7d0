from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scantriage.pipeline.pairing import pair_scans
from scantriage.scan.quality import Flag
from scantriage.scan.record import ScanRecord
from scantriage.store.scans import StoredScan

BOX, OTHER_BOX = "HLBU1527916", "TEMU6943080"


def a_scan(role, day, *, containers=(BOX,), content=None, state="used", trouble=None):
    scan_id = f"{role}-{day}"
    acquired_at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=day)
    record = ScanRecord(scan_id, containers, role, "NLRTM", acquired_at, content or scan_id, "raw")
    return StoredScan(record, Path(f"{scan_id}.tif"), f"{scan_id}.tif", state, trouble)


def one_pairing(*scans):
    (pairing,) = pair_scans(scans)
    return pairing


def ids(pairing):
    return tuple(scan and scan.record.scan_id for scan in (pairing.origin, pairing.rescan))


def test_a_rescan_goes_with_the_origin_scan_before_it():
    pairing = one_pairing(a_scan("rescan", 20), a_scan("origin", 1))
    assert ids(pairing) == ("origin-1", "rescan-20")
    assert pairing.reason is None


def test_of_several_voyages_the_latest_pair_is_read():
    scans = [a_scan("origin", 1), a_scan("rescan", 20), a_scan("origin", 40), a_scan("rescan", 60)]
    assert ids(one_pairing(*scans)) == ("origin-40", "rescan-60")


def test_of_several_origin_scans_the_latest_before_the_rescan_is_taken():
    scans = [a_scan("origin", 1), a_scan("origin", 9), a_scan("rescan", 20), a_scan("origin", 30)]
    assert ids(one_pairing(*scans)) == ("origin-9", "rescan-20")


def test_a_scan_without_partner_stays_alone():
    assert ids(one_pairing(a_scan("origin", 1), a_scan("origin", 5))) == ("origin-5", None)
    assert ids(one_pairing(a_scan("rescan", 1))) == (None, "rescan-1")


def test_a_rescan_older_than_its_origin_scan_is_not_compared():
    pairing = one_pairing(a_scan("rescan", 1), a_scan("origin", 5))
    assert ids(pairing) == ("origin-5", "rescan-1")
    assert pairing.flags == (Flag.RESCAN_BEFORE_ORIGIN,)
    assert pairing.reason.startswith("The rescan rescan-1.tif is dated 2026-10-02 00:00 UTC, not after the origin scan")


def test_two_boxes_in_one_scan_belong_to_two_containers():
    both = a_scan("origin", 1, containers=(BOX, OTHER_BOX))
    first, second = pair_scans([both, a_scan("rescan", 20), a_scan("rescan", 21, containers=(OTHER_BOX,))])
    assert (first.container_id, *ids(first)) == (BOX, "origin-1", "rescan-20")
    assert (second.container_id, *ids(second)) == (OTHER_BOX, "origin-1", "rescan-21")


def test_an_origin_scan_delivered_again_as_the_rescan_is_not_compared():
    for day in (0, 1, 20):
        pairing = one_pairing(a_scan("origin", 1, content="same"), a_scan("rescan", day, content="same"))
        assert pairing.flags == (Flag.SAME_CONTENT,)
        assert "is the origin scan origin-1.tif delivered again" in pairing.reason


def test_a_container_whose_only_scan_is_broken_is_not_forgotten():
    pairing = one_pairing(a_scan("origin", 1, state="broken", trouble="a.tif is broken."))
    assert pairing.broken
    assert pairing.reason == "a.tif is broken."


def test_a_pair_with_a_broken_scan_is_not_read_as_if_there_were_no_partner():
    pairing = one_pairing(a_scan("origin", 1), a_scan("rescan", 20, state="broken", trouble="b.tif is broken."))
    assert pairing.broken
    assert ids(pairing) == ("origin-1", "rescan-20")
    assert pairing.reason == "b.tif is broken."


def test_a_broken_scan_does_not_stand_in_the_way_of_a_good_pair():
    broken = a_scan("rescan", 25, state="broken", trouble="b.tif is broken.")
    pairing = one_pairing(a_scan("origin", 1), a_scan("rescan", 20), broken)
    assert ids(pairing) == ("origin-1", "rescan-20")
    assert not pairing.broken


def test_what_came_under_the_id_of_another_scan_is_left_out():
    pairing = one_pairing(a_scan("origin", 1), a_scan("rescan", 20, state="conflict"))
    assert ids(pairing) == ("origin-1", None)


@given(
    st.lists(
        st.tuples(st.sampled_from(["origin", "rescan"]), st.integers(0, 9), st.sampled_from([BOX, OTHER_BOX])),
        unique=True,
        max_size=8,
    )
)
def test_every_container_is_paired_once_and_the_order_of_delivery_does_not_matter(drawn):
    scans = [a_scan(role, day, containers=(box,), content=f"{role}{day}{box}") for role, day, box in drawn]
    pairings = pair_scans(scans)
    assert [pairing.container_id for pairing in pairings] == sorted({box for _, _, box in drawn})
    assert pair_scans(reversed(scans)) == pairings
    for pairing in pairings:
        assert pairing.origin or pairing.rescan
        if pairing.origin and pairing.rescan and not pairing.reason:
            assert pairing.origin.record.acquired_at < pairing.rescan.record.acquired_at
