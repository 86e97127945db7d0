from benchmarks.detection_tables import detail_rows, tables
from benchmarks.simulated_day import orders


def test_a_longer_day_begins_with_the_shorter_one():
    short, long = (orders(n, seed=3, scale=0.4, split="train") for n in (5, 9))
    assert long[:5] == short


def test_every_container_of_the_day_is_in_the_details(ranked):
    assert {row["label"] for row in detail_rows(ranked)} == {one.trial.truth.label for one in ranked}
    assert all(one.trial.wall_s > 0 for one in ranked)


def test_the_tables_of_a_day_can_be_written_however_short_it_is(ranked):
    shown = [table.markdown() for table in tables(ranked, [])]
    assert any("AUC" in text for text in shown)
