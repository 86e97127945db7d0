"""A scan is grey: what colour channels may stand in for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scantriage.io.limits import RefusedFileError

# of 165 real portal exports 164 have R=G=B exactly; lossy chroma wanders by a few levels where it does not
GREY_TOLERANCE = 8
# the other one carries the trace of a second sensor as coloured lines over 3.4 % of its pixels
MAX_DRAWN_FRACTION = 0.1


def grey_of(planes: NDArray[Any]) -> NDArray[Any]:
    """(1, R, C) grey of (S, R, C) planes: S is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha).

    Coloured lines drawn over a grey scan become 0, as everything that was not measured. An image that is
    coloured as a whole, or transparent in places, is refused.
    """
    if len(planes) in (2, 4):
        if planes[-1].min() < np.iinfo(planes.dtype).max:
            raise RefusedFileError("is transparent in places, and a scan is not")
        planes = planes[:-1]
    if len(planes) == 1:
        return planes
    red, green, blue = planes
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    tolerance = GREY_TOLERANCE * (np.iinfo(planes.dtype).max // 255)
    drawn = spread > tolerance
    if drawn.mean() > MAX_DRAWN_FRACTION:
        raise RefusedFileError("is a colour image, and a scan is grey (R = G = B)")
    return np.where(drawn, 0, green)[np.newaxis].astype(planes.dtype)
