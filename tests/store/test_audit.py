import json
import sqlite3
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import IntegrityError
from workbench_made import NOW

from scantriage.errors import WorkspaceError
from scantriage.store import audit, seals


@pytest.fixture
def sealer(database, tmp_path):
    return seals.Sealer(database, tmp_path / "audit.key", tmp_path / "checkpoints.jsonl")


def append(database, n=1, **facts):
    for _ in range(n):
        with database.writing() as connection:
            audit.append(connection, actor="account:7", kind="container_viewed", at=NOW, container_id="A", facts=facts)


def faults(database, sealer, *, witnessed=()):
    with database.reading() as connection:
        return seals.verify(connection, public_key=sealer.public_key, witnessed=witnessed)


def tamper(database, *statements):
    """What somebody does who has the file in hand, guards and all."""
    with sqlite3.connect(database.path) as connection:
        for table in ("audit_entries", "audit_checkpoints"):
            for act in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_entries_are_numbered_without_a_gap_and_each_holds_the_hash_of_the_one_before(database, sealer):
    append(database, 3, page="container")
    with database.reading() as connection:
        first, second, third = audit.entries(connection)
    assert [one.id for one in (first, second, third)] == [1, 2, 3]
    assert first.previous == audit.FIRST_PREVIOUS
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert json.loads(first.facts) == {"page": "container"}
    assert faults(database, sealer) == []


def test_an_act_that_fails_leaves_no_entry(database, sealer):
    unfinished = database.writing()
    audit.append(unfinished.__enter__(), actor="system", kind="outcome_entered", at=NOW)
    unfinished.__exit__(RuntimeError, RuntimeError(), None)
    append(database)
    with database.reading() as connection:
        assert [one.id for one in audit.entries(connection)] == [1]
    assert faults(database, sealer) == []


@pytest.mark.parametrize("actor", ["j.smith", "account:0", "account:x", "", "account:1 "])
def test_who_acted_is_a_number_never_a_name(database, actor):
    with database.writing() as connection, pytest.raises(ValueError, match="account:N"):
        audit.append(connection, actor=actor, kind="signed_in", at=NOW)


def test_what_people_are_called_and_wrote_is_there_as_a_digest_until_its_salt_is_deleted(database, sealer):
    append(database, reason="Smells of fish.", name="J. Smith", zone="cargo", note=None)
    with database.writing() as connection:
        (entry,) = audit.entries(connection)
        assert "fish" not in entry.facts
        assert "Smith" not in entry.facts
        assert json.loads(entry.facts)["zone"] == "cargo"
        assert json.loads(entry.facts)["note"] is None
        assert audit.stands_for(connection, 1, "reason", "Smells of fish.") is True
        assert audit.stands_for(connection, 1, "reason", "Smells of fruit.") is False
        assert audit.stands_for(connection, 1, "name", "Smells of fish.") is False
        assert audit.forget(connection, before=NOW) == 0
        assert audit.forget(connection, before=NOW + timedelta(seconds=1)) == 1
        assert audit.stands_for(connection, 1, "reason", "Smells of fish.") is None
    assert faults(database, sealer) == []


def test_the_same_text_twice_has_two_digests(database):
    append(database, 2, reason="Seen.")
    with database.reading() as connection:
        first, second = (json.loads(one.facts)["reason"] for one in audit.entries(connection))
    assert first != second


@pytest.mark.parametrize("table", ["audit_entries", "audit_checkpoints"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = 'now'", "DELETE FROM {}"])
def test_the_program_itself_cannot_change_the_trail(database, sealer, table, statement):
    append(database)
    sealer.seal(at=NOW)
    with pytest.raises((IntegrityError, WorkspaceError), match="append-only"), database.writing() as connection:
        connection.exec_driver_sql(statement.format(table))


FIELDS = {"at": "2026", "actor": "account:8", "kind": "refused", "container_id": "B", "facts": "{}"}


@pytest.mark.parametrize("field", [*FIELDS, "previous", "hash"])
def test_a_change_of_any_field_is_found(database, sealer, field):
    append(database, 5, page="x")
    change = "UPDATE audit_entries SET {} = '{}' WHERE id = 3"
    tamper(database, change.format(field, FIELDS.get(field, "f" * 64)))
    assert "Entry 3 was changed." in faults(database, sealer)


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["DELETE FROM audit_entries WHERE id = 3"], "Entry 3 is missing."),
        (["DELETE FROM audit_entries WHERE id < 3"], "Entries 1 to 2 are missing."),
        (
            ["DELETE FROM audit_entries WHERE id = 3", "UPDATE audit_entries SET id = id - 1 WHERE id > 3"],
            "Entry 3 was changed.",
        ),
        (
            [
                "UPDATE audit_entries SET id = CASE id WHEN 2 THEN 99 WHEN 3 THEN 98 ELSE id END",
                "UPDATE audit_entries SET id = CASE id WHEN 99 THEN 3 WHEN 98 THEN 2 ELSE id END",
            ],
            "Entry 2 was changed.",
        ),
        (
            [
                "INSERT INTO audit_entries (id, at, actor, kind, facts, previous, hash) "
                "SELECT 6, at, actor, kind, facts, hash, hash FROM audit_entries WHERE id = 5"
            ],
            "Entry 6 was changed.",
        ),
    ],
    ids=["removed", "beginning removed", "removed and closed up", "reordered", "invented"],
)
def test_removal_reordering_and_invention_are_found(database, sealer, statements, sentence):
    append(database, 5)
    tamper(database, *statements)
    assert sentence in faults(database, sealer)


def rebuilt(database, *, leave_out):
    """The whole chain made anew without one entry: what hashing alone does not show."""
    with database.reading() as connection:
        kept = [one for one in audit.entries(connection) if one.id != leave_out]
    tamper(database, "DELETE FROM audit_entries")
    with database.writing() as connection:
        for one in kept:
            audit.append(connection, actor=one.actor, kind=one.kind, at=NOW, facts=json.loads(one.facts))


def test_a_chain_made_anew_does_not_fit_what_was_signed(database, sealer):
    append(database, 5)
    sealer.seal(at=NOW)
    rebuilt(database, leave_out=2)
    append(database)
    assert faults(database, sealer) == ["Entry 5 is not the one that was sealed."]


def test_a_chain_made_anew_and_signed_with_another_key_is_found(database, sealer, tmp_path):
    append(database, 5)
    sealer.seal(at=NOW)
    tamper(database, "DELETE FROM audit_checkpoints")
    rebuilt(database, leave_out=2)
    seals.Sealer(database, tmp_path / "other.key", tmp_path / "other.jsonl").seal(at=NOW)
    assert faults(database, sealer) == ["The checkpoint at entry 4 is not signed with the audit key."]


def test_a_trail_cut_off_at_its_end_is_found(database, sealer, tmp_path):
    append(database, 3)
    sealer.seal(at=NOW)
    append(database, 3)
    sealer.seal(at=NOW)
    tamper(database, "DELETE FROM audit_entries WHERE id > 4")
    assert faults(database, sealer) == ["The trail ends at entry 4, but entry 6 was sealed: entries were removed."]
    # with the checkpoint gone as well, the database alone shows a shorter trail that is whole
    tamper(database, "DELETE FROM audit_checkpoints WHERE entry_id = 6")
    assert faults(database, sealer) == []
    witnessed, wrong = seals.read_witness(tmp_path / "checkpoints.jsonl")
    assert wrong == []
    assert faults(database, sealer, witnessed=witnessed) == [
        "The checkpoint at entry 6 was removed from the database.",
        "The trail ends at entry 4, but entry 6 was sealed: entries were removed.",
    ]


def test_a_forged_checkpoint_is_found(database, sealer):
    append(database, 2)
    sealer.seal(at=NOW)
    tamper(database, "UPDATE audit_checkpoints SET at = '2020'")
    assert faults(database, sealer) == ["The checkpoint at entry 2 is not signed with the audit key."]


def test_a_line_that_is_no_checkpoint_is_named(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"entry_id": 1}\nnot JSON\n')
    assert seals.read_witness(tmp_path / "x.jsonl") == (
        [],
        ["Line 1 of x.jsonl is not a checkpoint.", "Line 2 of x.jsonl is not a checkpoint."],
    )


def test_it_is_sealed_when_enough_was_appended_and_not_twice(database, sealer):
    assert not sealer.seal(at=NOW)
    append(database, 3)
    assert not sealer.seal(at=NOW, every=4)
    append(database)
    assert sealer.seal(at=NOW, every=4)
    assert not sealer.seal(at=NOW)


def test_the_key_is_its_owners_alone_and_the_same_the_next_time(database, sealer, tmp_path):
    key = tmp_path / "audit.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert seals.Sealer(database, key, tmp_path / "x").public_key == sealer.public_key == seals.read_public_key(key)
    key.chmod(0o640)
    with pytest.raises(WorkspaceError, match="0600"):
        seals.read_public_key(key)
    with pytest.raises(WorkspaceError, match="no audit key"):
        seals.read_public_key(tmp_path / "none.key")


def test_a_signature_is_held_against_the_key_that_is_known_not_the_one_that_is_claimed():
    forger = seals.public_text(Ed25519PrivateKey.generate())
    checkpoint = seals.Checkpoint(1, "0" * 64, "2026", forger, "AAAA")
    assert not checkpoint.signed_by(forger)
    assert not checkpoint.signed_by("not base64")
