"""Referrals out: opened for decisions that stand, packed, sent, and withdrawn when they are undone.

May run in several processes at once, and be killed at any moment: each takes what is due for some minutes, a package
made twice is one package, and a receiver knows one sent twice by its key.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from scantriage.errors import ReferralNotMade, WorkspaceError, says_disk_full
from scantriage.io.outgoing import Doors, NotDeliveredError, Parcel, deliver
from scantriage.io.whole_file import write_whole
from scantriage.pipeline.referral_package import gather, package
from scantriage.pipeline.run_log import run_log
from scantriage.settings import Settings, load_settings
from scantriage.store import referrals
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.referrals import Due, Referral
from scantriage.store.signing import signing_key


@dataclass(frozen=True, slots=True)
class ReferralRun:
    """What a run did. n_changed: opened or withdrawn. n_delivered counts the notices of withdrawal, too.

    n_not_packed: whose package could not be made; not tried again by themselves. n_not_delivered: tried again later.
    """

    n_changed: int
    n_packed: int
    n_delivered: int
    n_not_packed: int
    n_not_delivered: int


def refer(root: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ReferralRun:
    """Do all that is due in the workspace at ``root``. Raises WorkspaceError where there is none, or as below."""
    places = Places(root.resolve())
    if not places.database.exists():
        raise WorkspaceError(f"There is no workspace {root}.")
    settings = load_settings(places.settings)
    with closing(Database(places.database)) as database:
        return run_referrals(places, database, settings, clock=clock)


def run_referrals(
    places: Places, database: Database, settings: Settings, *, clock: Callable[[], datetime]
) -> ReferralRun:
    """Do all that is due. Raises WorkspaceError when the disk is full or the signing key cannot be used."""
    with run_log(places.log) as log:
        with database.writing() as connection:
            n_changed = referrals.open_and_withdraw(connection, at=clock())
            waiting = referrals.unmade(connection)
        packed = [_pack(places, database, referral, clock=clock, log=log) for referral in waiting]
        delivered = list(_send_all(places, database, settings, clock=clock, log=log))
    return ReferralRun(n_changed, sum(packed), sum(delivered), packed.count(False), delivered.count(False))


def _pack(
    places: Places, database: Database, referral: Referral, *, clock: Callable[[], datetime], log: FilteringBoundLogger
) -> bool:
    try:
        key = signing_key(places.signing_key)
        with database.reading() as connection:
            container = gather(connection, referral)
        content = package(container, places, key)
        target = places.package(referral.id)
        target.parent.mkdir(exist_ok=True)
        write_whole(target, content)
    except ReferralNotMade as error:
        sentence = error.sentence
    except WorkspaceError:
        raise
    except Exception as error:  # whatever it is, the others must leave
        if says_disk_full(error):
            raise WorkspaceError(f"The disk is full: {places.root}.") from error
        log.error("referral not packed", referral=referral.id, cause=f"{type(error).__name__}: {error}")
        sentence = f"The package could not be made for a fault of ours, explained in {places.log.name}."
    else:
        with database.writing() as connection:
            path = target.relative_to(places.root)
            referrals.package_made(connection, referral, path, sha256=_sha256(content), at=clock())
        return True
    with database.writing() as connection:
        referrals.not_made(connection, referral, sentence, at=clock())
    return False


def _send_all(
    places: Places, database: Database, settings: Settings, *, clock: Callable[[], datetime], log: FilteringBoundLogger
) -> Iterator[bool]:
    """One by one; a receiver that failed is left alone until the next run, so that it does not hold up the others."""
    doors = Doors(settings.referrals.folders, settings.referrals.private_networks)
    failed: set[str] = set()
    while True:
        with database.writing() as connection:
            due = referrals.take_due(connection, at=clock(), but_not_to=failed)
        if due is None:
            return
        sentence = _send(places, due, doors, at=clock())
        with database.writing() as connection:
            if sentence is None:
                referrals.delivered(connection, due.referral, at=clock())
            else:
                referrals.not_delivered(connection, due.referral, sentence, at=clock())
        if sentence is not None:
            log.warning("referral not delivered", referral=due.referral.id, cause=sentence)
            failed.add(due.referral.place)
        yield sentence is None


def _send(places: Places, due: Due, doors: Doors, *, at: datetime) -> str | None:
    """None where it arrived, else why not."""
    try:
        deliver(_parcel(places, due.referral), to=due.push_to, secret=due.push_secret, doors=doors, at=at)
    except NotDeliveredError as error:
        return str(error)
    except OSError as error:
        return f"The package cannot be read: {error.strerror}."
    return None


def _parcel(places: Places, referral: Referral) -> Parcel:
    """The package; or the notice that it is withdrawn, which says no more than that."""
    if referral.state != "withdrawn":
        content = places.package(referral.id).read_bytes()
        if _sha256(content) != referral.sha256:
            raise OSError(errno.EIO, "it is not what was made")
        return Parcel(referral.id, f"{referral.id}.zip", "application/zip", content)
    notice = {"schema": "scantriage-withdrawal-1", "referral": referral.id, "package_sha256": referral.sha256}
    name = f"{referral.id}.withdrawn"
    return Parcel(name, f"{name}.json", "application/json", (json.dumps(notice, indent=1) + "\n").encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
