"""From a case to itemised evidence: log-odds that add up to the priority's own."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scantriage.rank.case import Case
from scantriage.rank.weights import Weights
from scantriage.scan.container import size_of
from scantriage.scan.finding import Evidence, Finding, Reading
from scantriage.scan.quality import Flag


def evidence_of(case: Case, weights: Weights) -> tuple[Evidence, ...]:
    """Everything that speaks for or against the case; the contributions sum to its log-odds.

    The base rate comes first, then findings (strongest first), then the rest. Parts that contribute
    nothing are left out.
    """
    reading = case.reading
    items = [
        _base_rate(weights),
        *_learned(case, weights),
        *_findings(case, weights),
        *_nothing_seen(reading, weights),
        *_unseen(reading, weights),
        *_flags(case, weights),
        *_cargo_mass(case, weights),
    ]
    return tuple(item for item in items if item.contribution != 0)


def certainty(significance: float, weights: Weights) -> float:
    """How far a significance rules out what unchanged containers show: 0 up to a limit, rising smoothly towards 1.

    t^2 / (1 + t^2) with t = (|significance| - from) / half: no step at the threshold.
    """
    above = (abs(significance) - weights.significance_from) / weights.significance_half
    return 1 - 1 / (1 + above * above) if above > 0 else 0.0


def finding_weight(finding: Finding, reading: Reading, weights: Weights) -> float:
    """Log-odds of one finding on its own; not negative, rising with |significance|."""
    full = weights.kind[finding.kind]
    if finding.kind in ("added", "removed"):
        full += weights.zone[finding.zone] + _mass_term(finding.mass_kg, weights)
    weaknesses = {*finding.flags}
    if finding.kind != "swapped":  # two different loads agree poorly: that is the finding, not a doubt about it
        weaknesses |= {Flag.LOW_AGREEMENT} & {*reading.flags}
    trust = math.prod(factor for flag, factor in weights.trust.items() if flag in weaknesses)
    return max(full, 0.0) * trust * certainty(finding.significance, weights)


def _learned(case: Case, weights: Weights) -> Iterator[Evidence]:
    if case.reading.learned is None:
        return
    share = weights.learned_uncalibrated if Flag.UNCALIBRATED in case.all_flags else 1.0
    odds = share * min(max(weights.learned * case.reading.learned, -weights.learned_most), weights.learned_most)
    changed, other = ("a changed", "an unchanged") if odds > 0 else ("an unchanged", "a changed")
    times = f"{math.exp(abs(odds)):,.1f} times"
    yield Evidence(
        "learned",
        odds,
        f"By what simulated pairs taught, {times} likelier for {changed} container than for {other} one.",
    )


def _base_rate(weights: Weights) -> Evidence:
    odds = weights.base_rate / (1 - weights.base_rate)
    return Evidence("base_rate", math.log(odds), f"About {weights.base_rate:.1%} of all containers hold a load.")


def _mass_term(mass_kg: float | None, weights: Weights) -> float:
    if mass_kg is None:
        return 0.0
    term = weights.mass_per_factor_4 * math.log(max(mass_kg, 0.01) / weights.mass_neutral_kg, 4)
    return min(max(term, -weights.mass_most), weights.mass_most)


def _findings(case: Case, weights: Weights) -> Iterator[Evidence]:
    weighed = [
        (_beside_learned(finding, case, weights) * finding_weight(finding, case.reading, weights), finding)
        for finding in case.reading.findings
    ]
    weighed.sort(key=lambda pair: (-pair[0], pair[1].container_box.as_list(), pair[1].kind))
    for share, (weight, finding) in zip(weights.order, weighed, strict=False):
        yield Evidence(f"{finding.kind}_{finding.zone}", share * weight, finding.sentence)


def _beside_learned(finding: Finding, case: Case, weights: Weights) -> float:
    """What a finding counts: little where what was learned tells the same, more where the whole load is another."""
    if case.reading.learned is None:
        return 1.0
    sure = finding.kind == "swapped" and Flag.UNCALIBRATED not in case.all_flags
    return weights.swapped_beside_learned if sure else weights.findings_beside_learned


def _nothing_seen(reading: Reading, weights: Weights) -> Iterator[Evidence]:
    """A comparison without a finding lowers the odds, but only by what it could see; what was learned tells it, too."""
    if reading.outcome != "compared" or reading.learned is not None:
        return
    surest = max((certainty(finding.significance, weights) for finding in reading.findings), default=0.0)
    seen = (1 - (reading.blind_fraction or 0.0)) * (1.0 if reading.agreement is None else reading.agreement)
    missed = 1 - weights.chance_to_show * min(max(seen, 0.0), 1.0)
    yield Evidence(
        "nothing_else_seen" if surest else "nothing_seen",
        (1 - surest) * math.log(missed),
        f"The comparison shows no clear change; a load would have shown with about {1 - missed:.0%} probability.",
    )


def _unseen(reading: Reading, weights: Weights) -> Iterator[Evidence]:
    blind = reading.blind_fraction or 0.0
    yield Evidence("blind", weights.blind * blind, f"{blind:.0%} of the container could not be seen.")
    if reading.outcome == "not_comparable":
        yield Evidence("not_comparable", weights.not_comparable, reading.reason or "The scans cannot be compared.")


def _flags(case: Case, weights: Weights) -> Iterator[Evidence]:
    share = _share_of_signs(case.reading, weights)
    for flag in case.all_flags:
        yield Evidence(str(flag), share * weights.flag.get(flag, 0.0), flag.sentence)


def _share_of_signs(reading: Reading, weights: Weights) -> float:
    """What signs of single scans count: little where both were compared."""
    return 1.0 if reading.learned is None else weights.signs_beside_learned


def _cargo_mass(case: Case, weights: Weights) -> Iterator[Evidence]:
    """Scanned against declared mass; whether the declared one holds the container's own is not known."""
    scanned, manifest = case.reading.cargo_kg, case.manifest
    declared = manifest.gross_kg if manifest else None
    if scanned is None or manifest is None or not declared or scanned <= 0:
        return
    if (case.reading.blind_fraction or 0.0) > weights.cargo_mass_blind_limit:
        return
    ratios = (scanned / declared, (scanned + _tare_kg(manifest.size_type)) / declared)
    nearest = min((math.log(ratio) for ratio in ratios), key=abs)
    apart = nearest**2 / (weights.cargo_mass_sd**2 + (weights.cargo_mass_sd_kg / declared) ** 2)
    # like a finding's significance: nothing near agreement, saturating far from it
    yield Evidence(
        "cargo_mass", _share_of_signs(case.reading, weights) * weights.cargo_mass_most * apart / (4 + apart),
        f"The scan shows about {scanned / 1000:.1f} t of cargo, the manifest declares {declared / 1000:.1f} t.",
    )  # fmt: skip


def _tare_kg(size_type: str | None) -> float:
    """Mass of the empty container: 2.3 t for 20 ft, 3.9 t for 40 ft, 4.7 t for a reefer of 40 ft."""
    size = size_of(size_type)
    if size is None or size.length_m > 7:
        return 4700.0 if size is not None and size.reefer else 3900.0
    return 3000.0 if size.reefer else 2300.0
