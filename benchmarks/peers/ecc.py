"""Registration by OpenCV's findTransformECC (Evangelidis and Psarakis 2008, doi:10.1109/TPAMI.2008.113)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.peers.crops import crops
from benchmarks.peers.pair import PairFiles
from benchmarks.peers.strongest import strongest_change
from scantriage.scan.image import FloatImage

_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4)
_BLUR = 5


@dataclass(frozen=True, slots=True)
class Ecc:
    """An affine map between grids of this shape."""

    shape: tuple[int, int]

    @property
    def name(self) -> str:
        """With the grid, on which time and quality depend."""
        return f"OpenCV ECC affine, {self.shape[0]} x {self.shape[1]}"

    def score(self, pair: PairFiles) -> float:
        """The strongest difference after registration; without it where it does not converge."""
        both = crops(pair, shape=self.shape)
        images = (both.origin.attenuation, both.rescan.attenuation)
        try:
            _, onto = cv2.findTransformECC(
                *images, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, _STEPS, None, _BLUR
            )
        except cv2.error:  # its way of saying that it does not converge
            return strongest_change(both)

        def warp(image: FloatImage) -> FloatImage:
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            return np.asarray(
                cv2.warpAffine(image, onto, self.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
            )

        return strongest_change(both.aligned(warp))
