"""Scans whose truth is known: a container on a chassis, a detector with gains, pulses with doses, photon noise."""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

ROWS, COLS = 260, 640
DARK = 400.0
ROOF, FLOOR, CHASSIS = 26, 190, 212  # rows
FRONT, REAR = 60, 580  # columns


def container(rows=ROWS, cols=COLS, *, seed=3):
    """(R, C) attenuation: air around, walls, posts, roof, floor, chassis, wheels and goods of every thickness."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((rows, cols))
    scene[ROOF:FLOOR, FRONT:REAR] = 0.16
    scene[ROOF : ROOF + 5, FRONT:REAR] = 0.8
    scene[FLOOR - 6 : FLOOR, FRONT:REAR] = 1.1
    scene[FLOOR:CHASSIS, FRONT - 8 : REAR + 8] = 1.4
    for post in (FRONT, REAR - 6):
        scene[ROOF:FLOOR, post : post + 6] = 1.0
    for left in range(FRONT + 12, REAR - 60, 60):
        scene[80 : FLOOR - 6, left : left + 50] += rng.uniform(0.4, 5.0)
    for left in (380, 440):
        scene[CHASSIS : CHASSIS + 40, left : left + 40] = 3.0
        scene[CHASSIS + 12 : CHASSIS + 28, left + 12 : left + 28] = 7.0  # hubs, as dark as all that is steel
    return scene


@dataclass
class Detector:
    """What stands between attenuation and counts; every part can be changed alone."""

    air: float = 50_000.0
    dark: float = DARK
    per_count: float = 6.0  # variance over signal: about 8,000 quanta in air
    electronic: float = 5.0
    scatter: float = 0.0  # of the mean signal around
    scatter_reach: float = 15.0  # rows and columns
    scatter_floor: float = 0.0  # of the open beam
    gain: np.ndarray = field(default_factory=lambda: 1 + 0.05 * np.random.default_rng(1).normal(size=ROWS))
    dose: np.ndarray = field(
        default_factory=lambda: (
            1 + 0.01 * np.random.default_rng(2).normal(size=COLS) + 0.03 * np.sin(np.arange(COLS) / 90)
        )
    )
    tilt: np.ndarray = field(
        default_factory=lambda: 0.02 * gaussian_filter1d(np.random.default_rng(4).normal(size=COLS), 6)
    )

    def counts(self, scene, *, seed=0):
        """(R, C) uint16."""
        rng = np.random.default_rng(seed)
        height = np.linspace(-1, 1, scene.shape[0])[:, None]
        beam = self.air * self.gain[:, None] * self.dose * (1 + height * self.tilt)
        direct = np.exp(-scene)
        around = gaussian_filter(direct, self.scatter_reach, mode="nearest")
        signal = beam * ((1 - self.scatter) * direct + self.scatter * around + self.scatter_floor)
        noise = rng.normal(size=scene.shape) * np.sqrt(self.per_count * signal + self.electronic**2)
        return np.clip(np.round(signal + noise + self.dark), 0, 65535).astype(np.uint16)

    def dark_rows(self, counts, rows, *, seed=9):
        """A copy with dead rows: no signal, only the electronic noise about the dark level."""
        dead = counts.copy()
        noise = np.random.default_rng(seed).normal(size=(len(rows), counts.shape[1])) * self.electronic
        dead[list(rows)] = np.round(self.dark + noise).astype(np.uint16)
        return dead
