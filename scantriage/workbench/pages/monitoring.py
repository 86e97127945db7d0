"""Monitoring: coverage, rates over time and where they changed, quality of scans, hits, calibration, time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from scantriage.io.safe_csv import csv_text
from scantriage.pipeline import monitoring_tables as tables
from scantriage.pipeline.monitoring import Measure, RateChange, Report, read_report
from scantriage.pipeline.monitoring_tables import Scope, Table, as_rows
from scantriage.store import audit, figures
from scantriage.store.daily_counts import DIMENSIONS, Dimension
from scantriage.workbench import plots
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import drawing, page

router = APIRouter()
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]
Supervisor = Annotated[SignedIn, Depends(signed_in("supervisor"))]

_DAYS_SHOWN, _ANALYST_DAYS = 90, 28
_N_UNSEEN = 25
TableName = Literal[
    "coverage_port", "coverage_flow", "coverage_days", "rates_port", "rates_flow", "rates_commodity", "rates_zone",
    "rate_days_port", "rate_days_flow", "rate_days_commodity", "rate_days_zone", "hits", "calibration", "quality",
    "flags", "decision_times", "unseen", "changes",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address; without days, the last 90 of the report."""

    first: date | None = None
    last: date | None = None
    port: str = ""
    by: Dimension = "flow"

    def scope(self, report: Report) -> Scope:
        """The days and the port that are looked at; days that were not counted are left out."""
        last = min(max(self.last or report.last, report.first), report.last)
        first = self.first or last - timedelta(days=_DAYS_SHOWN - 1)
        return Scope(min(max(first, report.first), last), last, self.port)

    def link(self, place: str, **changed: object) -> str:
        """The address of the page, a plot or a table under these filters, some of them changed."""
        asked = {"first": self.first, "last": self.last, "port": self.port, "by": self.by} | changed
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/monitoring{place}?{query}" if query else f"/monitoring{place}"


@dataclass(frozen=True, slots=True)
class MonitoringPage:
    """The page. ``now``: how the queue stands. report: None where none was made yet; then there are no tables.

    scope: what is looked at. ports: of the filter. changes: those first seen in the period. unseen: the first
    containers without a scan, out of n_unseen.
    """

    asked: Asked
    now: figures.Now
    report: Report | None = None
    scope: Scope | None = None
    ports: tuple[str, ...] = ()
    changes: tuple[RateChange, ...] = ()
    tables: dict[str, Table] | None = None
    unseen: Table | None = None
    n_unseen: int = 0


@dataclass(frozen=True, slots=True)
class AnalystsPage:
    """What each analyst sees of projected loads, and what came of their referrals, in these days."""

    first: date
    last: date
    detection: Table
    referring: Table

    def link(self, table: Table) -> str:
        """The address of a table's export."""
        return f"/monitoring/analysts/{table.name}.csv?" + urlencode({"first": self.first, "last": self.last})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _asked(
    first: Annotated[str, Query(max_length=10)] = "",
    last: Annotated[str, Query(max_length=10)] = "",
    port: Annotated[str, Query(max_length=20)] = "",
    by: Dimension = "flow",
) -> Asked:
    asked_first, asked_last = _day(first), _day(last)
    if asked_first and asked_last and asked_first > asked_last:
        asked_first, asked_last = asked_last, asked_first
    return Asked(asked_first, asked_last, port, by)


AskedHere = Annotated[Asked, Depends(_asked)]


@router.get("/monitoring")
def show_monitoring(request: Request, here: Here, who: Overseer, asked: AskedHere) -> HTMLResponse:
    """The page of this period and port."""
    report = read_report(here.places.monitoring)
    with here.database.reading() as connection:
        now = figures.now(connection, ports=(asked.port,) if asked.port else (), at=here.clock())
    if report is None:
        return page(request, "monitoring.html", MonitoringPage(asked, now), who)
    scope = asked.scope(report)
    unseen = tables.unseen(report, scope)
    shown = MonitoringPage(
        asked, now, report, scope,
        ports=tuple(sorted({row.port for row in report.counts.read["port"]} | {asked.port} - {""})),
        changes=_changes(report, scope),
        tables={
            name: TABLES[name](report, scope)
            for name in (
                "coverage_port", "coverage_flow", f"rates_{asked.by}", "hits", "calibration", "quality", "flags",
                "decision_times",
            )
        },
        unseen=Table("unseen", unseen.columns, unseen.rows[:_N_UNSEEN]), n_unseen=len(unseen.rows),
    )  # fmt: skip
    return page(request, "monitoring.html", shown, who)


@router.get("/monitoring/rates.svg")
def draw_rates(request: Request, here: Here, who: Overseer, asked: AskedHere, measure: Measure = "flags") -> Response:
    """Rates over time, a small plot for each value."""
    report = _report(here)
    scope = asked.scope(report)
    drawn = plots.panels(tables.rate_days(report, scope, asked.by), report.changes, scope, asked.by, measure)
    return drawing(request, "plots/panels.svg", drawn, who)


@router.get("/monitoring/coverage.svg")
def draw_coverage(request: Request, here: Here, who: Overseer, asked: AskedHere) -> Response:
    """How the containers of each day ended."""
    report = _report(here)
    scope = asked.scope(report)
    return drawing(request, "plots/days.svg", plots.day_bars(tables.coverage_days(report, scope), scope), who)


@router.get("/monitoring/calibration.svg")
def draw_calibration(request: Request, here: Here, who: Overseer, asked: AskedHere) -> Response:
    """Priority against what was found."""
    report = _report(here)
    drawn = plots.reliability(tables.calibration(report, asked.scope(report)))
    return drawing(request, "plots/reliability.svg", drawn, who)


@router.get("/monitoring/analysts")
def show_analysts(request: Request, here: Here, who: Supervisor, asked: AskedHere) -> HTMLResponse:
    """How analysts see; the supervisor alone is shown this."""
    return page(request, "monitoring_analysts.html", _analysts(here, asked), who)


@router.get("/monitoring/analysts/{name}.csv")
def export_analysts(here: Here, who: Supervisor, asked: AskedHere, name: Literal["detection", "referring"]) -> Response:
    """A table of the analysts' page."""
    return _exported(here, who, getattr(_analysts(here, asked), name))


@router.get("/monitoring/{name}.csv")
def export(here: Here, who: Overseer, asked: AskedHere, name: TableName) -> Response:
    """A table of this period and port; that it was exported is written into the trail."""
    report = _report(here)
    return _exported(here, who, TABLES[name](report, asked.scope(report)))


def _report(here: Workbench) -> Report:
    report = read_report(here.places.monitoring)
    if report is None:
        raise HTTPException(404)
    return report


def _exported(here: Workbench, who: SignedIn, table: Table) -> Response:
    with here.database.writing() as connection:
        facts = {"table": table.name, "rows": len(table.rows)}
        actor = audit.actor_of(who.account_id)
        audit.append(connection, actor=actor, kind="figures_exported", at=here.clock(), facts=facts)
    return Response(
        csv_text([column.name for column in table.columns], as_rows(table)), media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{table.name}.csv"'},
    )  # fmt: skip


def _changes(report: Report, scope: Scope) -> tuple[RateChange, ...]:
    """Those of the period; of one port: its own, its flows', and those that know no port."""
    return tuple(
        one for one in report.changes
        if scope.first <= one.seen <= scope.last
        and (not scope.port or one.dimension in ("commodity", "zone") or one.value.endswith(scope.port))
    )  # fmt: skip


def _change_table(report: Report, scope: Scope) -> Table:
    names = ("measure", "dimension", "value", "first", "seen", "before", "since")
    kinds: tuple[tables.Kind, ...] = ("text", "text", "text", "day", "day", "share", "share")
    rows: list[tuple[tables.Value, ...]] = [
        (one.measure, one.dimension, one.value, one.first, one.seen, one.before, one.since)
        for one in _changes(report, scope)
    ]
    return Table("changes", tuple(tables.Column(*both) for both in zip(names, kinds, strict=True)), rows)


def _analysts(here: Workbench, asked: Asked) -> AnalystsPage:
    last = asked.last or here.clock().date()
    first = asked.first or last - timedelta(days=_ANALYST_DAYS - 1)
    with here.database.reading() as connection:
        detections = figures.detections(connection, since=first, until=last)
        referrals = figures.referring(connection, since=first, until=last)
    return AnalystsPage(first, last, tables.detection(detections), tables.referring(referrals))


TABLES: dict[str, Callable[[Report, Scope], Table]] = {
    "coverage_port": partial(tables.coverage, by="port"),
    "coverage_flow": partial(tables.coverage, by="flow"),
    "coverage_days": tables.coverage_days,
    "hits": tables.hits,
    "calibration": tables.calibration,
    "quality": tables.quality,
    "flags": tables.flags,
    "decision_times": tables.decision_times,
    "unseen": tables.unseen,
    "changes": _change_table,
    **{f"rates_{by}": partial(tables.rates, by=by) for by in DIMENSIONS},
    **{f"rate_days_{by}": partial(tables.rate_days, by=by) for by in DIMENSIONS},
}
