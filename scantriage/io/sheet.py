"""Ink on a picture: text, boxes, badges, grey and diverging tones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]  # blue, green, red, as OpenCV has them
Pixels = NDArray[np.uint8]
FloatArray = NDArray[np.floating[Any]]
Anchor = Literal["left", "middle", "right"]


def colour(code: str) -> Colour:
    """The colour of a code such as ``#b2182b``."""
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return blue, green, red


INK, QUIET, FAINT, PAPER = colour("#1f2328"), colour("#6a737d"), colour("#d0d7de"), colour("#ffffff")
_UNUSABLE, _HATCH = colour("#dcdfe3"), colour("#b9bec5")

# ColorBrewer RdBu: blue to red, told apart by every kind of colour blindness and by lightness from the middle
_DIVERGING = tuple(
    colour(code)
    for code in (
        "#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#ffffff",
        "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels ``[x0, x1) x [y0, y1)`` of a sheet."""

    x0: int
    y0: int
    x1: int
    y1: int

    def overlaps(self, other: Rectangle) -> bool:
        """Whether the two have a pixel in common."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def within(self, other: Rectangle) -> bool:
        """Whether the other holds all of it."""
        return other.x0 <= self.x0 and other.y0 <= self.y0 and self.x1 <= other.x1 and self.y1 <= other.y1

    def moved(self, x: int, y: int) -> Rectangle:
        """The same size with its upper left corner at (x, y)."""
        return Rectangle(x, y, x + self.x1 - self.x0, y + self.y1 - self.y0)


class Sheet:
    """White paper of a given size, and what is drawn on it. Text sits on its baseline."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels: Pixels = np.full((height, width, 3), 255, dtype=np.uint8)

    def text(
        self,
        x: int,
        y: int,
        words: str,
        *,
        size: int = 15,
        weight: int = 400,
        ink: Colour = INK,
        anchor: Anchor = "left",
    ) -> None:
        """Write one line with its baseline at y, beginning, centred or ending at x."""
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor]
        at = (x - round(shift * text_width(words, size=size, weight=weight)), y)
        cv2.putText(self.pixels, words, at, ink, _font(), size, weight)

    def paste(self, x: int, y: int, tile: Pixels) -> None:
        """Put a picture with its upper left corner at (x, y)."""
        self.pixels[y : y + tile.shape[0], x : x + tile.shape[1]] = tile

    def frame(self, area: Rectangle, ink: Colour, *, thickness: int = 2) -> None:
        """Outline a box, with a thin white halo so that it shows on dark and light."""
        corners = (area.x0, area.y0), (area.x1 - 1, area.y1 - 1)
        cv2.rectangle(self.pixels, *corners, PAPER, thickness + 2)
        cv2.rectangle(self.pixels, *corners, ink, thickness)

    def line(self, start: tuple[int, int], end: tuple[int, int], ink: Colour) -> None:
        """A thin straight line."""
        cv2.line(self.pixels, start, end, ink, 1, cv2.LINE_AA)

    def label(self, area: Rectangle, words: str, ink: Colour, *, size: int = 14) -> None:
        """White words on a coloured tag that fills the area."""
        cv2.rectangle(self.pixels, (area.x0, area.y0), (area.x1 - 1, area.y1 - 1), ink, cv2.FILLED)
        self.text((area.x0 + area.x1) // 2, (area.y0 + area.y1) // 2 + size * 3 // 8, words,
                  size=size, weight=600, ink=PAPER, anchor="middle")  # fmt: skip


def text_width(words: str, *, size: int = 15, weight: int = 400) -> int:
    """Width of a line of text in pixels."""
    box: tuple[int, int, int, int] = cv2.getTextSize((0, 0), words, (0, 0), _font(), size, weight)
    return box[2]


def wrapped(words: str, width: int, *, size: int = 15, weight: int = 400) -> list[str]:
    """The words in lines no wider than width; a longer word has a line to itself."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size=size, weight=weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def grey_tones(attenuation: FloatArray, *, darkest: float) -> Pixels:
    """(R, C, 3) as analysts know it: air white, dense dark; black at the darkest attenuation and beyond."""
    tone = 255 - np.clip(np.nan_to_num(attenuation) * (255 / darkest), 0, 255)
    return np.asarray(cv2.cvtColor(tone.astype(np.uint8), cv2.COLOR_GRAY2BGR))


def diverging_tones(signed: FloatArray, *, strongest: float) -> Pixels:
    """(R, C, 3) blue below zero, white at it, red above; full colour at +-strongest and beyond."""
    step = np.clip(np.nan_to_num(signed) * (127.5 / strongest) + 127.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(step, _diverging_table()))


def hatch(tile: Pixels, unusable: NDArray[np.bool_]) -> None:
    """Cover the unusable pixels of a picture, in place, with grey and thin diagonal lines."""
    rows, cols = np.nonzero(unusable)
    tile[rows, cols] = _UNUSABLE
    on_line = (rows + cols) % 8 == 0
    tile[rows[on_line], cols[on_line]] = _HATCH


@cache
def _font() -> Any:
    return cv2.FontFace("sans")  # comes with OpenCV 5, so that pictures look alike on every machine


@cache
def _diverging_table() -> Pixels:
    """(256, 1, 3) as OpenCV takes it."""
    stops = np.array(_DIVERGING, dtype=np.float64)
    place = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(place, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=1))[:, np.newaxis], dtype=np.uint8)
