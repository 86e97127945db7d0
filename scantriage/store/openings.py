"""What is left of a port's day: what it can open, what was referred to it, how far down the queue that reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import decisions, queue_rows

_OPENED = ("hold_at_source", "inspect_at_port")
_OFF = ("released", "not_comparable", "referred")


@dataclass(frozen=True, slots=True)
class PortOpenings:
    """The openings of one port on one day.

    n_used: containers referred to it on that day. last_rank: of the last container of the queue for which an opening
    is left; 0 where none is left, None where the queue asks for fewer than are left.
    """

    place: str
    per_day: int
    n_used: int
    last_rank: int | None

    @property
    def n_left(self) -> int:
        """Openings that are still to be given today."""
        return max(0, self.per_day - self.n_used)


def openings_of_the_day(
    connection: Connection, per_day: Mapping[str, int], *, otherwise: int, at: datetime
) -> tuple[PortOpenings, ...]:
    """Every port that the queue or today's referrals name, in the order of their codes.

    per_day: what a port can open; ``otherwise`` where it is not named. The day is that of ``at`` in UTC.
    """
    used, waiting = _used_today(connection, at), _waiting_ranks(connection)
    return tuple(
        _port(place, per_day.get(place, otherwise), used.get(place, 0), waiting.get(place, []))
        for place in sorted(used.keys() | waiting.keys())
    )


def _port(place: str, per_day: int, n_used: int, ranks: list[int]) -> PortOpenings:
    n_left = max(0, per_day - n_used)
    if n_left >= len(ranks):
        return PortOpenings(place, per_day, n_used, None)
    return PortOpenings(place, per_day, n_used, ranks[n_left - 1] if n_left else 0)


def _used_today(connection: Connection, at: datetime) -> dict[str, int]:
    later = aliased(decisions)
    today = utc_text(at.replace(hour=0, minute=0, second=0, microsecond=0))
    stands = ~select(later.c.id).where(later.c.replaces == decisions.c.id).exists()
    referred = (decisions.c.verdict == "refer") & decisions.c.action.in_(_OPENED) & (decisions.c.decided_at >= today)
    wanted = (
        select(decisions.c.place, func.count(decisions.c.container_id.distinct()))
        .join(queue_rows, queue_rows.c.container_id == decisions.c.container_id)
        .where(referred, stands, queue_rows.c.state == "referred")
        .group_by(decisions.c.place)
    )
    return {place: n for place, n in connection.execute(wanted) if place}


def _waiting_ranks(connection: Connection) -> dict[str, list[int]]:
    """Ranks of what the ranking would have opened and nobody has decided, by port, rising."""
    # who acts nowhere has no place: told by the index, so that few of the long rows are read for their action
    wanted = select(queue_rows.c.place, queue_rows.c.rank).where(
        queue_rows.c.place.is_not(None), queue_rows.c.state.not_in(_OFF), queue_rows.c.action.in_(_OPENED)
    )
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for place, rank in connection.execute(wanted.order_by(queue_rows.c.rank)):
        ranks[place].append(rank)
    return ranks
