import json

from benchmarks import kept
from benchmarks.kept import Table, commit, keep, machine


def test_a_table_lines_up_and_says_nothing_for_what_is_not_known():
    text = Table("Title", [{"a": 1.23456, "b": None}, {"a": 12345.6, "b": "x|y"}]).markdown()
    assert text.splitlines() == ["## Title", "", "| a     | b    |", "|-------|------|", "| 1.23  | –    |",
                                 "| 12346 | x\\|y |"]  # fmt: skip


def test_what_is_kept_names_commit_and_machine_and_can_be_read_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(kept, "RESULTS", tmp_path)
    measured = {"date": "2026-10-01", "commit": commit(), **machine()}
    path = keep("speed", measured=measured, tables=[Table("T", [{"ms": float("nan")}])], details=[{"seed": 1}])
    data = json.loads(path.with_suffix(".json").read_text())
    assert data["commit"] in path.name
    assert data["processor"]
    assert data["tables"] == {"T": [{"ms": None}]}
    assert data["details"] == [{"seed": 1}]
    assert capsys.readouterr().out.rstrip() == path.read_text().rstrip()
