"""What a supervisor may set, over the defaults in the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from sqlalchemy import Connection, delete, insert, select

from scantriage.errors import ActRefused
from scantriage.store.workbench_schema import workbench_settings

# days after which what is kept of people is deleted: the pages' own terms, not those of the customs archive
RETENTION_DAYS: Mapping[str, int] = {
    "manifest": 730,  # consignee, shipper, seal, bill of lading in the queue and the manifests' rows
    "reason": 1825,  # free text of decisions and skips
    "note": 1825,  # free text of inspections
    "photo": 1825,
    "annotation": 730,
    "view": 730,  # pictures kept for viewing, counted from the end of the work on a container; its scans stay
    "package": 730,  # what was sent to partners; its digest stays
    "session": 90,
    "account": 365,  # names of an account, counted from its being disabled
    "trail": 1825,  # salts of the trail: its entries stay for ever, their personal digests become mute
}


@dataclass(frozen=True, slots=True)
class Preferences:
    """How the work is dealt out.

    four_eyes_priority: letting a container go at or above this needs a second analyst; 0 to 1. random_share: part
    of the assignments drawn at random from all that waits. tip_share: part that carries a projected load.
    skips_per_day: of one analyst. assignment_minutes: an assignment without activity for so long goes back.
    retention_days: for each kind of personal data, see `RETENTION_DAYS`.
    """

    four_eyes_priority: float = 0.3
    random_share: float = 0.1
    tip_share: float = 0.03
    skips_per_day: int = 5
    assignment_minutes: int = 30
    retention_days: Mapping[str, int] = field(default_factory=lambda: dict(RETENTION_DAYS))

    def __post_init__(self) -> None:
        for name in ("four_eyes_priority", "random_share", "tip_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ActRefused(f"{name} lies between 0 and 1, got {getattr(self, name)}.", setting=name)
        if self.tip_share > 0.5:
            raise ActRefused(f"tip_share is at most 0.5, got {self.tip_share}.", setting="tip_share")
        if not 0 <= self.skips_per_day <= 1000 or not 1 <= self.assignment_minutes <= 1440:
            raise ActRefused("Skips a day are 0 to 1000, the minutes of an assignment 1 to 1440.", setting="limits")
        if self.retention_days.keys() != RETENTION_DAYS.keys() or min(self.retention_days.values()) < 1:
            raise ActRefused("Retention names each kind of data with one day or more.", setting="retention_days")


def load(connection: Connection) -> Preferences:
    """The settings in force; what nobody set is the program's."""
    rows = connection.execute(select(workbench_settings.c.name, workbench_settings.c.value))
    known = {one.name for one in fields(Preferences)}
    given = {name: json.loads(value) for name, value in rows if name in known}
    if "retention_days" in given:  # a kind that came with a later version has its default
        given["retention_days"] = RETENTION_DAYS | given["retention_days"]
    return Preferences(**given)


def save(connection: Connection, preferences: Preferences) -> None:
    """Put these in force; the caller appends to the trail what changed."""
    connection.execute(delete(workbench_settings).where(workbench_settings.c.name.in_(asdict(preferences))))
    rows = [{"name": name, "value": json.dumps(value)} for name, value in asdict(preferences).items()]
    connection.execute(insert(workbench_settings), rows)
