"""Whatever carries a container, laid beneath one that hangs in the air: beams, decks, rails, boxes and wheels.

Attenuations add, so a chassis is drawn into the picture of an underside, wider than any maker builds it. Nothing but
what a container is made of itself then tells where its edges lie.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.locate.underside import Underside

FloatImage = NDArray[np.float32]

_PER_CM = 1.9  # samples of an underside, as containers are 2.6 to 2.9 m high and show 500 samples high
_NONE = 0.06  # of the containers stand on nothing that shows
_N_ACROSS = 24  # lines that a slab from wall to wall is made of


def on_chassis(seen: Underside, edges: tuple[float, float], rng: np.random.Generator) -> Underside:
    """The same underside over a chassis drawn by chance, in another energy and noise.

    edges: sample of the near and of the far lower edge.
    """
    below = np.maximum(seen.below, -0.2)
    if rng.random() >= _NONE:
        below = below + _Drawing.empty(below.shape, edges, rng).chassis()
    below = below * np.float32(rng.uniform(0.7, 1.3))
    if rng.random() < 0.5:
        below = below[:, ::-1]
    if rng.random() < 0.3:
        below = below + rng.normal(0, rng.uniform(0.005, 0.05), below.shape)
    return replace(seen, below=np.minimum(below, rng.uniform(4, 8)).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """Attenuation to draw into. near, far: sample at which the container's bottom shows at either wall."""

    image: FloatImage
    near: float
    far: float
    rng: np.random.Generator

    @classmethod
    def empty(cls, shape: tuple[int, ...], edges: tuple[float, float], rng: np.random.Generator) -> _Drawing:
        return cls(np.zeros(shape, np.float32), *edges, rng)

    def chassis(self) -> FloatImage:
        """(D, K) all of it, as it leans and waves below the container, blurred as a scanner would."""
        rng, density = self.rng, self._log_uniform(0.05, 1.5)
        for draw, share in (
            (self._beams, 0.75), (self._box, 0.35), (self._deck, 0.3), (self._bed_rails, 0.35),
        ):  # fmt: skip
            if rng.random() < share:
                draw(density)
        if rng.random() < 0.75:
            self._cross_beams()
        if rng.random() < 0.25:
            self._ribs()
        self._things()
        self._wheels()
        n_rows, n_cols = self.image.shape
        along = np.linspace(-1, 1, n_cols)
        wave = rng.normal(0, 2.5) * along + rng.normal(0, 1.2) * np.sin(along * rng.uniform(3, 20))
        rows = np.arange(n_rows)[:, np.newaxis] + wave
        cols = np.broadcast_to(np.arange(n_cols), rows.shape)
        image = cv2.remap(
            self.image, cols.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        blur = rng.uniform(0.3, 2.5)
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigmaX=max(0.3, 0.4 * blur), sigmaY=blur), np.float32)

    def _log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(*np.log((low, high)))))

    def _cm(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high)) * _PER_CM

    def _bottom(self, across: float) -> float:
        """Sample at which the container's bottom shows, 0 at the far wall, 1 at the near one."""
        return self.far + across * (self.near - self.far)

    def _span(self) -> tuple[float, float]:
        """Columns, mostly all of them."""
        n_cols, middle = self.image.shape[1], self.rng.uniform(0, 1)
        if self.rng.random() < 0.5:
            return 0.0, n_cols
        return (0.0, n_cols * (1 + middle) / 2) if self.rng.random() < 0.5 else (n_cols * middle / 2, n_cols)

    def _band(self, rows: tuple[float, float], cols: tuple[float, float], attenuation: float) -> None:
        """A rectangle; rows it covers in part count in part."""
        share = np.clip(np.arange(len(self.image)) + 1 - rows[0], 0, 1) - np.clip(
            np.arange(len(self.image)) + 1 - rows[1], 0, 1
        )
        first, last = (int(np.clip(col, 0, self.image.shape[1])) for col in cols)
        self.image[:, first:last] += np.float32(attenuation) * np.maximum(share, 0)[:, np.newaxis].astype(np.float32)

    def _slab(
        self, depths: tuple[float, float], across: tuple[float, float], cols: tuple[float, float], attenuation: float
    ) -> None:
        """What reaches across at depths (samples) below the container's bottom."""
        for place in np.linspace(*across, _N_ACROSS):
            bottom = self._bottom(place)
            self._band((bottom + depths[0], bottom + depths[1]), cols, attenuation / _N_ACROSS)

    def _beams(self, density: float) -> None:
        """Two main beams along the chassis, mostly with flanges, deeper behind a gooseneck than at it."""
        rng, n_cols = self.rng, self.image.shape[1]
        aside = rng.uniform(0.25, 0.46) if rng.random() < 0.7 else rng.uniform(0, 0.5)
        gap, deep = self._cm(-1, 5), self._cm(6, 55)
        neck = n_cols * rng.uniform(0.1, 0.9)
        parts = [((0.0, n_cols), deep)] if rng.random() < 0.5 else [((0.0, neck), deep), ((neck, n_cols), deep / 2)]
        web, flange, thick = density * rng.uniform(0.3, 1.5), self._log_uniform(0.1, 2.5), self._cm(0.8, 3)
        wide = abs(self.near - self.far) * rng.uniform(0.02, 0.12)
        has_flanges = rng.random() < 0.8
        for place in (0.5 - aside, 0.5 + aside):
            top = self._bottom(place) + gap
            for cols, depth in parts:
                self._band((top, top + depth), cols, web)
                for edge in (top, top + depth - thick) if has_flanges else ():
                    rows = (edge - wide / 2, edge + thick + wide / 2)
                    self._band(rows, cols, flange * thick / (thick + wide))

    def _box(self, density: float) -> None:
        inset = self.rng.uniform(0, 0.4)
        self._slab(
            (self._cm(-1, 4), self._cm(5, 45)), (inset, 1 - inset), self._span(), density * self.rng.uniform(0.3, 1.5)
        )

    def _deck(self, density: float) -> None:
        top = self._cm(0, 3)
        self._slab((top, top + self._cm(0.5, 6)), (0.05, 0.95), self._span(), 3 * density)

    def _bed_rails(self, density: float) -> None:
        """Of a lorry's bed or a wagon, right below the container's own."""
        for place in (self.rng.uniform(0, 0.12), self.rng.uniform(0.88, 1)):
            top = self._bottom(place) + self._cm(0, 8)
            self._band((top, top + self._cm(4, 25)), self._span(), density * self.rng.uniform(0.3, 2))

    def _cross_beams(self) -> None:
        rng, n_cols = self.rng, self.image.shape[1]
        n = int(rng.integers(2, 15))
        places = np.linspace(rng.uniform(0, 60), n_cols - rng.uniform(0, 60), n) + rng.normal(0, rng.uniform(0, 10), n)
        wide, depths, inset = rng.uniform(1.5, 8), (self._cm(-1, 6), self._cm(7, 35)), rng.uniform(0, 0.3)
        attenuation = self._log_uniform(0.2, 3)
        for place in places:
            self._slab(depths, (inset, 1 - inset), (place, place + wide), attenuation)

    def _ribs(self) -> None:
        """Beams across as narrow and as many as the container's own, but below it and shorter."""
        rng = self.rng
        pitch, inset, attenuation = rng.uniform(8, 40), rng.uniform(0.05, 0.35), self._log_uniform(0.1, 1)
        depths = (self._cm(0, 10), self._cm(12, 30))
        for place in np.arange(rng.uniform(0, pitch), self.image.shape[1], pitch):
            self._slab(depths, (inset, 1 - inset), (place, place + rng.uniform(1, 2.5)), attenuation)

    def _things(self) -> None:
        """Boxes, tanks and legs."""
        rng = self.rng
        for _ in range(int(rng.integers(0, 5))):
            top, left = max(self.near, self.far) + self._cm(-10, 30), rng.uniform(0, self.image.shape[1])
            self._band((top, top + self._cm(5, 30)), (left, left + rng.uniform(5, 60)), rng.uniform(0.1, 2.5))

    def _wheels(self) -> None:
        rng, n_cols = self.rng, self.image.shape[1]
        radius, wide = self._cm(40, 60), rng.uniform(0.15, 0.6)  # columns are wider than depths are high
        middle = max(self.near, self.far) + self._cm(-10, 25) + radius
        first, pitch = rng.uniform(0, n_cols), rng.uniform(40, 60)
        for number in range(int(rng.integers(0, 8))):
            col = first + number * pitch if rng.random() < 0.7 else rng.uniform(0, n_cols)
            for place in (rng.uniform(0, 0.3), rng.uniform(0.7, 1)):
                row = middle + (place - 0.7) * (self.near - self.far)
                for share, most in ((1.0, 2.0), (0.6, 5.0)):  # tyre and rim
                    tyre = np.zeros_like(self.image)
                    axes = (round(share * wide * radius), round(share * radius))
                    cv2.ellipse(tyre, (round(col), round(row)), axes, 0, 0, 360, rng.uniform(0.3, most), -1)
                    self.image[:] += tyre
