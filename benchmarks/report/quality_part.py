"""The page's part on quality: curves, places, masses, significance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks import ablation, strange_scanners
from benchmarks.detection_tables import mass_class
from benchmarks.kept import Row
from benchmarks.report.derived import beyond, column, detected_by, false_alarms, is_clean, rocs
from benchmarks.report.passage import pictured, tabled
from benchmarks.report.plots import draw_false_alarms, draw_findings, draw_histogram, draw_masses, draw_rocs
from benchmarks.report.results import Result


def quality_part(detection: Result, plots: Path) -> list[str]:
    """All of it, as passages of Markdown; draws the plots on the way."""
    whole = next(iter(detection.tables))
    return [
        tabled(f"Detection: {whole}", detection.rows(whole), detection,
               "By priority, all outcomes included. Intervals: 95 %, bootstrap over containers."),
        *_curves(detection, plots),
        *(tabled(title, detection.rows(title), detection) for title in ("By what was done", "By mass", "By zone",
          "By what makes room", "By what could be seen of it", "By what it says would show",
          "By side of the two sources", "By geometry in the sidecars", "By form")),
        tabled("Detected at 1 % false positives, by zone and mass",
               detected_by(detection.details, _mass, _zone, false_share=0.01), detection),
        *_significance(detection, plots),
        *_places(detection, plots),
        tabled("Outcomes", detection.rows("Outcomes"), detection),
        tabled("Why not comparable or unprocessable", detection.rows("Why not"), detection),
        tabled("The highest clean containers", detection.rows("The highest clean"), detection,
               "False alarms come from these."),
        tabled("The lowest changed containers", detection.rows("The lowest changed"), detection, "These are missed."),
    ]  # fmt: skip


def ablation_part(kept: Result) -> str:
    """What each way contributes."""
    return tabled("Ablation", kept.rows("Ablation"), kept, ablation.NOTE)


def strange_part(kept: Result) -> str:
    """What scanners do that the simulated ones never do."""
    return tabled("Strange scanners", kept.rows("Strange scanners"), kept, strange_scanners.NOTE)


def failures_part(failures: Result) -> list[str]:
    """What still fails; `benchmarks.failures` drew the picture."""
    note = (
        "Of the compared the clean containers of highest priority and the loads of 40 kg net and more of lowest, read "
        "again. In the picture: origin scan, registered rescan, significance (red: the rescan holds more, full at six "
        "standard deviations; grey: not readable); the load in green."
    )
    return [
        tabled("What still fails", failures.rows("What still fails"), failures, note),
        pictured("failures", "Scans and significance of the containers that rank where they should not", failures),
    ]


def _curves(detection: Result, plots: Path) -> list[str]:
    chosen: tuple[tuple[str, str, Callable[[Row], str | None], bool], ...] = (
        ("roc_mass", "by mass", _mass, False),
        ("roc_zone", "by zone", _zone, False),
        ("roc_scanners", "by pair of scanners", _scanners, True),
    )
    passages = ["## Curves\n\nBy mass and zone against all clean containers, by pair of scanners against those of "
                "the same kind. In brackets: changed and clean containers.\n"]  # fmt: skip
    for name, words, group, own_clean in chosen:
        draw_rocs(plots / f"{name}.png", rocs(detection.details, group, own_clean=own_clean))
        passages.append(pictured(name, f"Detections against false positives {words}", detection))
    return passages


def _significance(detection: Result, plots: Path) -> list[str]:
    histogram = detection.rows("Histogram of significance")
    maps, ranking = beyond(histogram), false_alarms(detection.details)
    draw_histogram(plots / "significance.png", histogram)
    draw_false_alarms(plots / "false_alarms.png", {"maps, beyond 1 to 5 sigma": maps, "ranking, by priority": ranking})
    return [
        tabled("Significance of unchanged pairs", detection.rows("Significance maps"), detection,
               "Where both scans could be read. Noise that is known rightly has a core 1 wide."),
        pictured("significance", "Histogram of the significance of unchanged pairs on a standard normal", detection),
        tabled("Predicted and measured: maps of clean containers", maps, detection,
               "Share beyond so many standard deviations, and as a standard normal distribution has it."),
        tabled("Predicted and measured: clean containers above a priority", ranking, detection,
               "A priority states how much likelier a sight is in a changed container. Predicted: the share of clean "
               "containers above the threshold that follows from the changed containers' priorities if that is true."),
        pictured("false_alarms", "Predicted against measured false alarm rates", detection),
    ]  # fmt: skip


def _places(detection: Result, plots: Path) -> list[str]:
    clean = [row for row in detection.details if is_clean(row)]
    draw_masses(plots / "masses.png", detection.details)
    draw_findings(plots / "findings.png", list(column(clean, "findings")))
    return [
        tabled("Where and how much", detection.rows("Where and how much"), detection),
        pictured("masses", "Weighed against true mass, and overlap of boxes", detection),
        tabled("Clean containers", detection.rows("Clean containers"), detection),
        pictured("findings", "Findings per clean container", detection),
    ]


def _mass(row: Row) -> str | None:
    return mass_class(float(row["kg"])) if row["kg"] and row["label"] != "swapped" else None


def _zone(row: Row) -> str | None:
    zone = row["zone"]
    return None if zone is None else str(zone)


def _scanners(row: Row) -> str:
    known = "geometry known" if row["geometry"] == "known" else "not all known"
    return f"{row['side']} sides, {known}" if row["side"] == "opposite" else f"same side, {known}"
