"""Evidence: log-odds that add up, rise with what was found, and never call the unseen clean."""

import math
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scantriage.rank.case import Case
from scantriage.rank.evidence import certainty, evidence_of, finding_weight
from scantriage.rank.priority import priority_of
from scantriage.rank.weights import DEFAULT_WEIGHTS
from scantriage.scan.finding import Finding, Kind, Reading, Zone
from scantriage.scan.geometry import MetreBox
from scantriage.scan.quality import Flag
from scantriage.scan.record import ManifestEntry

BASE_RATE = DEFAULT_WEIGHTS.base_rate
BAG = Finding("added", "door_end", significance=20.0, container_box=MetreBox(11.2, 11.6, 0.2, 0.6), mass_kg=40.0)
CLEAN = Reading("compared", agreement=0.95, blind_fraction=0.02)


def priority(reading: Reading, *, manifest: ManifestEntry | None = None, flags: tuple[Flag, ...] = ()) -> float:
    return priority_of(evidence_of(Case("MSCU1234566", reading, manifest=manifest, flags=flags), DEFAULT_WEIGHTS))


significances = st.floats(-200, 200)
findings = st.builds(
    Finding,
    kind=st.sampled_from(["added", "removed", "moved", "swapped", "pattern"]),
    zone=st.sampled_from(["door_end", "cargo", "floor", "roof", "side_wall", "front_wall", "reefer_unit"]),
    significance=significances,
    container_box=st.just(BAG.container_box),
    mass_kg=st.none() | st.floats(0, 20_000),
    flags=st.lists(st.sampled_from([Flag.MOVED_CARGO, Flag.EDGE_ON_EDGE]), unique=True).map(tuple),
)


def test_the_base_rate_is_all_that_speaks_where_nothing_is_known():
    assert priority(Reading("unprocessable")) == pytest.approx(BASE_RATE)


def test_a_clean_comparison_lies_below_the_base_rate_as_far_as_it_could_see():
    # Bayes: a load that shows with chance 0.7 * 0.98 * 0.95 did not show
    missed = 1 - DEFAULT_WEIGHTS.chance_to_show * 0.98 * 0.95
    odds = BASE_RATE / (1 - BASE_RATE) * missed * math.exp(DEFAULT_WEIGHTS.blind * 0.02)
    assert priority(CLEAN) == pytest.approx(odds / (1 + odds))
    assert priority(CLEAN) < BASE_RATE / 2


@given(blind=st.floats(0, 1), more=st.floats(0, 1))
def test_the_less_was_seen_the_less_clean(blind, more):
    seen = replace(CLEAN, blind_fraction=blind)
    blinder = replace(CLEAN, blind_fraction=min(blind + more, 1.0))
    assert priority(blinder) >= priority(seen)
    assert priority(replace(CLEAN, blind_fraction=1.0)) > BASE_RATE


@given(weaker=significances, stronger=significances)
def test_certainty_rises_with_the_size_of_significance_and_ignores_its_sign(weaker, stronger):
    weaker, stronger = sorted((abs(weaker), abs(stronger)))
    assert 0 <= certainty(weaker, DEFAULT_WEIGHTS) <= certainty(stronger, DEFAULT_WEIGHTS) <= 1
    assert certainty(-stronger, DEFAULT_WEIGHTS) == certainty(stronger, DEFAULT_WEIGHTS)


def test_noise_counts_nothing_and_certainty_is_half_grown_at_a_little_more():
    start, half = DEFAULT_WEIGHTS.significance_from, DEFAULT_WEIGHTS.significance_half
    assert certainty(start, DEFAULT_WEIGHTS) == 0
    assert certainty(start + half, DEFAULT_WEIGHTS) == pytest.approx(0.5)
    assert certainty(math.inf, DEFAULT_WEIGHTS) == 1
    assert certainty(math.nan, DEFAULT_WEIGHTS) == 0


@given(lower=st.floats(-30, 30), higher=st.floats(-30, 30), found=st.lists(findings, max_size=3))
def test_the_more_what_was_learned_speaks_for_a_change_the_higher_the_priority(lower, higher, found):
    lower, higher = sorted((lower, higher))
    less, more = (replace(CLEAN, learned=learned, findings=tuple(found)) for learned in (lower, higher))
    assert priority(less) <= priority(more)


def test_beside_what_was_learned_a_finding_adds_its_share():
    alone, learned = (replace(CLEAN, learned=learned, findings=(BAG,)) for learned in (None, 0.0))
    of = [
        {item.name: item.contribution for item in evidence_of(Case("MSCU1234566", reading), DEFAULT_WEIGHTS)}
        for reading in (alone, learned)
    ]
    share = DEFAULT_WEIGHTS.findings_beside_learned
    assert of[1]["added_door_end"] == pytest.approx(share * of[0]["added_door_end"])
    assert "nothing_else_seen" not in of[1]  # it is part of what was learned


def test_another_load_altogether_counts_beside_what_was_learned_unless_the_scan_is_a_display_export():
    swapped = replace(CLEAN, learned=1.0, findings=(replace(BAG, kind="swapped", zone="cargo"),))
    added = replace(CLEAN, learned=1.0, findings=(BAG,))
    assert priority(swapped) > 5 * priority(added)
    export = (Flag.UNCALIBRATED,)
    assert priority(swapped, flags=export) < 2 * priority(added, flags=export)


@pytest.mark.parametrize("learned", [-3.0, 3.0])
def test_what_was_learned_is_trusted_less_of_a_display_export(learned):
    raw = replace(CLEAN, learned=learned)
    first, second = (
        next(item for item in evidence_of(Case("MSCU1234566", reading), DEFAULT_WEIGHTS) if item.name == "learned")
        for reading in (raw, replace(raw, flags=(Flag.UNCALIBRATED,)))
    )
    assert 0 < second.contribution / first.contribution < 1


@given(found=st.lists(findings, max_size=5), one_more=findings)
def test_one_finding_more_never_lowers_the_priority(found, one_more):
    before, after = (replace(CLEAN, findings=tuple(some)) for some in (found, [*found, one_more]))
    assert priority(after) >= priority(before) * (1 - 1e-12)


@given(found=st.lists(findings, max_size=6))
def test_contributions_sum_to_the_log_odds_of_the_priority(found):
    evidence = evidence_of(Case("MSCU1234566", replace(CLEAN, findings=tuple(found))), DEFAULT_WEIGHTS)
    odds = priority_of(evidence)
    assert sum(item.contribution for item in evidence) == pytest.approx(math.log(odds / (1 - odds)))
    assert all(item.sentence and item.contribution for item in evidence)


def test_a_bag_behind_the_doors_is_worth_opening_and_noise_is_not():
    assert priority(replace(CLEAN, findings=(BAG,))) > 0.3
    assert priority(replace(CLEAN, findings=(replace(BAG, significance=2.4),))) < 2 * BASE_RATE


def test_an_addition_outweighs_a_removal_and_moved_cargo_hardly_counts():
    added, removed, moved = (
        finding_weight(replace(BAG, kind=kind), CLEAN, DEFAULT_WEIGHTS) for kind in ("added", "removed", "moved")
    )
    assert added > removed > 5 * moved
    assert priority(replace(CLEAN, findings=(replace(BAG, kind="moved", mass_kg=9_000.0, significance=99.0),))) < 0.002


def test_removals_between_two_scans_are_worth_opening_too():
    assert priority(replace(CLEAN, findings=(replace(BAG, kind="removed", significance=-20.0),))) > 0.1


def test_a_swapped_load_comes_near_certainty_whatever_zone_it_names():
    swapped = [replace(BAG, kind="swapped", significance=40.0, zone=zone) for zone in ("cargo", "door_end")]
    weights = {finding_weight(finding, CLEAN, DEFAULT_WEIGHTS) for finding in swapped}
    assert len(weights) == 1
    assert priority(replace(CLEAN, findings=(swapped[0],))) > 0.4


@pytest.mark.parametrize("flag", [Flag.MOVED_CARGO, Flag.EDGE_ON_EDGE])
def test_a_doubt_about_a_finding_halves_it_at_least(flag):
    doubted = finding_weight(replace(BAG, flags=(flag,)), CLEAN, DEFAULT_WEIGHTS)
    assert 0 < doubted < finding_weight(BAG, CLEAN, DEFAULT_WEIGHTS) / 2


def test_poor_agreement_halves_every_finding_but_a_swapped_load():
    poor = replace(CLEAN, flags=(Flag.LOW_AGREEMENT,))
    assert finding_weight(BAG, poor, DEFAULT_WEIGHTS) == finding_weight(BAG, CLEAN, DEFAULT_WEIGHTS) / 2
    swapped = replace(BAG, kind="swapped")
    assert finding_weight(swapped, poor, DEFAULT_WEIGHTS) == finding_weight(swapped, CLEAN, DEFAULT_WEIGHTS)


def test_mass_and_zone_raise_an_addition():
    weight = [finding_weight(replace(BAG, mass_kg=kg), CLEAN, DEFAULT_WEIGHTS) for kg in (0.0, 2.0, 10.0, 40.0, 900.0)]
    assert weight == sorted(weight)
    assert weight[2] == finding_weight(replace(BAG, mass_kg=None), CLEAN, DEFAULT_WEIGHTS)
    assert finding_weight(BAG, CLEAN, DEFAULT_WEIGHTS) > finding_weight(
        replace(BAG, zone="cargo"), CLEAN, DEFAULT_WEIGHTS
    )


def test_a_box_declared_empty_that_is_not_is_worth_opening_without_a_partner():
    assert priority(Reading("single", flags=(Flag.DECLARED_EMPTY,))) > 0.05


@pytest.mark.parametrize(
    "flag",
    [Flag.SAME_CONTENT, Flag.RESCAN_BEFORE_ORIGIN, Flag.CHECK_DIGIT, Flag.CHECKSUM_MISMATCH, Flag.SCAN_CONFLICT],
)
def test_doubts_about_the_delivery_raise_the_priority_wherever_they_were_noticed(flag):
    assert priority(CLEAN, flags=(flag,)) == priority(replace(CLEAN, flags=(flag,))) > priority(CLEAN)


def test_a_flag_noticed_twice_counts_once():
    both = priority(replace(CLEAN, flags=(Flag.CHECK_DIGIT,)), flags=(Flag.CHECK_DIGIT,))
    assert both == priority(CLEAN, flags=(Flag.CHECK_DIGIT,))


@pytest.mark.parametrize("tare", [0.0, 3900.0])
def test_a_manifest_that_fits_the_scan_says_nothing_with_or_without_the_tare(tare):
    manifest = ManifestEntry("MSCU1234566", size_type="42G1", gross_kg=20_000.0 + tare)
    assert priority(replace(CLEAN, cargo_kg=20_000.0), manifest=manifest) == pytest.approx(priority(CLEAN))


def test_a_manifest_that_does_not_fit_speaks_weakly_and_only_where_the_scan_sees():
    manifest = ManifestEntry("MSCU1234566", size_type="42G1", gross_kg=8_000.0)
    heavy = replace(CLEAN, cargo_kg=26_000.0)
    assert priority(CLEAN) < priority(heavy, manifest=manifest) < 3 * priority(CLEAN)
    blind = replace(heavy, blind_fraction=0.5)
    assert priority(blind, manifest=manifest) == priority(blind)


def test_half_a_ton_more_or_less_in_a_nearly_empty_box_is_no_evidence():
    manifest = ManifestEntry("MSCU1234566", size_type="22G1", gross_kg=300.0)
    assert priority(replace(CLEAN, cargo_kg=700.0), manifest=manifest) < 1.1 * priority(CLEAN)


def test_every_kind_and_zone_has_a_weight():
    assert set(DEFAULT_WEIGHTS.kind) == set(get_args(Kind))
    assert set(DEFAULT_WEIGHTS.zone) == set(get_args(Zone))
