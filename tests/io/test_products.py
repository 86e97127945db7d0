"""Products: exactly the keys of the format, JSON that any reader takes, tables that no spreadsheet runs."""

import csv
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scantriage.io.products import ranking_row, shown_row, write_ranking, write_run
from scantriage.io.whole_file import write_whole
from scantriage.rank.priority import Case, rank
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import MetreBox, PixelBox
from scantriage.scan.record import ScanRecord

NOW = datetime(2026, 10, 28, 15, tzinfo=UTC)
ORIGIN = ScanRecord("ECGYE-1", ("MSCU1234566",), "origin", "ECGYE", NOW, sha256="a" * 64, kind="raw")
RESCAN = ScanRecord("NLRTM-1", ("MSCU1234566",), "rescan", "NLRTM", NOW, sha256="b" * 64, kind="raw")
FINDING = Finding(
    "added", "door_end", 21.456, MetreBox(11.2, 11.6, 0.2, 0.6), mass_kg=43.21, mass_kg_sd=8.0,
    rescan_box=PixelBox(300, 340, 1366, 1396),
)  # fmt: skip
COMPARED = Reading(
    "compared", agreement=0.91234567, blind_fraction=0.05, findings=(FINDING,), stage_ms={"decode": 30.0}
)

# FORMAT.md, "What it writes"
KEYS = [
    "rank", "container_id", "origin_scan", "rescan", "outcome", "reason", "priority", "action", "where", "agreement",
    "blind_fraction", "findings", "evidence",
]  # fmt: skip
FINDING_KEYS = [
    "kind", "zone", "significance", "mass_kg", "mass_kg_sd", "origin_box", "rescan_box", "container_box_m", "sentence",
]  # fmt: skip


def read_ranking(folder: Path) -> list[dict]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    lines = (folder / "ranking.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def read_table(folder: Path) -> list[dict]:
    with (folder / "ranking.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_workbench_is_also_told_from_which_mass_on_a_load_shows():
    reading = replace(COMPARED, shows_from_kg={"door_end": 12.0})
    (one,) = rank([Case("MSCU1234566", reading, ORIGIN, RESCAN)], now=NOW)
    assert shown_row(one) == ranking_row(one) | {"shows_from_kg": {"door_end": 12.0}}


def test_a_ranking_has_the_keys_of_the_format_and_the_most_urgent_first(tmp_path):
    cases = [Case("TEMU0000001", Reading("single")), Case("MSCU1234566", COMPARED, ORIGIN, RESCAN)]
    write_ranking(tmp_path, rank(cases, now=NOW))
    first, second = read_ranking(tmp_path)
    assert list(first) == list(second) == KEYS
    assert [first["rank"], first["container_id"], first["origin_scan"]] == [1, "MSCU1234566", "ECGYE-1"]
    assert second["origin_scan"] is None
    assert second["agreement"] is None
    assert 0 < second["priority"] < first["priority"] < 1
    (finding,) = first["findings"]
    assert list(finding) == FINDING_KEYS
    assert finding["rescan_box"] == [300, 340, 1366, 1396]
    assert finding["origin_box"] is None
    assert finding["container_box_m"] == [11.2, 11.6, 0.2, 0.6]
    assert all(list(item) == ["name", "contribution", "sentence"] for item in first["evidence"])


def test_the_printed_contributions_sum_to_the_printed_priority(tmp_path):
    write_ranking(tmp_path, rank([Case("MSCU1234566", COMPARED, ORIGIN, RESCAN)], now=NOW))
    (row,) = read_ranking(tmp_path)
    total = sum(item["contribution"] for item in row["evidence"])
    # each is rounded to 0.001, so the sum is off by at most n / 2000 in log-odds
    assert math.log(row["priority"] / (1 - row["priority"])) == pytest.approx(
        total, abs=len(row["evidence"]) / 2000 + 1e-4
    )


def test_numbers_that_are_none_are_null(tmp_path):
    nowhere = Finding("added", "cargo", math.nan, MetreBox(1, 2, 0, 1), mass_kg=math.inf)
    write_ranking(tmp_path, rank([Case("MSCU1234566", Reading("compared", findings=(nowhere,)))], now=NOW))
    (finding,) = read_ranking(tmp_path)[0]["findings"]
    assert finding["significance"] is None
    assert finding["mass_kg"] is None


def test_the_table_says_the_same_as_the_lines(tmp_path):
    write_ranking(tmp_path, rank([Case("MSCU1234566", COMPARED, ORIGIN, RESCAN)], now=NOW))
    (row,), (line,) = read_table(tmp_path), read_ranking(tmp_path)
    assert list(row) == KEYS
    assert float(row["priority"]) == line["priority"]
    assert row["findings"] == FINDING.sentence


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\n"])
def test_no_cell_begins_like_a_formula(tmp_path, start):
    evil = f'{start}cmd|"/c calc"!A1'
    write_ranking(tmp_path, rank([Case(evil, Reading("unprocessable", reason=evil))], now=NOW))
    (row,) = read_table(tmp_path)
    assert row["container_id"] == row["reason"] == f"'{evil}"


def test_an_empty_ranking_is_an_empty_list_and_a_table_with_a_header(tmp_path):
    write_ranking(tmp_path, [])
    assert read_ranking(tmp_path) == []
    assert (tmp_path / "ranking.csv").read_text().strip() == ",".join(KEYS)


def test_a_run_counts_outcomes_and_stages(tmp_path):
    readings = [Reading("compared", stage_ms={"decode": float(ms)}) for ms in range(1, 101)] + [Reading("single")]
    write_run(
        tmp_path,
        readings=readings,
        settings={"n_workers": 2},
        models={},
        wall_s=1.5,
        problems=["a.tif: short"],
        without_scan=[],
    )
    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert run["outcomes"] == {"compared": 100, "single": 1, "not_comparable": 0, "unprocessable": 0}
    # of 1..100: half below 50.5, a twentieth above 95.05
    assert run["stages"] == {"decode": {"n": 100, "median_ms": 50.5, "p95_ms": 95.05}}
    assert (run["wall_s"], run["problems"], run["settings"]) == (1.5, ["a.tif: short"], {"n_workers": 2})
    assert run["version"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_remains(tmp_path, monkeypatch):
    target = tmp_path / "ranking.jsonl"
    write_whole(target, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
