"""Loads projected into copies of the day's readings, by the pipeline that reads real ones."""

import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from made_engine import InlineEngine
from sqlalchemy import select

from scantriage.errors import WorkspaceError
from scantriage.io.scan_files import read_scan
from scantriage.pipeline import day_run, projection_run
from scantriage.pipeline.day_plan import plan_day
from scantriage.pipeline.figures_run import make_report
from scantriage.pipeline.simulate_run import write_delivery
from scantriage.simulate.contents import Wish
from scantriage.simulate.display import export_case
from scantriage.simulate.pair import simulate_pair
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.schema import metadata
from scantriage.store.tips import all_files, files_of, find_tip
from scantriage.store.workbench_schema import queue_rows, tips

NOW = datetime(2026, 11, 20, tzinfo=UTC)
# what a projection may write: its own table, and that it was made
OWN = {"tips", "audit_entries"}


def _quietly(*_args):
    pass


@pytest.fixture(scope="module")
def read_once(tmp_path_factory):
    """Three clean containers, read: two pairs of raw scans and one of display exports."""
    folder = tmp_path_factory.mktemp("day")
    wish = Wish("clean", size_type="45R1", commodity="bananas")
    cases = [simulate_pair(seed, scale=0.25, wish=wish, cut_off=0.0) for seed in (2_001, 2_002, 2_005)]
    cases[2] = export_case(cases[2], np.random.default_rng(1), scale=0.25)
    write_delivery(folder / "delivery", cases)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(day_run, "Engine", InlineEngine)
        day_run.triage([folder / "delivery"], folder / "workspace", n_workers=1, progress=_quietly, now=NOW)
    return folder / "workspace"


@pytest.fixture
def workspace(read_once, tmp_path, monkeypatch):
    monkeypatch.setattr(projection_run, "Engine", InlineEngine)
    root = tmp_path / "workspace"
    shutil.copytree(read_once, root)
    return root


def project(root, *, share=0.5, seed=4):
    rng = np.random.default_rng(seed)
    return projection_run.make_projections(root, share=share, n_workers=1, progress=_quietly, rng=rng)


def tables(root):
    """Every row of every table, by table."""
    database = Database(Places(root).database)
    try:
        with database.reading() as connection:
            return {
                name: sorted(map(repr, connection.execute(select(table)).all()))
                for name, table in metadata.tables.items()
            }
    finally:
        database.close()


def kept(root):
    database = Database(Places(root).database)
    try:
        with database.reading() as connection:
            return [find_tip(connection, number) for number in connection.execute(select(tips.c.id)).scalars()]
    finally:
        database.close()


def test_nothing_of_a_projected_load_leaves_the_training_path(workspace):
    before, ranking = tables(workspace), (workspace / "ranking.jsonl").read_bytes()
    files = {path for path in workspace.rglob("*") if path.is_file()}
    made = project(workspace)
    assert made.n_made == made.n_wanted == 2
    after = tables(workspace)
    assert {name for name in after if after[name] != before[name]} == OWN
    assert (workspace / "ranking.jsonl").read_bytes() == ranking
    new = {
        path.relative_to(workspace).parts[0] for path in workspace.rglob("*") if path.is_file() and path not in files
    }
    assert new == {"tips"}


def test_figures_know_nothing_of_a_projected_load(workspace):
    def report():
        database = Database(Places(workspace).database)
        try:
            return make_report(database, Places(workspace), now=NOW)
        finally:
            database.close()

    before = report()
    project(workspace)
    assert report() == before


def test_a_kept_load_is_what_the_ranking_would_have_shown(workspace):
    project(workspace, share=1.0)
    text = (workspace / "ranking.jsonl").read_text()
    lines = {line["container_id"]: line for line in map(json.loads, text.splitlines())}
    for tip in kept(workspace):
        assert set(tip.row) == {*lines[tip.container_id], "shows_from_kg"}  # as the workbench has every row
        assert tip.row["origin_scan"] == lines[tip.container_id]["origin_scan"]
        assert tip.row["outcome"] == "compared"
        assert 5 <= tip.mass_kg <= 205
        assert all((workspace / file).is_file() for file in files_of(tip.views))


def test_the_changed_scan_is_the_rescan_but_for_the_load(workspace):
    project(workspace, share=1.0)
    database = Database(Places(workspace).database)
    rescans = {plan.container_id: plan.pairing.rescan for plan in plan_day(database).containers}
    database.close()
    for tip in kept(workspace):
        rescan = rescans[tip.container_id]
        real = read_scan(workspace / rescan.path).pixels
        changed = read_scan(workspace / files_of(tip.views)[2])
        assert changed.pixels.shape == real.shape
        assert changed.pixels.dtype == real.dtype
        assert changed.kind == rescan.record.kind
        differs = (changed.pixels != real).any(axis=0)
        assert 0.0001 < differs.mean() < 0.05
        # a load takes photons away: darker on average where it lies
        assert (changed.pixels[:, differs].astype(float) - real[:, differs]).mean() < 0


def test_what_stands_is_not_made_again_and_more_is_made_for_a_larger_share(workspace):
    first = project(workspace, share=0.3)
    assert (first.n_made, project(workspace, share=0.3).n_made) == (1, 0)
    assert project(workspace, share=1.0).n_made == 2


def test_the_same_seed_makes_the_same_loads(workspace, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(workspace, other)
    for root in (workspace, other):
        project(root, share=0.3)
    first, second = kept(workspace), kept(other)
    assert [(t.container_id, t.zone, t.mass_kg, t.row, t.views) for t in first] == [
        (t.container_id, t.zone, t.mass_kg, t.row, t.views) for t in second
    ]


def test_what_is_not_kept_leaves_no_file(workspace):
    project(workspace)
    stale = workspace / "tips" / "ff" / "ff00.tif"
    stale.parent.mkdir(parents=True, exist_ok=True)
    stale.write_bytes(b"left by an interrupted run")
    database = Database(Places(workspace).database)
    with database.writing() as connection:
        connection.execute(queue_rows.update().values(reading_digest="read anew", state="released"))
    project(workspace)
    with database.reading() as connection:
        files = all_files(connection)
    database.close()
    assert {p.relative_to(workspace) for p in (workspace / "tips").rglob("*") if p.is_file()} == files == set()


def test_there_must_be_a_workspace(tmp_path):
    with pytest.raises(WorkspaceError, match="triage"):
        project(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_counts_and_grey_levels_both_take_a_load(workspace):
    project(workspace, share=1.0)
    assert {read_scan(workspace / files_of(tip.views)[2]).kind for tip in kept(workspace)} == {"raw", "display"}
