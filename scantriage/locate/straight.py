"""A container's columns hung side by side from its roof, however it leans and waves."""

from __future__ import annotations

import cv2
import numpy as np

from scantriage.locate.roof import RoofLine
from scantriage.locate.silhouette import Silhouette
from scantriage.scan.geometry import FloatArray
from scantriage.scan.image import FloatImage

N_COLS = 480  # 1 to 3 cm along the container


def straightened(
    attenuation: FloatImage, outline: Silhouette, cols: tuple[float, float], roof: RoofLine, depths: FloatArray
) -> FloatImage:
    """(D, K) attenuation at depths below the roof as it waves, at columns along the container."""
    length = cols[1] - cols[0]
    x = np.linspace(max(cols[0], 0) + 0.03 * length, min(cols[1], attenuation.shape[1]) - 0.03 * length, N_COLS)
    small_x = np.minimum((x / outline.col_step).astype(int), outline.tops.size - 1)
    line = roof.slope * x + roof.intercept
    wave = np.clip(outline.tops[small_x] * outline.row_step - line, -3 * outline.row_step, 3 * outline.row_step)
    wave -= np.median(wave)
    smooth = cv2.blur(wave.astype(np.float32)[None], (N_COLS // 20, 1), borderType=cv2.BORDER_REPLICATE)[0]
    map_y = (line + smooth)[None, :] + depths[:, None] - 0.5
    map_x = np.broadcast_to(x - 0.5, map_y.shape)
    return np.asarray(
        cv2.remap(
            attenuation, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )  # fmt: skip


def shifted(image: FloatImage, by: int) -> FloatImage:
    """Rows moved down by ``by``; the first or last repeated."""
    return image[np.clip(np.arange(image.shape[0]) - by, 0, image.shape[0] - 1)]
