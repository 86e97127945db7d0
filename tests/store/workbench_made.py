"""People and a queue to try the workbench's store on."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

from scantriage.store import assignments, decisions, queue
from scantriage.store.accounts import add_account
from scantriage.store.encoding import utc_text
from scantriage.store.preferences import Preferences

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PLAIN = Preferences(random_share=0.0, tip_share=0.0)


def person(connection, name, role="analyst", sites=()):
    return add_account(
        connection, name=name, display_name=name.title(), role=role, sites=sites, password_hash=None, at=NOW
    )


def number(i):
    return f"ABCU{i:07d}"


def row(i, *, priority=0.1, place=None, digest=None, **other):
    """The i-th of the queue."""
    fields = {
        "container_id": number(i), "reading_digest": digest or f"digest-{i}", "rank": i, "priority": priority,
        "outcome": "compared", "action": "none", "place": place, "zone": None, "why": "Because.", "vessel": None,
        "due_at": None, "flow": "ECGYE-NLRTM", "commodity": "08", "acquired_at": utc_text(NOW - timedelta(hours=i)),
        "row": json.dumps({"rank": i}), "manifest": None, "ranked_at": utc_text(NOW),
    }  # fmt: skip
    return queue.QueueRow(**fields | other)


def fill(database, *rows):
    with database.writing() as connection:
        queue.replace_queue(connection, rows, NOW)


def give(connection, account, *, at=NOW, preferences=PLAIN, seed=0):
    """The next assignment of this account."""
    rng = Random(seed)  # noqa: S311
    return assignments.next_assignment(connection, account, rng=rng, at=at, preferences=preferences)


def act(verdict="release", key="request-1", **other):
    given = {"reason": "Seen.", "action": "inspect_at_port" if verdict == "refer" else None}
    return decisions.Act(verdict, request_key=key, **given | other)


def decide(connection, assignment, verdict="release", *, key=None, at=NOW, preferences=PLAIN, **other):
    chosen = act(verdict, key or f"request-{assignment.id}", **other)
    return decisions.decide(connection, assignment.id, assignment.account_id, chosen, at=at, preferences=preferences)


def state(connection, i):
    return queue.row_of(connection, number(i)).state
