"""How much a port can open in a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from scantriage.rank.action import lesser_action, wanted_action
from scantriage.rank.case import Action, Case

# 6,500 openings a year at Rotterdam
OPENINGS_PER_PORT_AND_DAY = 18


def actions(in_order: list[tuple[float, Case]], *, now: datetime, per_day: int) -> Iterator[tuple[Action, str | None]]:
    """What to do about each case, most urgent first, within what each port can open in a day.

    in_order: (priority, case), falling. The first ``per_day`` containers of a port and day are opened or
    held; those behind them get a rescan where one helps, or nothing.
    """
    taken: Counter[tuple[str | None, date]] = Counter()
    for priority, case in in_order:
        action, where = wanted_action(case, priority, now=now)
        if action in ("hold_at_source", "inspect_at_port"):
            slot = (where, day_of_action(case, now=now))
            if taken[slot] >= per_day:
                action, where = lesser_action(case, priority)
            else:
                taken[slot] += 1
        yield action, where


def day_of_action(case: Case, *, now: datetime) -> date:
    """The day on which the port has the container before it: when rescanned, else when it arrives, else today."""
    if case.rescan is not None:
        return case.rescan.acquired_at.date()
    eta = case.manifest.eta if case.manifest else None
    return max(eta, now).date() if eta is not None else now.date()
