"""The command line as a user meets it: what it says, and its exit codes."""

import json
import re
import subprocess
import sys

import pytest

from scantriage import __version__, cli
from scantriage.pipeline import day_run
from scantriage.pipeline.day_run import DayResult
from scantriage.rank.case import Case, Ranked
from scantriage.scan.finding import Evidence, Reading
from scantriage.store.database import Database
from scantriage.store.workspace import Workspace


@pytest.fixture
def scantriage(monkeypatch, capsys):
    """Run the command line in this process: exit code, lines on standard output, lines on standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scantriage", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out.splitlines(), said.err.splitlines()

    return run


@pytest.fixture
def result(monkeypatch):
    """Let triage end at once, with this."""

    def set_result(**parts):
        reading = Reading("not_comparable", reason="The scans show [bold]different[/bold] lengths.")
        ranked = Ranked(1, Case("HLBU1527916", reading), 0.25, "rescan", "NLRTM", (Evidence("base_rate", -7.0, "x"),))
        whole = {"ranked": (ranked,), "n_fresh": 1, "failed": (), "problems": (), "without_scan": ()} | parts
        monkeypatch.setattr(day_run, "triage", lambda *_args, **_options: DayResult(**whole))

    return set_result


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["triage"], "Missing argument 'DELIVERY...'."),
        (["triage", "x"], "Missing option '--workspace'."),
        (["triage", "x", "--workspace", "w", "--workers", "0"], "--workers"),
        (["triage", "x", "--workspace", "w", "--now", "yesterday"], "--now is a moment such as"),
        (["triage", "x", "--workspace", "w", "--now", "2026-10-01T12:00:00"], "--now is a moment such as"),
        (["triage", "x", "--workspace", "w", "--fast"], "No such option"),
        (["compare"], "No such command 'compare'."),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(scantriage, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    code, out, (line,) = scantriage(*arguments)
    assert (code, out) == (2, [])
    assert line.startswith("scantriage: ")
    assert sentence in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "workspace", "sentence"),
    [
        (lambda _: None, "workspace", "There is no delivery"),
        (lambda path: path.write_text("a letter"), "workspace", "neither a folder nor a .zip"),
        (lambda path: path.mkdir(), "workspace", "holds no scan"),
        (lambda path: path.mkdir(), "delivery/workspace", "which must not be changed"),
        (lambda path: path.mkdir(), "/proc/workspace", "cannot be written"),
    ],
)
def test_an_unusable_delivery_or_workspace_is_told_in_one_line(scantriage, tmp_path, make, workspace, sentence):
    make(tmp_path / "delivery")
    code, _, lines = scantriage("triage", tmp_path / "delivery", "--workspace", tmp_path / workspace)
    assert code == 2
    assert [sentence in line for line in lines if line.startswith("scantriage: ")] == [True]


def test_a_second_run_on_a_busy_workspace_is_told_to_wait(scantriage, tmp_path):
    (tmp_path / "delivery").mkdir()
    with Workspace.open(tmp_path / "workspace"):
        code, _, lines = scantriage("triage", tmp_path / "delivery", "--workspace", tmp_path / "workspace")
    assert code == 2
    assert [line for line in lines if line] == [
        f"scantriage: Another run is working on {tmp_path / 'workspace'}; wait until it is done."
    ]


def test_the_top_of_the_ranking_is_a_table_that_takes_names_as_they_are(scantriage, tmp_path, result):
    result()
    code, out, _ = scantriage("triage", tmp_path, "--workspace", tmp_path / "w")
    assert code == 0
    assert out[0].split() == ["rank", "container", "priority", "action", "where", "why"]
    assert out[1].split()[:5] == ["1", "HLBU1527916", "0.250", "rescan", "NLRTM"]
    assert "[bold]different[/bold]" in " ".join(out)
    assert any(line.endswith("ranking.csv") for line in out)


def test_problems_are_told_one_by_one_and_do_not_make_the_run_a_failure(scantriage, tmp_path, result):
    result(problems=tuple(f"{number}.tif is empty." for number in range(25)), without_scan=("TEMU6943080",))
    code, _, lines = scantriage("triage", tmp_path, "--workspace", tmp_path / "w")
    told = [line for line in lines if line.startswith("scantriage: ")]
    assert code == 0
    assert told[0] == "scantriage: 0.tif is empty."
    assert told[20].startswith("scantriage: 5 more problems are listed in")
    assert told[21].startswith("scantriage: 1 container of the manifest without a scan")


def test_a_fault_of_ours_is_exit_code_1(scantriage, tmp_path, result):
    result(failed=("HLBU1527916",))
    code, _, lines = scantriage("triage", tmp_path, "--workspace", tmp_path / "w")
    assert code == 1
    assert "1 container not read for a fault of ours" in lines[-1]


def test_the_version_is_printed(scantriage):
    assert scantriage("--version") == (0, [__version__], [])


def test_help_comes_at_once_because_no_numerics_are_loaded():
    loaded = "import sys, scantriage.cli; print({'numpy', 'cv2', 'torch', 'sqlalchemy', 'pydantic'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_a_simulated_day_is_read_from_end_to_end_and_a_second_run_reads_nothing(scantriage, tmp_path):
    delivery, workspace = tmp_path / "delivery", tmp_path / "workspace"
    code, out, _ = scantriage("simulate", delivery, "--pairs", "2", "--scale", "0.15", "--seed", "3")
    assert code == 0
    truths = [json.loads(line) for line in (delivery / "truth.jsonl").read_text().splitlines()]
    assert out == [f"{len(truths)} containers simulated: {delivery}"]
    for n_fresh in (len(truths), 0):
        code, out, lines = scantriage("triage", delivery, "--workspace", workspace, "--workers", "1")
        assert code == 0
        assert [line for line in lines if line.startswith("scantriage: ")] == []
        assert any(re.search(rf"{len(truths)} containers? ranked, {n_fresh} read now", line) for line in out)
    rows = [json.loads(line) for line in (workspace / "ranking.jsonl").read_text().splitlines()]
    assert {row["container_id"] for row in rows} == {truth["container_id"] for truth in truths}
    for row in rows:
        assert row["outcome"] in ("compared", "not_comparable")
        if row["outcome"] == "compared":
            assert (workspace / "pictures" / f"{row['container_id']}.jpg").stat().st_size > 10_000


def test_simulated_scans_go_only_into_an_empty_folder(scantriage, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    code, _, lines = scantriage("simulate", tmp_path, "--pairs", "1")
    assert (code, lines) == (2, [f"scantriage: {tmp_path} is not empty."])


def test_figures_are_counted_anew_by_a_command_of_their_own(scantriage, tmp_path):
    Database(tmp_path / "scantriage.db").close()
    code, out, _ = scantriage("figures", "--workspace", tmp_path)
    assert code == 0
    assert "0 containers counted, 0 rates watched, 0 changes" in "".join(out)
    assert (tmp_path / "monitoring.json").exists()
    code, _, err = scantriage("figures", "--workspace", tmp_path / "nothing")
    assert (code, len(err)) == (2, 1)
    assert not (tmp_path / "nothing").exists()
