"""A ranked day of trials as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import ndtr

from benchmarks.kept import Row, Table
from benchmarks.metrics import (
    Priorities,
    auc,
    bootstrap,
    detection_at,
    iou,
    locates,
    median,
    percentile_95,
    threshold_at,
)
from benchmarks.simulated_day import HISTOGRAM_EDGES, Trial
from scantriage.rank.case import Ranked
from scantriage.scan.finding import Finding, Reading

FALSE_SHARES = (0.01, 0.05, 0.10)
_MASSES_KG = ((0.0, 5.0), (5.0, 20.0), (20.0, 40.0), (40.0, 100.0), (100.0, float("inf")))
_FREE_STANDING = 0.95  # of the mass must be net: nothing had to make room
_REPLACED = 0.25  # with less of its mass net, a load is out of reach of any difference of mass
_OUT_OF_SIGHT = 0.5  # of a load that lies where the comparison reports itself blind, at least
REPLACES, HIDDEN = "replaces goods of its own density", "mostly where it reports itself blind"
SAID, UNSAID = "from the mass that it says shows there", "lighter than that"
_N_WORST = 10


@dataclass(frozen=True, slots=True)
class RankedTrial:
    """A trial and where the ranking puts it."""

    trial: Trial
    ranked: Ranked

    @property
    def clean(self) -> bool:
        """Whether nothing was done to the container."""
        return self.trial.truth.label == "clean"

    @property
    def reading(self) -> Reading:
        """What was read."""
        return self.trial.case.reading

    @property
    def found(self) -> Finding | None:
        """The strongest finding whose box, in one of the files, tells where the load is or was."""
        truth = self.trial.truth
        for finding in self.reading.findings:
            if locates(finding.rescan_box, truth.rescan_box) or locates(finding.origin_box, truth.origin_box):
                return finding
        return None

    @property
    def overlap(self) -> float | None:
        """The largest intersection over union of a finding's box with the load's, in one of the files."""
        truth = self.trial.truth
        boxes = [(f.rescan_box, truth.rescan_box) for f in self.reading.findings]
        boxes += [(f.origin_box, truth.origin_box) for f in self.reading.findings]
        if truth.rescan_box is None:
            return None
        return max((iou(found, true) for found, true in boxes if found and true), default=0.0)


Group = Sequence[RankedTrial]
Key = Callable[[RankedTrial], str | None]


def tables(day: Group, failures: Sequence[Row]) -> list[Table]:
    """All tables of a day. ValueError when it has no clean container."""
    clean = [one for one in day if one.clean]
    threshold = threshold_at(_priorities(clean), 0.05)
    return [
        _whole(day),
        *(_broken_down(title, key, day) for title, key in _BREAKDOWNS),
        _places(day, threshold),
        _clean(clean),
        _outcomes(day),
        Table("Why not comparable or unprocessable", _reasons(day)),
        _spreads(clean),
        _histogram(clean),
        _times(day),
        Table("The highest clean containers", [_row(one) for one in clean[:_N_WORST]], "False alarms come from these."),
        Table("The lowest changed containers", [_row(one) for one in _lowest(day)]),
        Table("Failed for a fault of ours", failures),
    ]


def detail_rows(day: Group) -> list[Row]:
    """One row for each container."""
    return [_row(one) for one in day]


def _whole(day: Group) -> Table:
    clean, changed = _split(day)
    compared = [one for one in day if one.reading.outcome == "compared"]
    rng = np.random.default_rng(0)
    rows: list[Row] = [
        {"measure": "AUC", "value": auc(clean, changed), **_interval(auc, clean, changed, rng)},
        {"measure": "AUC, compared pairs only", "value": auc(*_split(compared)),
         **_interval(auc, *_split(compared), rng)},
        {"measure": "AUC, compared pairs, by the peak of the significance map alone", "value": auc(*_peaks(compared)),
         **_interval(auc, *_peaks(compared), rng)},
    ]  # fmt: skip
    for share in FALSE_SHARES:
        at = partial(detection_at, false_share=share)
        rows.append(
            {"measure": f"detected at {share:.0%} false positives", "value": at(clean, changed),
             **_interval(at, clean, changed, rng)}
        )  # fmt: skip
    title = f"{len(changed)} changed containers against {len(clean)} clean ones"
    return Table(title, rows, "By priority, all outcomes included. Intervals: 95 %, bootstrap over containers.")


def _interval(statistic: Callable[..., float], clean: Priorities, changed: Priorities, rng: np.random.Generator) -> Row:
    if not len(clean) or not len(changed):
        return {"from": None, "to": None}
    low, high = bootstrap(statistic, clean, changed, rng=rng)
    return {"from": low, "to": high}


def mass_class(mass_kg: float) -> str:
    """The name of a load's class of mass; the names sort by mass."""
    low, high = next(edges for edges in _MASSES_KG if mass_kg < edges[1])
    return f"{low:3.0f} to {high:.0f} kg" if np.isfinite(high) else f"{low:.0f} kg and more"


def _mass(one: RankedTrial) -> str | None:
    truth = one.trial.truth
    return None if truth.label in ("clean", "swapped") else mass_class(truth.mass_kg)


def room(label: str, mass_kg: float, net_kg: float) -> str | None:
    """How much mass a load adds or takes away: the rest is goods that made room for it."""
    if label in ("clean", "swapped", "moved"):
        return None
    net = net_kg / mass_kg
    return "free" if net > _FREE_STANDING else "partly" if net > _REPLACED else REPLACES


def sight(unseen: float | None) -> str | None:
    """Whether the comparison said itself that it could not see where the load is: most of it is ``unseen``."""
    if unseen is None:
        return None
    return "in sight" if unseen < _OUT_OF_SIGHT else HIDDEN


def said(label: str, net_kg: float, shows_from_kg: float | None) -> str | None:
    """Whether the comparison said that such a load would show in its zone."""
    if label not in ("added", "removed") or shows_from_kg is None:
        return None
    return SAID if net_kg >= shows_from_kg else UNSAID


def _shows_from(trial: Trial) -> float | None:
    """Mass from which on a load shows in the zone of this one, as the comparison says; a side wall counts as cargo."""
    zone = trial.truth.zone
    return None if zone is None else trial.case.reading.shows_from_kg.get("cargo" if zone == "side_wall" else zone)


def _of_changed(value: Callable[[Trial], str | None]) -> Key:
    return lambda one: None if one.clean else value(one.trial)


_BREAKDOWNS: tuple[tuple[str, Key], ...] = (
    ("By what was done", _of_changed(lambda t: t.truth.label)),
    ("By mass", _mass),
    ("By what makes room", lambda one: room(one.trial.truth.label, one.trial.truth.mass_kg, one.trial.truth.net_kg)),
    ("By what could be seen of it", lambda one: sight(one.trial.unseen)),
    ("By what it says would show", _of_changed(lambda t: said(t.truth.label, t.truth.net_kg, _shows_from(t)))),
    ("By zone", _of_changed(lambda t: t.truth.zone)),
    ("By place", _of_changed(lambda t: t.truth.place)),
    ("By cargo", lambda one: one.trial.truth.commodity),
    ("By size and type", lambda one: one.trial.truth.size_type),
    ("By side of the two sources", lambda one: "opposite" if one.trial.opposite else "same"),
    ("By geometry in the sidecars", lambda one: one.trial.geometry),
    ("By form", lambda one: one.trial.form),
)


def _broken_down(title: str, key: Key, day: Group) -> Table:
    """Groups against the clean ones of their own; groups that have none, against all clean ones."""
    all_clean, _ = _split(day)
    names = sorted({name for one in day if (name := key(one)) is not None})
    rows = []
    for name in names:
        group = [one for one in day if key(one) == name]
        clean, changed = _split(group)
        against = clean if len(clean) else all_clean
        row: dict[str, str | float | int | None] = {"group": name, "changed": len(changed), "clean": len(clean)}
        row["AUC"] = auc(against, changed)
        for share in FALSE_SHARES:
            over = changed > threshold_at(all_clean, share)
            row[f"at {share:.0%}"] = float(over.mean()) if len(over) else None
        falsely = clean > threshold_at(all_clean, 0.05)
        row["false at 5%"] = float(falsely.mean()) if len(falsely) else None
        placed = [one for one in group if one.trial.truth.rescan_box is not None]
        row["located"] = _share(sum(one.found is not None for one in placed), len(placed))
        rows.append(row)
    note = (
        "AUC within the group, against all clean containers where the group has none; the thresholds are those of "
        "the whole day. located: share of the loads with a place that a finding's box overlaps, detected or not."
    )
    return Table(title, rows, note)


def _places(day: Group, threshold: float) -> Table:
    hidden = [one for one in day if not one.clean and one.trial.truth.rescan_box is not None]
    detected = [one for one in hidden if one.ranked.priority > threshold]
    located = [one for one in detected if one.found is not None]
    errors = [
        error
        for one in located
        if one.trial.truth.label != "moved" and one.trial.truth.net_kg > _FREE_STANDING * one.trial.truth.mass_kg
        and (error := _mass_error(one)) is not None
    ]  # fmt: skip
    rows: list[Row] = [
        {"measure": "loads with a place (not swapped)", "value": len(hidden)},
        {"measure": "detected at 5 % false positives", "value": _share(len(detected), len(hidden))},
        {"measure": "of these located by a finding's box", "value": _share(len(located), len(detected))},
        {"measure": "free-standing, detected, located and weighed", "value": len(errors)},
        {"measure": "their mass: median of |error| / truth", "value": median([abs(error) for error in errors])},
        {"measure": "their mass: median of error / truth", "value": median(errors)},
        {"measure": "their mass: share within a factor of 1.5",
         "value": _share(sum(1 / 1.5 <= 1 + error <= 1.5 for error in errors), len(errors))},
    ]  # fmt: skip
    return Table("Where and how much", rows)


def _mass_error(one: RankedTrial) -> float | None:
    if one.found is None or one.found.mass_kg is None:
        return None
    return one.found.mass_kg / one.trial.truth.mass_kg - 1


def _clean(clean: Group) -> Table:
    compared = [one for one in clean if one.reading.outcome == "compared"]
    numbers = [len(one.reading.findings) for one in compared]
    strongest = [max((abs(f.significance) for f in one.reading.findings), default=0.0) for one in compared]
    rows: list[Row] = [
        {"measure": "clean containers compared", "value": len(compared)},
        {"measure": "findings per container, mean", "value": float(np.mean(numbers)) if numbers else None},
        {"measure": "without any finding", "value": _share(sum(n == 0 for n in numbers), len(numbers))},
        {"measure": "strongest significance, median", "value": median(strongest)},
        {"measure": "strongest significance, 95th percentile", "value": percentile_95(strongest)},
    ]
    return Table("Clean containers", rows)


def _outcomes(day: Group) -> Table:
    rows = []
    for outcome in ("compared", "not_comparable", "unprocessable"):
        group = [one for one in day if one.reading.outcome == outcome]
        blind = [one.reading.blind_fraction for one in group if one.reading.blind_fraction is not None]
        rows.append(
            {
                "outcome": outcome,
                "clean": sum(one.clean for one in group),
                "changed": sum(not one.clean for one in group),
                "blind, median": median(blind),
                "blind, 95th percentile": percentile_95(blind),
            }
        )
    return Table("Outcomes", rows)


def _reasons(day: Group) -> list[Row]:
    return [
        {"seed": one.trial.seed, "label": one.trial.truth.label, "cargo": one.trial.truth.commodity,
         "reason": one.reading.reason}
        for one in day
        if one.reading.reason is not None
    ]  # fmt: skip


def _spreads(clean: Group) -> Table:
    spreads = [one.trial.spread for one in clean if one.trial.spread is not None]
    rows: list[Row] = [
        {"measure": "width of the core, median", "value": median([s.core for s in spreads])},
        {"measure": "width of the core, 95th percentile", "value": percentile_95([s.core for s in spreads])},
        {"measure": "share beyond 4, median", "value": median([s.beyond_4 for s in spreads])},
        {"measure": "share beyond 4, 95th percentile", "value": percentile_95([s.beyond_4 for s in spreads])},
    ]
    note = "In standard deviations, where both scans could be read. Noise that is known rightly has a core 1 wide."
    return Table("Significance maps of clean containers", rows, note)


def _histogram(clean: Group) -> Table:
    counts = [one.trial.spread.counts for one in clean if one.trial.spread is not None]
    total = np.sum(counts, axis=0) if counts else np.zeros(len(HISTOGRAM_EDGES) - 1)
    share, normal = total / max(total.sum(), 1), np.diff(ndtr(HISTOGRAM_EDGES))
    edges = [float(edge) if np.isfinite(edge) else None for edge in HISTOGRAM_EDGES]
    rows: list[Row] = [
        {"from": low, "to": high, "share": float(part), "normal": float(expected)}
        for low, high, part, expected in zip(edges[:-1], edges[1:], share, normal, strict=True)
    ]
    note = "Share of all clean maps together, in standard deviations, and of a standard normal distribution."
    return Table("Histogram of significance on clean containers", rows, note)


def _times(day: Group) -> Table:
    stages = list(dict.fromkeys(stage for one in day for stage in one.reading.stage_ms))
    rows: list[Row] = [_time(s, [one.reading.stage_ms[s] for one in day if s in one.reading.stage_ms]) for s in stages]
    rows.append(_time("whole pair", [1000 * one.trial.wall_s for one in day]))
    return Table("Time per container, ms", rows, "At the day's scale, one arithmetic thread, files to reading.")


def _time(stage: str, values_ms: Sequence[float]) -> Row:
    return {"stage": stage, "n": len(values_ms), "median": median(values_ms), "95th": percentile_95(values_ms)}


def _lowest(day: Group) -> list[RankedTrial]:
    return [one for one in reversed(day) if not one.clean][:_N_WORST]


def _row(one: RankedTrial) -> Row:
    trial, truth, reading = one.trial, one.trial.truth, one.reading
    strongest = reading.findings[0] if reading.findings else None
    return {
        "seed": trial.seed,
        "label": truth.label,
        "place": truth.place,
        "zone": truth.zone,
        "kg": truth.mass_kg or None,
        "net kg": truth.net_kg if truth.mass_kg else None,
        "cargo": truth.commodity,
        "size": truth.size_type,
        "scanners": "-".join(trial.scanners),
        "side": "opposite" if trial.opposite else "same",
        "geometry": trial.geometry,
        "form": trial.form,
        "outcome": reading.outcome,
        "priority": one.ranked.priority,
        "learned": reading.learned,
        "agreement": reading.agreement,
        "blind": reading.blind_fraction,
        "unseen": trial.unseen,
        "shows from kg": _shows_from(trial),
        "findings": len(reading.findings),
        "strongest": f"{strongest.kind} {strongest.zone}" if strongest else None,
        "sigma": strongest.significance if strongest else None,
        "found kg": strongest.mass_kg if strongest else None,
        "located": None if truth.rescan_box is None else one.found is not None,
        "located kg": one.found.mass_kg if one.found else None,
        "overlap": one.overlap,
        "peak": trial.spread.peak if trial.spread else None,
        "core": trial.spread.core if trial.spread else None,
    }


def _priorities(group: Iterable[RankedTrial]) -> Priorities:
    return np.array([one.ranked.priority for one in group], dtype=np.float64)


def _split(day: Group) -> tuple[Priorities, Priorities]:
    """Priorities of the clean and of the changed."""
    return _priorities(one for one in day if one.clean), _priorities(one for one in day if not one.clean)


def _peaks(day: Group) -> tuple[Priorities, Priorities]:
    """Strongest significance, threshold or not, of the clean and of the changed: what the ranking has to work with."""
    peaks = [(one.clean, one.trial.spread.peak) for one in day if one.trial.spread is not None]
    return np.array([peak for clean, peak in peaks if clean]), np.array([peak for clean, peak in peaks if not clean])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
