"""Registration by OpenCV's DIS optical flow (Kroeger et al. 2016, doi:10.1007/978-3-319-46493-0_29)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.crops import crops
from benchmarks.peers.pair import PairFiles
from benchmarks.peers.strongest import strongest_change
from scantriage.scan.image import FloatImage


@dataclass(frozen=True, slots=True)
class Flow:
    """A displacement for each pixel of grids of this shape."""

    shape: tuple[int, int]

    @property
    def name(self) -> str:
        """With the grid, on which time and quality depend."""
        return f"OpenCV DIS flow, {self.shape[0]} x {self.shape[1]}"

    def score(self, pair: PairFiles) -> float:
        """The strongest difference after registration."""
        both = crops(pair, shape=self.shape)
        top = float(np.quantile(both.origin.attenuation[::8, ::8], 0.995))
        images = (_grey(both.origin.attenuation, top), _grey(both.rescan.attenuation, top))
        flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*images, None)
        rows, cols = np.indices(self.shape, dtype=np.float32)
        x, y = cols + flow[..., 0], rows + flow[..., 1]

        def warp(image: FloatImage) -> FloatImage:
            return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

        return strongest_change(both.aligned(warp))


def _grey(attenuation: FloatImage, top: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(attenuation * (255 / max(top, 1e-3)), 0, 255), dtype=np.uint8)
