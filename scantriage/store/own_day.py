"""What one analyst did on one day, for that analyst to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, func, select

from scantriage.store.encoding import utc_text
from scantriage.store.workbench_schema import assignments, decisions, tip_verdicts


@dataclass(frozen=True, slots=True)
class OwnDay:
    """Figures of one account since midnight (UTC).

    n_decided: containers, those with a projected load included. median_s: seconds from being given a container to
    deciding on it; None before the first. n_projected, n_found: projected loads shown, and those noticed.
    """

    n_decided: int
    n_referred: int
    n_skipped: int
    median_s: float | None
    n_projected: int
    n_found: int


def own_day(connection: Connection, account_id: int, *, at: datetime) -> OwnDay:
    """The figures of the day that ``at`` lies in."""
    today = utc_text(at.replace(hour=0, minute=0, second=0, microsecond=0))
    ended = connection.execute(
        select(assignments.c.state, assignments.c.given_at, assignments.c.ended_at).where(
            assignments.c.account_id == account_id, assignments.c.ended_at >= today
        )
    ).all()
    spans = [
        (datetime.fromisoformat(one.ended_at) - datetime.fromisoformat(one.given_at)).total_seconds()
        for one in ended
        if one.state == "decided"
    ]
    mine = (decisions.c.account_id == account_id) & (decisions.c.decided_at >= today)
    referred = select(func.count(decisions.c.container_id.distinct())).where(mine, decisions.c.verdict == "refer")
    projected = select(func.count(), func.coalesce(func.sum(tip_verdicts.c.found), 0)).where(
        tip_verdicts.c.account_id == account_id, tip_verdicts.c.decided_at >= today
    )
    n_projected, n_found = connection.execute(projected).one()
    return OwnDay(
        n_decided=len(spans),
        n_referred=int(connection.execute(referred).scalar_one()),
        n_skipped=sum(one.state == "skipped" for one in ended),
        median_s=median(spans) if spans else None,
        n_projected=int(n_projected),
        n_found=int(n_found),
    )
