"""What a run leaves for people and programs: ranking.jsonl, ranking.csv, run.json (FORMAT: what it writes)."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scantriage import __version__
from scantriage.io.safe_csv import csv_text
from scantriage.io.whole_file import write_whole
from scantriage.rank.case import Ranked
from scantriage.scan.finding import Evidence, Finding, Reading
from scantriage.scan.geometry import PixelBox

RANKING_JSONL, RANKING_CSV, RUN_JSON = "ranking.jsonl", "ranking.csv", "run.json"


def write_ranking(folder: Path, ranked: Sequence[Ranked]) -> None:
    """Write ``ranking.jsonl`` and the same as a table, ``ranking.csv``, into an existing folder.

    Each file is replaced as a whole. Numbers that are not finite become null. OSError where the disk refuses.
    """
    rows = [ranking_row(one) for one in ranked]
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    write_whole(folder / RANKING_JSONL, "".join(lines).encode())
    write_whole(folder / RANKING_CSV, _as_table(rows).encode())


def ranking_row(one: Ranked) -> dict[str, Any]:
    """One line of the ranking, with exactly the keys that FORMAT lists."""
    case, reading = one.case, one.case.reading
    return {
        "rank": one.rank,
        "container_id": case.container_id,
        "origin_scan": case.origin.scan_id if case.origin else None,
        "rescan": case.rescan.scan_id if case.rescan else None,
        "outcome": reading.outcome,
        "reason": reading.reason,
        "priority": _number(one.priority, 6),
        "action": one.action,
        "where": one.where,
        "agreement": _number(reading.agreement, 4),
        "blind_fraction": _number(reading.blind_fraction, 4),
        "findings": [_finding_row(finding) for finding in reading.findings],
        "evidence": [_evidence_row(item) for item in one.evidence],
    }


def shown_row(one: Ranked) -> dict[str, Any]:
    """What the workbench shows of a container: its line of the ranking, and from which mass on a load shows by zone."""
    shows = {zone: _number(kg, 1) for zone, kg in one.case.reading.shows_from_kg.items()}
    return ranking_row(one) | {"shows_from_kg": shows}


def write_run(
    folder: Path,
    *,
    readings: Iterable[Reading],
    settings: Mapping[str, Any],
    models: Mapping[str, str],
    wall_s: float,
    problems: Sequence[str],
    without_scan: Sequence[str],
) -> None:
    """Write ``run.json`` into an existing folder: what ran, how it ended, and how long its stages took.

    readings: those whose outcomes are counted and whose ``stage_ms`` are summed up. settings: JSON-safe.
    models: name to SHA-256. wall_s: seconds. problems: one sentence each. without_scan: containers of a manifest
    that no scan shows.
    """
    readings = list(readings)
    report = {
        "version": __version__,
        "settings": dict(settings),
        "models": dict(models),
        "outcomes": _outcome_counts(readings),
        "wall_s": _number(wall_s, 3),
        "stages": _stage_times(readings),
        "problems": list(problems),
        "without_scan": list(without_scan),
    }
    write_whole(folder / RUN_JSON, (json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "zone": finding.zone,
        "significance": _number(finding.significance, 2),
        "mass_kg": _number(finding.mass_kg, 1),
        "mass_kg_sd": _number(finding.mass_kg_sd, 1),
        "origin_box": _box(finding.origin_box),
        "rescan_box": _box(finding.rescan_box),
        "container_box_m": finding.container_box.as_list(),
        "sentence": finding.sentence,
    }


def _evidence_row(item: Evidence) -> dict[str, Any]:
    return {"name": item.name, "contribution": _number(item.contribution, 3), "sentence": item.sentence}


def _box(box: PixelBox | None) -> list[int] | None:
    return None if box is None else box.as_list()


def _number(value: float | None, digits: int) -> float | None:
    """A float that JSON knows; JSON has neither NaN nor infinity."""
    return round(float(value), digits) if value is not None and math.isfinite(value) else None


def _as_table(rows: Sequence[dict[str, Any]]) -> str:
    columns = ["rank", "container_id", "origin_scan", "rescan", "outcome", "reason", "priority", "action", "where",
               "agreement", "blind_fraction", "findings", "evidence"]  # fmt: skip
    cells = (
        row | {
            "findings": " ".join(finding["sentence"] for finding in row["findings"]),
            "evidence": "; ".join(f"{item['name']} {item['contribution']:+.2f}" for item in row["evidence"]),
        }
        for row in rows
    )  # fmt: skip
    return csv_text(columns, ([one[column] for column in columns] for one in cells))


def _outcome_counts(readings: Sequence[Reading]) -> dict[str, int]:
    counted = Counter(reading.outcome for reading in readings)
    return {name: counted[name] for name in ("compared", "single", "not_comparable", "unprocessable")}


def _stage_times(readings: Sequence[Reading]) -> dict[str, dict[str, float]]:
    times: defaultdict[str, list[float]] = defaultdict(list)
    for reading in readings:
        for stage, ms in reading.stage_ms.items():
            times[stage].append(ms)
    return {
        stage: {
            "n": len(ms),
            "median_ms": round(float(np.median(ms)), 2),
            "p95_ms": round(float(np.percentile(ms, 95)), 2),
        }
        for stage, ms in times.items()
    }
