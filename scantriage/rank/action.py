"""What to do about a container, and where."""

from __future__ import annotations

from datetime import datetime, timedelta

from scantriage.rank.case import Action, Case
from scantriage.rank.ports import port_of_arrival, port_of_origin
from scantriage.scan.quality import Flag

# 18 openings a day at one port find something in 2.6 % of them: below that an opening is better spent elsewhere
OPENING_WORTH = 0.026
# a scan costs minutes where an opening costs hours: worth it at twice the base rate
RESCAN_WORTH = 0.002
# shortest passage from South or Central America to the North Sea, in and out of port included
SHORTEST_VOYAGE = timedelta(days=10)
# how long a container waits in the port of loading after its scan, where no arrival time is known
LONGEST_WAIT_AT_SOURCE = timedelta(days=5)

# weaknesses that another passage through a scanner does away with
_MENDED_BY_RESCAN = frozenset(
    {
        Flag.NO_AIR, Flag.DEAD_ROWS, Flag.CLIPPED, Flag.CUT_OFF, Flag.FRAME_UNCERTAIN, Flag.LOW_AGREEMENT,
        Flag.SAME_CONTENT, Flag.CHECKSUM_MISMATCH, Flag.RESCAN_BEFORE_ORIGIN,
    }
)  # fmt: skip


def at_source(case: Case, *, now: datetime) -> bool:
    """Whether the container can still be held at its source: no rescan yet, and it cannot have sailed far.

    With a known arrival: while that is further away than the shortest voyage. Without one: for five
    days after the origin scan.
    """
    if case.origin is None or case.rescan is not None:
        return False
    eta = case.manifest.eta if case.manifest else None
    if eta is None:
        return now - case.origin.acquired_at < LONGEST_WAIT_AT_SOURCE
    return now < eta - SHORTEST_VOYAGE


def act_by(case: Case, *, now: datetime) -> datetime | None:
    """The moment until which something can be done first: the sailing while it is held at its source, else the arrival.

    No list of sailings comes with a delivery, so the sailing is the latest moment at which `at_source` holds. None
    where no arrival is known and the container has left.
    """
    eta = case.manifest.eta if case.manifest else None
    if at_source(case, now=now):
        assert case.origin is not None  # noqa: S101 - or it would not be at its source
        return case.origin.acquired_at + LONGEST_WAIT_AT_SOURCE if eta is None else eta - SHORTEST_VOYAGE
    return eta


def wanted_action(case: Case, priority: float, *, now: datetime) -> tuple[Action, str | None]:
    """What the case deserves and where, before the ports' capacity is counted: nothing once it was opened."""
    if case.opened:
        return "none", None
    if priority >= OPENING_WORTH:
        if at_source(case, now=now):
            return "hold_at_source", port_of_origin(case)
        return "inspect_at_port", port_of_arrival(case)
    return lesser_action(case, priority)


def lesser_action(case: Case, priority: float) -> tuple[Action, str | None]:
    """What remains when an opening is not worth it or not to be had: another scan, or nothing."""
    if _wants_rescan(case, priority):
        return "rescan", port_of_arrival(case)
    return "none", None


def _wants_rescan(case: Case, priority: float) -> bool:
    outcome = case.reading.outcome
    if outcome == "unprocessable":
        return True
    if outcome == "not_comparable":
        return not _MENDED_BY_RESCAN.isdisjoint(case.all_flags)
    return outcome == "single" and case.rescan is None and priority >= RESCAN_WORTH
