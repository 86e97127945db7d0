import shutil
import sqlite3
import sys
from datetime import UTC, datetime

import pytest

from scantriage import cli
from scantriage.errors import WorkspaceError
from scantriage.pipeline.audit_run import sealer_of, verify_trail
from scantriage.settings import load_settings
from scantriage.store import audit
from scantriage.store.database import Database
from scantriage.store.places import Places

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def places(tmp_path):
    """A workspace in which something was seen, sealed twice; its key lies elsewhere."""
    root = tmp_path / "workspace"
    root.mkdir()
    places = Places(root)
    places.settings.write_text(f'[audit]\nkey = "{tmp_path / "safe.key"}"\n')
    database = Database(places.database)
    sealer = sealer_of(places, load_settings(places.settings), database)
    for _ in range(2):
        with database.writing() as connection:
            for _ in range(3):
                audit.append(connection, actor="account:1", kind="container_viewed", at=NOW)
        sealer.seal(at=NOW)
    database.close()
    return places


def verified(scantriage, places, *options):
    return scantriage("audit", "verify", "--workspace", places.root, *options)


@pytest.fixture
def scantriage(capsys, monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["scantriage", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out.splitlines(), said.err.splitlines()

    return run


def tamper(places, statement):
    with sqlite3.connect(places.database) as connection:
        for act in ("update", "delete"):
            for table in ("audit_entries", "audit_checkpoints"):
                connection.execute(f"DROP TRIGGER {table}_no_{act}")
        connection.executescript(statement)
    connection.close()


def test_a_whole_trail_is_said_to_be_whole(scantriage, places, tmp_path):
    assert verified(scantriage, places) == (0, ["6 entries, 2 signed checkpoints: whole."], [])
    assert (tmp_path / "safe.key").stat().st_mode & 0o777 == 0o600
    assert not places.audit_key.exists()


def test_each_fault_is_one_sentence_and_the_exit_code_is_1(scantriage, places):
    tamper(places, "UPDATE audit_entries SET actor = 'account:2' WHERE id = 2; DELETE FROM audit_entries WHERE id = 4")
    assert verified(scantriage, places) == (
        1,
        ["5 entries, 2 signed checkpoints: 2 faults."],
        ["scantriage: Entry 2 was changed.", "scantriage: Entry 4 is missing."],
    )


def test_a_copy_kept_elsewhere_knows_what_was_cut_off(scantriage, places, tmp_path):
    copy = shutil.copy(places.audit_checkpoints, tmp_path / "copy.jsonl")
    tamper(places, "DELETE FROM audit_entries WHERE id > 3; DELETE FROM audit_checkpoints WHERE entry_id > 3")
    first_line = places.audit_checkpoints.read_text().splitlines()[0]
    places.audit_checkpoints.write_text(f"{first_line}\n")  # whoever may write the folder cuts the file off, too
    assert verified(scantriage, places)[0] == 0
    code, _, lines = verified(scantriage, places, "--checkpoints", copy)
    assert code == 1
    # the first check was written down as entry 4
    assert lines[-1] == "scantriage: The trail ends at entry 4, but entry 6 was sealed: entries were removed."


def test_a_check_is_an_entry_itself(scantriage, places):
    assert verified(scantriage, places)[1] == ["6 entries, 2 signed checkpoints: whole."]
    assert verified(scantriage, places)[1] == ["7 entries, 2 signed checkpoints: whole."]
    with sqlite3.connect(places.database) as connection:
        last = connection.execute("SELECT actor, kind, facts FROM audit_entries ORDER BY id DESC LIMIT 1").fetchone()
    connection.close()
    assert last == ("system", "trail_verified", '{"entries":7,"faults":0}')


@pytest.mark.parametrize(
    ("breaks", "sentence"),
    [
        (lambda places: shutil.rmtree(places.root), "There is no workspace"),
        (lambda places: (places.root.parent / "safe.key").unlink(), "There is no audit key"),
        (lambda places: (places.root.parent / "safe.key").chmod(0o644), "mode 0600"),
        (lambda places: (places.root.parent / "safe.key").write_text("x"), "not an Ed25519 key"),
    ],
)
def test_what_cannot_be_checked_is_told_in_one_line(scantriage, places, breaks, sentence):
    breaks(places)
    code, out, (line,) = verified(scantriage, places)
    assert (code, out) == (2, [])
    assert sentence in line


def test_a_trail_that_nobody_sealed_yet_needs_no_key(tmp_path):
    Database(Places(tmp_path).database).close()
    report = verify_trail(tmp_path)
    assert (report.n_entries, report.n_checkpoints, report.faults) == (0, 0, ())
    with pytest.raises(WorkspaceError, match="There is no file"):
        verify_trail(tmp_path, checkpoints=tmp_path / "none.jsonl")
