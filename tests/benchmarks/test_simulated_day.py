import numpy as np
import pytest

from benchmarks.detection_tables import detail_rows, tables
from benchmarks.simulated_day import orders, unseen
from scantriage.scan.geometry import ContainerGrid, MetreBox
from scantriage.scan.views import PairViews


def test_a_longer_day_begins_with_the_shorter_one():
    short, long = (orders(n, seed=3, scale=0.4, split="train") for n in (5, 9))
    assert long[:5] == short


def test_every_container_of_the_day_is_in_the_details(ranked):
    assert {row["label"] for row in detail_rows(ranked)} == {one.trial.truth.label for one in ranked}
    assert all(one.trial.wall_s > 0 for one in ranked)


def test_the_tables_of_a_day_can_be_written_however_short_it_is(ranked):
    shown = [table.markdown() for table in tables(ranked, [])]
    assert any("AUC" in text for text in shown)


@pytest.mark.parametrize(("mirrored", "part"), [(False, 0.25), (True, 0.0)])
def test_of_a_load_as_much_is_unseen_as_lies_where_the_comparison_is_blind(mirrored, part):
    grid = ContainerGrid.around(6.0, 2.6)
    usable = np.ones(grid.shape, dtype=np.bool_)
    usable[:, grid.x_m() > 5.0] = False  # a scan that was cut off a metre before the doors
    views = PairViews(grid, None, None, None, None, usable)
    assert unseen(MetreBox(2.0, 6.0, 0.5, 1.0), views, mirrored=mirrored) == pytest.approx(part, abs=0.01)


def test_the_comparison_says_of_each_load_with_a_place_how_much_of_it_could_not_be_seen(ranked):
    for one in ranked:
        placed = one.trial.truth.container_box is not None and one.reading.outcome == "compared"
        assert (one.trial.unseen is not None) == placed
