"""Every number the ranking rests on, in one place, for one calibration to replace.

A contribution is a log-odds: the natural logarithm of how many times likelier a sight is in a container
that holds what should not be there than in one that does not. +0.7 doubles the odds, +2.3 makes them ten
times, +6.9 a thousand times. The numbers are judgements from the sources named beside them, until
simulated days calibrate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scantriage.scan.finding import Kind, Zone
from scantriage.scan.quality import Flag


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds and scales of the ranking; a frozen table."""

    # about 0.1 % of containers hold a load: 170 finds a year at one port, an unknown number unseen
    base_rate: float = 0.001

    # A comparison that shows nothing speaks for a clean container as far as it could see: the chance that a
    # load shows, where the container is penetrated and the scans agree. 0.7 by the physics of 10 cm of cocaine
    # in goods of 0.4 g/cm3 (23 % less transmission) against goods of 0.95 g/cm3 (4 %, not seen).
    chance_to_show: float = 0.7

    # What was learned tells loads from shifted cargo better than significance does; findings and the signs of single
    # scans add little to it, and seeing nothing is part of it. Logistic regression on 434 simulated pairs by scanners
    # to train on: 0.89 and 0.08, and nothing clear for the signs.
    learned: float = 0.9
    learned_most: float = 8.0
    # Of that, where a scan is a display export: few of the simulated pairs are, but two of the three unchanged ones
    # that ranked first on a day.
    learned_uncalibrated: float = 0.5
    findings_beside_learned: float = 0.1
    # Another load altogether shows without any learning: on three simulated days of raw scans it was named in 70 of
    # 166 exchanged loads and in one of 935 unchanged ones. Of display exports in six unchanged ones: there it counts
    # as little as the rest.
    swapped_beside_learned: float = 0.5
    signs_beside_learned: float = 0.2

    # Significance: nothing below 2.5 and half the weight at 3.1, because on simulated days half of the unchanged
    # containers reach 2.7 somewhere and one in ten reaches 3.3, by what cargo does at sea and registration leaves;
    # saturating, because 5 answers that question no better than 4.
    significance_from: float = 2.5
    significance_half: float = 0.6

    # What a full-grown finding of each kind says. Cargo shifts, settles and dries, so even a certain
    # difference is not a certain load; cargo that merely moved keeps its mass and is hardly evidence.
    kind: Mapping[Kind, float] = field(
        default_factory=lambda: MappingProxyType(
            {"added": 5.0, "removed": 3.5, "moved": 0.4, "swapped": 7.0, "pattern": 2.0}
        )
    )
    # Where finds are made: behind the doors (rip-on/rip-off), reefer machinery (the commonest place of
    # 2023), the floor; loads in roof and front wall are rarer, and cargo is where goods shift by themselves.
    zone: Mapping[Zone, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                "door_end": 1.0, "reefer_unit": 1.0, "floor": 0.7, "front_wall": 0.3,
                "roof": 0.3, "side_wall": 0.3, "cargo": 0.0,
            }
        )
    )  # fmt: skip
    # Mass: neutral at 10 kg, half the smallest sports bag found (20 kg); +-1 for a factor of 4, at most
    # +-1.2, because a pallet that slid by a metre is heavy too.
    mass_neutral_kg: float = 10.0
    mass_per_factor_4: float = 1.0
    mass_most: float = 1.2

    # A finding's weight is multiplied by these where its flags name a weakness.
    trust: Mapping[Flag, float] = field(
        default_factory=lambda: MappingProxyType(
            {Flag.MOVED_CARGO: 0.25, Flag.EDGE_ON_EDGE: 0.4, Flag.LOW_AGREEMENT: 0.5}
        )
    )
    # The strongest finding counts whole, the next ones less: findings of one container share their causes
    # (one uneven passage, one shifted row of pallets), so they are not independent.
    order: tuple[float, ...] = (1.0, 0.3, 0.1)

    # What flags of the scans, the delivery or the manifest say beside the comparison.
    flag: Mapping[Flag, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                Flag.DECLARED_EMPTY: 4.5,  # the surest single sign: 99.3 % at 0.7 % false alarms, published
                Flag.SAME_CONTENT: 2.5,  # an old picture shown for a new one hides what came between
                Flag.SIZE_MISMATCH: 1.0,  # another container, or a slip in the manifest
                Flag.CHECK_DIGIT: 0.7,  # a cloned number, mostly a typing error
                Flag.CHECKSUM_MISMATCH: 0.7,  # altered, mostly a broken transfer
                Flag.SCAN_CONFLICT: 0.7,  # replaced, mostly sent again after a repair
                Flag.RESCAN_BEFORE_ORIGIN: 0.3,  # a clock set wrong, nearly always
            }
        )
    )

    # Mass in the scan against the manifest, on the logarithm of their ratio: weak, because scanned mass is
    # good to some 25 % and manifests are rounded, and a switched container is made equal in weight.
    cargo_mass_most: float = 0.8
    cargo_mass_sd: float = 0.25
    cargo_mass_sd_kg: float = 500.0  # what the container itself and its floor leave uncertain
    cargo_mass_blind_limit: float = 0.2  # above it too much mass goes unseen

    # Unseen is not clean: dense goods are a hiding place. A wholly blind container weighs 2.7 times the base rate.
    blind: float = 1.0
    # Two scans of one container can nearly always be compared: where they cannot, something may differ.
    not_comparable: float = 0.5


DEFAULT_WEIGHTS = Weights()
