"""The trail: every act and every view, each entry holding the hash of the one before.

An entry's hash is the SHA-256 of its previous hash and all its fields, so that a change, a removal or another order
breaks the chain at that place. What hashing alone cannot show, a whole chain made anew or cut off at its end, the
signed checkpoints of `seals` show.

Who acted stands in the trail as a number (`account:7`), and what may name or describe a person (`PERSONAL`) only as a
digest with the entry's own salt. Retention deletes the text where it is kept, and the salt here: from then on nobody
can tell, not even by guessing, what the digest was made of, and the chain verifies as before.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import audit_entries, audit_salts

FIRST_PREVIOUS = "0" * 64
SYSTEM = "system"  # acts that nobody asked for: an assignment that ran out, a retry
# facts of these names hold what people are called or wrote: kept as a salted digest, never as they are
PERSONAL = frozenset({"name", "display_name", "reason", "note", "text", "address", "subject", "file_name"})

_ACTOR = re.compile(r"account:[1-9][0-9]*|token:[1-9][0-9]*|system|nobody")
_KIND = re.compile(r"[a-z]+(_[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail; facts as JSON text, exactly as it was hashed."""

    id: int
    at: str
    actor: str
    kind: str
    container_id: str | None
    facts: str
    previous: str
    hash: str

    @property
    def computed_hash(self) -> str:
        """The hash that the entry's fields have."""
        fields = [self.id, self.at, self.actor, self.kind, self.container_id, self.facts, self.previous]
        return hashlib.sha256(_canonical(fields).encode()).hexdigest()


def actor_of(account_id: int) -> str:
    """How the trail names an account: by its number, so that no name is in it."""
    return f"account:{account_id}"


def append(
    connection: Connection,
    *,
    actor: str,
    kind: str,
    at: datetime,
    container_id: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> int:
    """Append one entry inside the act's own transaction, and give its number.

    actor: `actor_of` an account, ``token:N``, ``system``, or ``nobody`` for who is not signed in. kind: a past-tense
    name such as ``decision_made``. facts: JSON-safe; those named in `PERSONAL` become salted digests. The connection
    must be one of `Database.writing`. ValueError for an actor or kind of another form, TypeError for facts that are
    no JSON.
    """
    if _ACTOR.fullmatch(actor) is None or _KIND.fullmatch(kind) is None:
        raise ValueError(f"actor is account:N, token:N, system or nobody, kind a past tense; got {actor!r}, {kind!r}")
    columns = (audit_entries.c.id, audit_entries.c.hash)
    last = connection.execute(select(*columns).order_by(audit_entries.c.id.desc()).limit(1)).first()
    number, previous = (last.id + 1, last.hash) if last else (1, FIRST_PREVIOUS)
    given = dict(facts or {})
    personal = [name for name in given if name in PERSONAL and given[name] is not None]
    salt = secrets.token_hex(16) if personal else ""
    given |= {name: _salted(salt, name, str(given[name])) for name in personal}
    entry = Entry(number, utc_text(at), actor, kind, container_id, _canonical(given), previous, "")
    connection.execute(insert(audit_entries).values(asdict(entry) | {"hash": entry.computed_hash}))
    if salt:
        connection.execute(insert(audit_salts).values(entry_id=number, salt=salt, at=entry.at))
    return number


def entries(connection: Connection, *, after: int = 0) -> Iterator[Entry]:
    """The trail from the entry behind ``after``, oldest first, a few at a time."""
    found = connection.execution_options(yield_per=1000).execute(
        select(audit_entries).where(audit_entries.c.id > after).order_by(audit_entries.c.id)
    )
    return (Entry(*row) for row in found)


def stands_for(connection: Connection, entry_id: int, name: str, text: str) -> bool | None:
    """Whether the entry's digest of this fact was made of this text; None once the salt is deleted."""
    salt = connection.execute(select(audit_salts.c.salt).where(audit_salts.c.entry_id == entry_id)).scalar()
    facts = connection.execute(select(audit_entries.c.facts).where(audit_entries.c.id == entry_id)).scalar()
    if salt is None or facts is None:
        return None
    return bool(json.loads(facts).get(name) == _salted(salt, name, text))


def forget(connection: Connection, *, before: datetime) -> int:
    """Delete the salts of entries older than this, and say how many: their digests stand for nothing any more."""
    return connection.execute(delete(audit_salts).where(audit_salts.c.at < utc_text(before))).rowcount


def _salted(salt: str, name: str, text: str) -> str:
    return "sha256:" + hashlib.sha256(_canonical([salt, name, text]).encode()).hexdigest()


def _canonical(thing: object) -> str:
    """One text for one thing: sorted keys, no spaces, ASCII."""
    return json.dumps(thing, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
