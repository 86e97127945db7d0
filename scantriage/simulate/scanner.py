"""Scanners: what one is, and many of them drawn from a range wider than what is known of real ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from scantriage.scan.geometry import CONTAINER_WIDTH_M, FanGeometry
from scantriage.simulate.beam import Beam

Split = Literal["train", "held_out"]
Tells = Literal["all", "no_dark", "no_geometry", "little"]

# of twenty scanners, how many leave what out of their sidecars
_TELLS: tuple[Tells, ...] = ("all",) * 15 + ("no_dark",) * 2 + ("no_geometry",) * 2 + ("little",)
_HELD_OUT_SEED = 7_919
N_SCANNERS: dict[Split, int] = {"train": 400, "held_out": 100}


@dataclass(frozen=True, slots=True)
class ScannerModel:
    """One scanner at one terminal. Lengths in metres unless the name says otherwise.

    geometry: the truth; its source side is as seen in the direction of travel. beams: highest energy first.
    air_counts, dark_counts: open beam above dark, and dark. quanta: what the open beam's noise in one pixel
    corresponds to. noise_lag: correlation of the noise between neighbouring columns. gain_sd: per row, and
    gain_slope: smooth fall of the open beam to the ends of the detector, both relative. dose_sd: per pulse.
    wobble_sd: tilt of a pulse's profile over the detector, relative. scatter: share of the mean signal within
    scatter_reach_m; scatter_floor: share of the open beam. focal_m, slit_m: blur across rows and along travel.
    row_spread_counts: dark level between rows. n_dead, n_hot: rows; n_spikes: pixels at either limit.
    stretch: slow and jitter: quick unevenness of the travel speed, relative. bounce_m: of the vehicle or the
    boom. tells: what its sidecars say.
    """

    name: str
    geometry: FanGeometry
    n_rows: int
    pitch_m: float
    beams: tuple[Beam, ...]
    air_counts: float
    dark_counts: float
    quanta: float
    noise_lag: float
    gain_sd: float
    gain_slope: float
    dose_sd: float
    wobble_sd: float
    scatter: float
    scatter_reach_m: float
    scatter_floor: float
    focal_m: float
    slit_m: float
    row_spread_counts: float
    electronic_counts: float
    n_dead: int
    n_hot: int
    n_spikes: int
    stretch: float
    jitter: float
    bounce_m: float
    tells: Tells

    def scaled(self, scale: float) -> Self:
        """The same scanner with fewer and larger pixels; ``scale`` 0.4 leaves 0.4 of rows and columns."""
        if not 0 < scale <= 1:
            raise ValueError(f"scale must be in (0, 1], got {scale}")
        return replace(self, n_rows=max(round(self.n_rows * scale), 64), pitch_m=self.pitch_m / scale)


def draw_scanner(rng: np.random.Generator, name: str) -> ScannerModel:
    """A scanner from the prior."""
    drive_through = rng.random() < 0.5
    normalised = rng.random() < 0.5  # by the vendor's software, before export
    return ScannerModel(
        name=name,
        geometry=_draw_geometry(rng),
        n_rows=int(rng.integers(800, 1501)),
        pitch_m=rng.uniform(0.003, 0.0056),
        beams=_draw_beams(rng),
        air_counts=rng.uniform(42_000, 60_000),
        dark_counts=rng.uniform(100, 1_000),
        quanta=math.exp(rng.uniform(math.log(4_000), math.log(60_000))),
        noise_lag=rng.uniform(0.0, 0.65),
        gain_sd=rng.uniform(0.001, 0.005) if normalised else rng.uniform(0.01, 0.11),
        gain_slope=0.0 if normalised else rng.uniform(0.0, 0.3),
        dose_sd=rng.uniform(0.002, 0.02),
        wobble_sd=rng.uniform(0.0, 0.008),
        scatter=rng.uniform(0.0, 0.05),
        scatter_reach_m=rng.uniform(0.1, 0.6),
        scatter_floor=math.exp(rng.uniform(math.log(2e-4), math.log(6e-2))),  # a real steel calibration ends there
        focal_m=rng.uniform(0.001, 0.008),
        slit_m=rng.uniform(0.003, 0.009),
        row_spread_counts=rng.uniform(0.0, 12.0),
        electronic_counts=rng.uniform(1.0, 8.0),
        n_dead=int(rng.integers(0, 4)),
        n_hot=int(rng.random() < 0.25),
        n_spikes=int(rng.integers(0, 40)) if rng.random() < 0.3 else 0,
        stretch=rng.uniform(0.02, 0.15) if drive_through else rng.uniform(0.0, 0.01),
        jitter=rng.uniform(0.0, 0.02) if drive_through else rng.uniform(0.0, 0.004),
        bounce_m=rng.uniform(0.0, 0.02) if drive_through else rng.uniform(0.0, 0.004),
        tells=_TELLS[int(rng.integers(len(_TELLS)))],
    )


def known_scanner(split: Split, index: int) -> ScannerModel:
    """Scanner number ``index`` of the split; the same one every time, and none of them in both splits."""
    if not 0 <= index < N_SCANNERS[split]:
        raise ValueError(f"{split} has {N_SCANNERS[split]} scanners, got {index}")
    rng = np.random.default_rng([_HELD_OUT_SEED if split == "held_out" else 0, index])
    return draw_scanner(rng, f"{'H' if split == 'held_out' else 'T'}{index:03d}")


def _draw_geometry(rng: np.random.Generator) -> FanGeometry:
    distance, height = round(rng.uniform(4.0, 7.0), 3), round(rng.uniform(0.5, 3.0), 2)
    # a roof 4.2 m above the road appears higher where it is near the source; the detector reaches about that far
    near_roof = height + (4.2 - height) * distance / (distance - CONTAINER_WIDTH_M / 2)
    return FanGeometry(
        layout="plane" if rng.random() < 0.5 else "arc",
        source_distance_m=distance,
        source_height_m=height,
        source_side="left" if rng.random() < 0.5 else "right",
        view_height_m=(round(rng.uniform(0.0, 0.6), 2), round(near_roof + rng.uniform(0.0, 0.5), 2)),
    )


def _draw_beams(rng: np.random.Generator) -> tuple[Beam, ...]:
    high = _one_of(rng, [4.0, 4.5, 5.0, 6.0, 6.0, 6.0, 7.5, 9.0, 9.0])
    energies = [high]
    if high >= 6 and rng.random() < 0.7:
        energies.append(_one_of(rng, [3.5, 3.8, 4.0, 6.0] if high > 7 else [3.5, 3.8, 4.0]))
    filters = (rng.uniform(3.5, 7.0), rng.uniform(4.0, 16.0), rng.uniform(8.0, 24.0))
    # the true endpoint is rarely the one on the name plate
    return tuple(Beam(round(energy * rng.uniform(0.96, 1.04), 2), *filters) for energy in energies)


def _one_of(rng: np.random.Generator, values: list[float]) -> float:
    return values[int(rng.integers(len(values)))]
