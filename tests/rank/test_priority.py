"""The ranking: an order that is reproducible, actions that fit the voyage, openings that fit the port."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scantriage.rank.ports import ACTING_PORTS
from scantriage.rank.priority import Case, rank
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry, ScanRecord

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
BOX = MetreBox(11.2, 11.6, 0.2, 0.6)
ORIGIN = ScanRecord(
    "ECGYE-1", ("MSCU1234566",), "origin", "ECGYE", NOW - timedelta(days=2), sha256="a" * 64, kind="raw"
)
RESCAN = replace(ORIGIN, scan_id="NLRTM-1", role="rescan", site="NLRTM", acquired_at=NOW - timedelta(hours=3))
VOYAGE = ManifestEntry("MSCU1234566", port_of_discharge="NLVLI", eta=NOW + timedelta(days=18))
SUSPECT = Reading("single", blind_fraction=0.0, flags=(Flag.DECLARED_EMPTY,))


def compared(significance: float) -> Reading:
    finding = Finding("added", "door_end", significance=significance, container_box=BOX, mass_kg=40.0)
    return Reading("compared", agreement=0.9, blind_fraction=0.05, findings=(finding,))


def only(case: Case, *, now: datetime = NOW):
    return rank([case], now=now)[0]


@settings(max_examples=50)
@given(
    significances=st.lists(st.sampled_from([0.0, 6.0, 9.0, 30.0]), min_size=2, max_size=8),
    shuffle=st.randoms(use_true_random=False),
)
def test_the_order_does_not_depend_on_the_order_of_the_input(significances, shuffle):
    cases = [Case(f"MSCU{n:07}", compared(value), ORIGIN, RESCAN) for n, value in enumerate(significances)]
    shuffled = shuffle.sample(cases, len(cases))
    ranked = rank(cases, now=NOW)
    assert rank(shuffled, now=NOW) == ranked
    assert [one.rank for one in ranked] == list(range(1, len(cases) + 1))
    keys = [(-one.priority, one.case.container_id) for one in ranked]
    assert keys == sorted(keys)


def test_what_was_opened_needs_nothing_more_and_takes_nobodys_opening():
    suspects = [Case(f"MSCU{n:07}", compared(30.0), ORIGIN, RESCAN, VOYAGE, opened=n == 0) for n in range(2)]
    opened, other = rank(suspects, now=NOW, openings_per_day=1)
    assert (opened.action, opened.where) == ("none", None)
    assert (other.action, other.where) == ("inspect_at_port", "NLVLI")
    assert opened.priority == other.priority  # what the scans tell, whatever the opening showed


def test_nothing_ranks_to_nothing():
    assert rank([], now=NOW) == []


def test_now_needs_a_time_zone():
    with pytest.raises(ValueError, match="time zone"):
        rank([], now=datetime(2026, 10, 5))


def test_held_at_the_source_while_it_has_not_sailed_and_inspected_on_arrival_after():
    case = Case("MSCU1234566", SUSPECT, ORIGIN, manifest=VOYAGE)
    assert (only(case).action, only(case).where) == ("hold_at_source", "ECGYE")
    at_sea = only(case, now=NOW + timedelta(days=12))
    assert (at_sea.action, at_sea.where) == ("inspect_at_port", "NLVLI")


def test_without_an_arrival_time_a_fresh_origin_scan_means_it_is_still_there():
    case = Case("MSCU1234566", SUSPECT, ORIGIN)
    assert only(case).action == "hold_at_source"
    old = only(case, now=NOW + timedelta(days=30))
    assert (old.action, old.where) == ("inspect_at_port", None)


def test_a_compared_container_is_inspected_where_it_is_discharged():
    ranked = only(Case("MSCU1234566", compared(30.0), ORIGIN, RESCAN, VOYAGE))
    assert (ranked.action, ranked.where) == ("inspect_at_port", "NLVLI")


@pytest.mark.parametrize("manifest", [None, replace(VOYAGE, port_of_discharge=None)])
def test_the_site_of_the_rescan_acts_where_the_port_of_discharge_is_unknown(manifest):
    assert only(Case("MSCU1234566", compared(30.0), ORIGIN, RESCAN, manifest)).where == "NLRTM"


def test_a_port_that_cannot_act_for_us_leaves_it_to_the_site_of_the_rescan():
    elsewhere = replace(VOYAGE, port_of_discharge="GBFXT")
    assert "GBFXT" not in ACTING_PORTS
    assert only(Case("MSCU1234566", compared(30.0), ORIGIN, RESCAN, elsewhere)).where == "NLRTM"


def test_a_clean_comparison_calls_for_nothing():
    ranked = only(Case("MSCU1234566", compared(0.0), ORIGIN, RESCAN, VOYAGE))
    assert (ranked.action, ranked.where) == ("none", None)


def test_a_rescan_is_worth_it_where_the_only_scan_saw_little():
    blind, clear = (Case("MSCU1234566", Reading("single", blind_fraction=b), ORIGIN, None, VOYAGE) for b in (0.9, 0.1))
    assert (only(blind).action, only(blind).where) == ("rescan", "NLVLI")
    assert only(clear).action == "none"


@pytest.mark.parametrize(("flags", "action"), [((Flag.CUT_OFF,), "rescan"), ((), "none")])
def test_a_failed_comparison_is_repeated_where_another_scan_can_mend_it(flags, action):
    failed = Reading("not_comparable", reason="Too little in common.", flags=flags)
    assert only(Case("MSCU1234566", failed, ORIGIN, RESCAN, VOYAGE)).action == action


def test_an_unreadable_scan_is_made_again():
    broken = Reading("unprocessable", reason="The file is cut short.")
    assert only(Case("MSCU1234566", broken, ORIGIN, RESCAN, VOYAGE)).action == "rescan"


def test_a_port_opens_no_more_than_it_can_in_a_day_and_takes_the_most_urgent():
    cases = [Case(f"MSCU{n:07}", compared(20.0 + n), ORIGIN, RESCAN, VOYAGE) for n in range(7)]
    other_day = replace(RESCAN, acquired_at=RESCAN.acquired_at - timedelta(days=1))
    cases.append(Case("TEMU0000001", compared(12.0), ORIGIN, other_day, VOYAGE))
    cases.append(Case("TEMU0000002", compared(12.0), ORIGIN, RESCAN, replace(VOYAGE, port_of_discharge="BEANR")))
    ranked = rank(cases, now=NOW, openings_per_day=3)
    opened = [one.case.container_id for one in ranked if one.action == "inspect_at_port"]
    assert opened == ["MSCU0000006", "MSCU0000005", "MSCU0000004", "TEMU0000001", "TEMU0000002"]
    assert Counter(one.action for one in ranked)["none"] == 4
