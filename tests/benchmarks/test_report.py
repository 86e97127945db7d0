import re

import numpy as np
import pytest

from benchmarks import kept
from benchmarks.detection_tables import detail_rows, tables
from benchmarks.kept import Table, keep, stamp
from benchmarks.metrics import auc
from benchmarks.report.derived import beyond, detected_by, false_alarms, roc, rocs
from benchmarks.report.page import write_page
from benchmarks.report.results import newest_of_each
from benchmarks.report.targets import Target
from benchmarks.simulated_day import HISTOGRAM_EDGES
from benchmarks.variants import variant_rows
from scantriage.rank.weights import DEFAULT_WEIGHTS


def row(label: str, priority: float, **more: object) -> dict[str, object]:
    return {"label": label, "priority": priority, **more}


def test_the_area_under_the_curve_that_is_drawn_is_the_area_that_is_told():
    rng = np.random.default_rng(0)
    clean, changed = np.round(rng.normal(0, 1, 80), 1), np.round(rng.normal(1, 1, 60), 1)
    false, found = roc(clean, changed)
    assert np.trapezoid(found, false) == pytest.approx(auc(clean, changed))
    assert (false[-1], found[-1]) == (1, 1)


def test_a_group_without_clean_containers_of_its_own_has_no_curve_against_its_own():
    rows = [row("clean", 0.1, side="same"), row("added", 0.5, side="same"), row("added", 0.5, side="opposite")]
    assert len(rocs(rows, lambda one: one["side"], own_clean=False)) == 2
    assert list(rocs(rows, lambda one: one["side"], own_clean=True)) == ["same (1 against 1)"]


def test_detections_are_counted_by_zone_and_mass():
    rows = [row("clean", 0.1), *(row("added", p, zone="roof", size="big") for p in (0.05, 0.2, 0.3))]
    (counted,) = detected_by(rows, lambda one: one.get("size"), lambda one: one.get("zone"), false_share=0.01)
    assert counted == {"": "roof", "big": "2 of 3"}


def test_a_normal_map_lies_beyond_its_limits_as_often_as_predicted():
    rng = np.random.default_rng(1)
    n = 200_000
    share = np.histogram(rng.standard_normal(n), HISTOGRAM_EDGES)[0] / n
    edges = [float(edge) if np.isfinite(edge) else None for edge in HISTOGRAM_EDGES]
    rows = [{"from": a, "to": b, "share": s} for a, b, s in zip(edges[:-1], edges[1:], share, strict=True)]
    for one in beyond(rows)[:5]:  # to 3 sigma, where 540 are expected
        standard_error = np.sqrt(one["predicted"] / n)
        assert abs(one["measured"] - one["predicted"]) < 5 * standard_error


def test_priorities_that_are_true_odds_predict_their_own_false_alarms():
    rng, n, shift = np.random.default_rng(2), 20_000, 2.0
    base = DEFAULT_WEIGHTS.base_rate / (1 - DEFAULT_WEIGHTS.base_rate)

    def priorities(seen):
        odds = base * np.exp(shift * seen - shift**2 / 2)  # the likelihood ratio of N(shift, 1) and N(0, 1)
        return odds / (1 + odds)

    rows = [row("clean", p) for p in priorities(rng.normal(0, 1, n))]
    rows += [row("added", p) for p in priorities(rng.normal(shift, 1, n))]
    for one in false_alarms(rows)[:3]:  # to a priority of 0.01, where 300 false alarms are expected
        standard_error = np.sqrt(2 * one["predicted"] / n)
        assert abs(one["measured"] - one["predicted"]) < 5 * standard_error


def test_a_target_says_plainly_that_it_is_missed():
    assert Target("speed", 700.0, most=500).row["met"] == "MISSED"
    assert Target("speed", 400.0, most=500).row["met"] == "yes"
    assert Target("width", 1.2, 0.9, 1.1).row["met"] == "MISSED"
    assert Target("few", float("nan"), least=0.9).row["met"] == "not measured"


@pytest.fixture
def results(ranked, tmp_path, monkeypatch):
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(kept, "RESULTS", folder)
    measured = {**stamp(), "split": "held_out", "time": "12:00:00"}
    keep("detection", measured=measured, tables=tables(ranked, []), details=detail_rows(ranked))
    keep("ablation", measured=measured, tables=[Table("Ablation", variant_rows({"whole": ranked}))])
    older = {**measured, "time": "11:00:00", "commit": "older"}
    keep("detection", measured=older, tables=[Table("T", [])])
    keep("detection", measured={**measured, "split": "train", "time": "13:00:00", "commit": "tuned"}, tables=[])
    return folder


def test_the_newest_result_on_held_out_scanners_counts(results):
    found = newest_of_each(results)
    assert found.detection.measured["time"] == "12:00:00"
    assert found.speed is None


def test_every_plot_of_the_page_is_there_and_every_table_names_its_commit(results, tmp_path):
    page = write_page(results, tmp_path / "docs")
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((benchmarks/.*?\.png)\)", text)
    assert pictures
    assert all((page.parent / picture).stat().st_size > 1_000 for picture in pictures)
    tabled = text.count("\n## ") - 2  # less the targets and the heading of the curves, which have none of their own
    assert text.count(f"*Commit `{kept.commit()}`") == tabled + len(pictures)
