"""Signed checkpoints of the trail, and the proof that nothing in it was changed, removed or reordered.

Whoever can write the database can also make a whole new chain. What they cannot make is a signature: the key lies in
a file of its own (`audit.key` in the workspace unless the settings name another place), readable by the workbench's
user alone, and each checkpoint is also appended to a file (`audit-checkpoints.jsonl`), so that a trail cut off at its
end, its last checkpoints with it, still misses what that file knows.

What this does not stop: somebody with root on this machine, or the workbench's own user, can read the key and rewrite
database and file together. Against them the file has to be copied elsewhere as it grows (a log server, another
department, paper): `verify` takes such a copy, and every line in it that no longer fits is a proof.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, func, insert, select

from scantriage.errors import WorkspaceError
from scantriage.store.audit import FIRST_PREVIOUS, Entry, entries
from scantriage.store.database import Database
from scantriage.store.encoding import utc_text
from scantriage.store.signing import signing_key
from scantriage.store.workbench_schema import audit_checkpoints, audit_entries

SEAL_EVERY = 100  # entries: some minutes of one analyst's day


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The hash of one entry, signed; signature and public key in base64."""

    entry_id: int
    hash: str
    at: str
    public_key: str
    signature: str

    @property
    def message(self) -> bytes:
        """What is signed."""
        return f"scantriage audit checkpoint\n{self.entry_id}\n{self.hash}\n{self.at}".encode()

    def signed_by(self, public_key: str) -> bool:
        """Whether this key made the signature."""
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
            key.verify(base64.b64decode(self.signature, validate=True), self.message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Sealer:
    """Seals the trail of one workspace; key: the file of the private key, made with mode 0600 if it is missing.

    Raises WorkspaceError for a key that is none, or that others than its owner may read.
    """

    def __init__(self, database: Database, key: Path, witness: Path) -> None:
        self._database = database
        self._witness = witness
        self._key = signing_key(key)
        self.public_key = public_text(self._key)

    def seal(self, *, at: datetime, every: int = 1) -> bool:
        """Sign the newest entry, if at least ``every`` were appended since the last checkpoint; whether it did.

        Called with `SEAL_EVERY` while the workbench runs and with 1 when it stops.
        """
        with self._database.reading() as connection:
            if not _n_unsealed(connection) >= every:
                return False
        with self._database.writing() as connection:
            if not _n_unsealed(connection) >= every:  # another process was quicker
                return False
            last = connection.execute(select(audit_entries).order_by(audit_entries.c.id.desc()).limit(1)).one()
            checkpoint = self._sign(last.id, last.hash, at)
            connection.execute(insert(audit_checkpoints).values(asdict(checkpoint)))
        # after the database: a checkpoint in this file is a claim that the trail holds its entry
        _append_line(self._witness, json.dumps(asdict(checkpoint), sort_keys=True))
        return True

    def _sign(self, entry_id: int, entry_hash: str, at: datetime) -> Checkpoint:
        unsigned = Checkpoint(entry_id, entry_hash, utc_text(at), self.public_key, "")
        signature = base64.b64encode(self._key.sign(unsigned.message)).decode()
        return Checkpoint(entry_id, entry_hash, unsigned.at, self.public_key, signature)


def public_text(key: Ed25519PrivateKey) -> str:
    """The public key in base64."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def read_public_key(key: Path) -> str:
    """The public key that belongs to the private key in this file. Raises WorkspaceError where there is none."""
    if not key.exists():
        raise WorkspaceError(f"There is no audit key {key}.")
    return public_text(signing_key(key))


def read_witness(witness: Path) -> tuple[list[Checkpoint], list[str]]:
    """The checkpoints of the file beside the database or of a copy of it, and a sentence for each line that is none."""
    found, faults = [], []
    for number, line in enumerate(witness.read_text(encoding="utf-8").splitlines() if witness.exists() else [], 1):
        try:
            found.append(Checkpoint(**json.loads(line)))
        except (ValueError, TypeError):
            faults.append(f"Line {number} of {witness.name} is not a checkpoint.")
    return found, faults


def verify(connection: Connection, *, public_key: str | None = None, witnessed: Iterable[Checkpoint] = ()) -> list[str]:
    """Everything that is wrong with the trail, one sentence each; none where it is whole.

    public_key: the one that signed, from a source other than this database; None: signatures are held against the key
    that each checkpoint names, which finds accidents, not intent. witnessed: checkpoints kept outside the database.
    """
    kept, outside = _checkpoints(connection), list(witnessed)
    sealed: dict[int, list[Checkpoint]] = {}
    for checkpoint in [*kept, *outside]:
        sealed.setdefault(checkpoint.entry_id, []).append(checkpoint)
    faults = [
        f"The checkpoint at entry {one.entry_id} is not signed with the audit key."
        for checkpoints in sealed.values()
        for one in dict.fromkeys(checkpoints)
        if not one.signed_by(public_key or one.public_key)
    ]
    removed = {one.entry_id for one in outside} - {one.entry_id for one in kept}
    faults += [f"The checkpoint at entry {number} was removed from the database." for number in sorted(removed)]
    last, hashes = 0, {}
    for entry, fault in _walk(connection):
        faults += fault
        last = entry.id
        if entry.id in sealed:
            hashes[entry.id] = entry.hash
    for number, checkpoints in sorted(sealed.items()):
        if number > last:
            faults.append(f"The trail ends at entry {last}, but entry {number} was sealed: entries were removed.")
        elif any(one.hash != hashes.get(number) for one in checkpoints):
            faults.append(f"Entry {number} is not the one that was sealed.")
    return faults


def _walk(connection: Connection) -> Iterator[tuple[Entry, list[str]]]:
    """Each entry with what is wrong at it: its number, its own fields, its place behind the one before."""
    expected, previous = 1, FIRST_PREVIOUS
    for entry in entries(connection):
        faults = []
        if entry.id != expected:
            gone = f"Entry {expected} is" if entry.id == expected + 1 else f"Entries {expected} to {entry.id - 1} are"
            faults.append(f"{gone} missing.")
        if entry.hash != entry.computed_hash:
            faults.append(f"Entry {entry.id} was changed.")
        if entry.previous != previous and entry.id == expected:
            faults.append(f"Entry {entry.id} does not follow the one before it.")
        yield entry, faults
        expected, previous = entry.id + 1, entry.hash


def _checkpoints(connection: Connection) -> list[Checkpoint]:
    columns = [audit_checkpoints.c[name] for name in ("entry_id", "hash", "at", "public_key", "signature")]
    return [Checkpoint(*row) for row in connection.execute(select(*columns).order_by(audit_checkpoints.c.entry_id))]


def _n_unsealed(connection: Connection) -> int:
    last = connection.execute(select(func.coalesce(func.max(audit_entries.c.id), 0))).scalar_one()
    sealed = connection.execute(select(func.coalesce(func.max(audit_checkpoints.c.entry_id), 0))).scalar_one()
    return int(last - sealed)


def _append_line(path: Path, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    with os.fdopen(handle, "ab") as file:
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
