"""What scattered photons add to every pixel, told from how dark the darkest places of the scan are.

Nothing can be darker than the veil that lies over it. Of dark objects in satellite images haze is told the same way
(P. S. Chavez 1988, doi:10.1016/0034-4257(88)90019-3), and scatter in radiographs is a broad blur of the image itself
(L. A. Love and R. A. Kruger 1987, doi:10.1118/1.596126) above what scatters everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from scantriage.arrays.robust import FloatArray
from scantriage.calibrate.blocks import FloatLine
from scantriage.scan.image import BoolImage, FloatImage

# what 200 mm of steel let through at 6 MV: hubs, engines and castings are about as dark, and not darker
_OPAQUE = 0.0017
_MOST = 0.1  # of the open beam, either part: a real steel calibration ends at 0.06
_REACH = 0.06  # of the view's height, standard deviation of the blur: a quarter of a metre
_ROWS = 64  # of the view in which it is looked for: 7 cm each, less than a hub
_SURROUNDINGS = 60  # kinds of places, by how bright it is around them
_DARKEST = 0.001  # of the places of a kind: fewer may be pixels that failed


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """What scatter adds, as parts of the open beam.

    share: of the mean signal around a pixel. floor: everywhere. parts: (n, C) both together, in n bands of rows.
    at: (R,) where among the bands each row lies.
    """

    share: float
    floor: float
    parts: FloatImage
    at: FloatLine

    @property
    def clear(self) -> float:
        """What is no scatter of the open beam."""
        return 1 - self.share - self.floor

    def spread(self, cols: BoolImage) -> Veil:
        """The veil at the True ones of more columns (C,), and none between."""
        parts = np.zeros((len(self.parts), cols.size), np.float32)
        parts[:, cols] = self.parts
        return replace(self, parts=parts)


def find_veil(seen: FloatImage, *, n_rows: int, n_cols: int) -> Veil:
    """The veil over a scan of R rows and C columns.

    seen: (b, k) the scan in blocks, as parts of the open beam, scatter included. Share and floor are as large as
    the darkest places allow, whatever is around them. Where nothing as dark as 200 mm of steel is seen they are too
    large, at most by what the darkest places let through.
    """
    n = min(_ROWS, len(seen))
    size = (max(1, round(seen.shape[1] * n / len(seen))), n)
    small = np.asarray(cv2.resize(np.clip(seen, 0, 1), size, interpolation=cv2.INTER_AREA), np.float32)
    around = cv2.GaussianBlur(small, (0, 0), _REACH * n)
    share, floor = _share_and_floor(*_darkest(small, around))
    at = np.clip((np.arange(n_rows) + 0.5) * n / n_rows - 0.5, 0, n - 1).astype(np.float32)
    parts = cv2.resize(np.float32(share) * around + np.float32(floor), (n_cols, n), interpolation=cv2.INTER_LINEAR)
    return Veil(share, floor, np.asarray(parts, np.float32), at)


def _darkest(seen: FloatImage, around: FloatImage) -> tuple[FloatArray, FloatArray]:
    """(N,) how bright it is around some kinds of places, and how dark the darkest of each are."""
    brightness, ordered = around.ravel(), np.argsort(around, axis=None)
    kinds = [kind for kind in np.array_split(ordered, _SURROUNDINGS) if kind.size]
    darkest = [np.sort(seen.ravel()[kind])[int(_DARKEST * kind.size)] for kind in kinds]
    return np.array([brightness[kind].mean() for kind in kinds]), np.array(darkest)


def _share_and_floor(around: FloatArray, darkest: FloatArray) -> tuple[float, float]:
    """The largest share and floor that are nowhere more than the darkest places show, beyond what steel lets through.

    Largest in the sum over all kinds of places, of which the darkest say most: there scatter is most of what is seen.
    """
    most = np.maximum(darkest - _OPAQUE, 0)
    shares = np.linspace(0, _MOST, 101)
    floors = np.minimum((most - shares[:, np.newaxis] * around).min(axis=1), _MOST)
    weight = np.maximum(darkest, _OPAQUE) ** -4.0
    in_all = np.where(floors >= 0, shares * (weight * around).sum() + floors * weight.sum(), -1)
    best = int(np.argmax(in_all))
    return float(shares[best]), float(floors[best])
