"""What is kept of people and firms, and its end: deleted where it is kept, while the trail stays whole.

The trail holds digests of personal data, never the data, so that nothing in it has to be changed. A container's time
begins when its work ended; where nobody ever looked at it, when it was last scanned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.functions import Function

from scantriage.store import audit
from scantriage.store.encoding import utc_text
from scantriage.store.places import Places
from scantriage.store.schema import contents, manifest_entries, readings
from scantriage.store.tips import files_of
from scantriage.store.workbench_schema import (
    accounts,
    api_tokens,
    assignments,
    decisions,
    drawn_annotations,
    inspection_photos,
    inspections,
    queue_rows,
    referrals,
    tips,
    web_sessions,
)

_PAPERWORK = ("consignee", "shipper", "vessel", "voyage", "seal", "bill_of_lading")
_AT_WORK = ("open", "second", "second_open", "disagreement")
_DONE = ("referred", "released", "not_comparable")


@dataclass(frozen=True, slots=True)
class Expiry:
    """What of one kind of data was deleted: how many pieces, and the files that nothing refers to any more."""

    n_deleted: int
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one run deleted. counts: pieces of each kind, all kinds named. files: below the workspace."""

    counts: Mapping[str, int]
    files: tuple[Path, ...]


def delete_expired(connection: Connection, places: Places, days: Mapping[str, int], *, at: datetime) -> Deleted:
    """Delete what is older than its kind's days, and append to the trail how much of each kind.

    days: as `Preferences.retention_days`. The files named in the answer are to be unlinked once this is committed;
    one that is left by a crash is named again the next time.
    """
    connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted is overwritten, not only unlinked
    counts: dict[str, int] = {}
    files: list[Path] = []
    for kind, expire in _EXPIRE.items():
        before = at - timedelta(days=days[kind])
        expired = expire(connection, places, before)
        counts[kind] = expired.n_deleted
        files += expired.files
        if expired.n_deleted:
            facts = {"data": kind, "deleted": expired.n_deleted, "older_than": utc_text(before)}
            audit.append(connection, actor=audit.SYSTEM, kind="data_deleted", at=at, facts=facts)
    return Deleted(counts, tuple(files))


def unlink(files: Iterable[Path], places: Places) -> int:
    """Remove these files, named as below the workspace, and say how many there were; others are left alone."""
    n_removed = 0
    for file in files:
        path = places.root / file
        if path.is_file():
            path.unlink()
            n_removed += 1
    return n_removed


def _manifest(connection: Connection, _places: Places, before: datetime) -> Expiry:
    """The queue's rows, and the deliveries' rows from which the next ranking would take them again."""
    ended = _ended_containers(before)
    queued = connection.execute(
        update(queue_rows)
        .where(
            queue_rows.c.container_id.in_(ended), or_(_filled(queue_rows.c.manifest), queue_rows.c.vessel.is_not(None))
        )
        .values(manifest=_emptied(queue_rows.c.manifest), vessel=None)
    ).rowcount
    unqueued = manifest_entries.c.container_id.not_in(select(queue_rows.c.container_id)) & (
        manifest_entries.c.received_at < utc_text(before)
    )
    connection.execute(
        update(manifest_entries)
        .where(manifest_entries.c.container_id.in_(ended) | unqueued, _filled(manifest_entries.c.entry))
        .values(entry=_emptied(manifest_entries.c.entry))
    )
    return Expiry(queued)


def _reasons(connection: Connection, _places: Places, before: datetime) -> Expiry:
    given = _emptied_text(connection, decisions, decisions.c.reason, decisions.c.decided_at, before)
    skipped = _emptied_text(connection, assignments, assignments.c.skip_reason, assignments.c.ended_at, before)
    return Expiry(given + skipped)


def _notes(connection: Connection, _places: Places, before: datetime) -> Expiry:
    return Expiry(_emptied_text(connection, inspections, inspections.c.note, inspections.c.entered_at, before))


def _annotations(connection: Connection, _places: Places, before: datetime) -> Expiry:
    return Expiry(
        _emptied_text(connection, drawn_annotations, drawn_annotations.c.text, drawn_annotations.c.made_at, before)
    )


def _photos(connection: Connection, _places: Places, before: datetime) -> Expiry:
    old = select(inspections.c.id).where(inspections.c.entered_at < utc_text(before))
    digests = set(
        connection.execute(
            delete(inspection_photos)
            .where(inspection_photos.c.inspection_id.in_(old))
            .returning(inspection_photos.c.sha256)
        ).scalars()
    )
    still_used = select(inspection_photos.c.sha256).where(inspection_photos.c.sha256 == contents.c.sha256).exists()
    gone = delete(contents).where(contents.c.sha256.in_(digests), ~still_used).returning(contents.c.path)
    return Expiry(len(digests), tuple(Path(path) for path in connection.execute(gone).scalars()))


def _views(connection: Connection, places: Places, before: datetime) -> Expiry:
    """The pictures kept for viewing, with those of projected loads; the scans themselves stay."""
    ended = _ended_containers(before)
    digests = connection.execute(select(readings.c.digest).where(readings.c.container_id.in_(ended))).scalars()
    kept = [path for digest in digests for path in (places.views(digest), places.thumbnail(digest))]
    for path in connection.execute(select(tips.c.views).where(tips.c.container_id.in_(ended))).scalars():
        kept += files_of(places.root / path)
    files = tuple(path.relative_to(places.root) for path in kept if path.is_file())
    return Expiry(len(files), files)


def _packages(connection: Connection, _places: Places, before: datetime) -> Expiry:
    """What was sent to partners; that it was sent, and its digest, stay."""
    old = (referrals.c.made_at < utc_text(before)) & referrals.c.package.is_not(None)
    gone = connection.execute(select(referrals.c.id, referrals.c.package).where(old)).all()
    connection.execute(update(referrals).where(referrals.c.id.in_(one.id for one in gone)).values(package=None))
    return Expiry(len(gone), tuple(Path(one.package) for one in gone))


def _sessions(connection: Connection, _places: Places, before: datetime) -> Expiry:
    limit = utc_text(before)
    n_sessions = connection.execute(delete(web_sessions).where(web_sessions.c.expires_at < limit)).rowcount
    n_tokens = connection.execute(delete(api_tokens).where(api_tokens.c.expires_at < limit)).rowcount
    return Expiry(n_sessions + n_tokens)


def _accounts(connection: Connection, _places: Places, before: datetime) -> Expiry:
    """Names of who left; the number stays, because acts are signed with it."""
    gone = (accounts.c.disabled_at < utc_text(before)) & (accounts.c.display_name != "")
    forgotten = update(accounts).where(gone).values(
        name="account-" + cast(accounts.c.id, String), display_name="", password_hash=None,
        totp_secret=None, oidc_subject=None,
    )  # fmt: skip
    return Expiry(connection.execute(forgotten).rowcount)


def _trail(connection: Connection, _places: Places, before: datetime) -> Expiry:
    return Expiry(audit.forget(connection, before=before))


def _ended_containers(before: datetime) -> Select[tuple[str]]:
    """Containers whose work ended before that moment, or that waited in vain since then."""
    queue = queue_rows.c
    ended_at = case((queue.state.in_(_DONE), queue.state_at), else_=func.coalesce(queue.acquired_at, queue.ranked_at))
    return select(queue.container_id).where(queue.state.not_in(_AT_WORK), ended_at < utc_text(before))


def _filled(entry: Column[str]) -> ColumnElement[bool]:
    """Whether any of the fields to delete holds something."""
    return or_(*(func.json_extract(entry, f"$.{name}").is_not(None) for name in _PAPERWORK))


def _emptied(entry: Column[str]) -> Function[str]:
    """The JSON with null in the fields to delete, and all others as they were."""
    nulls = [part for name in _PAPERWORK for part in (f"$.{name}", func.json("null"))]
    return func.json_replace(entry, *nulls)


def _emptied_text(connection: Connection, table: Table, text: Column[str], at: Column[str], before: datetime) -> int:
    """Empty a column of free text in the rows older than that, and say in how many."""
    old = (at < utc_text(before)) & (text != "")
    return connection.execute(update(table).where(old).values({text.name: ""})).rowcount


_EXPIRE: Mapping[str, Callable[[Connection, Places, datetime], Expiry]] = {
    "manifest": _manifest,
    "reason": _reasons,
    "note": _notes,
    "photo": _photos,
    "annotation": _annotations,
    "view": _views,
    "package": _packages,
    "session": _sessions,
    "account": _accounts,
    "trail": _trail,
}
