"""Container numbers, sizes, and where a container lies in an image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scantriage.scan.geometry import PixelBox

_NUMBER = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
# ISO 6346: letters count from 10 upwards, leaving out the multiples of 11
_LETTER_VALUES = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))

# ISO 6346 size code, first character: outer length in metres (ISO 668)
_LENGTHS_M = {"2": 6.058, "4": 12.192, "L": 13.716, "9": 13.716}
# second character: outer height in metres
_HEIGHTS_M = {"0": 2.438, "2": 2.591, "5": 2.896, "6": 2.896}


def is_container_number(text: str) -> bool:
    """Whether the text has the form of an ISO 6346 container number (four letters, seven digits)."""
    return _NUMBER.fullmatch(text) is not None


def check_digit(number: str) -> int:
    """The ISO 6346 check digit of a container number's first ten characters."""
    values = (_LETTER_VALUES[c] if c.isalpha() else int(c) for c in number[:10])
    return sum(value << place for place, value in enumerate(values)) % 11 % 10


def has_valid_check_digit(number: str) -> bool:
    """Whether the last digit of a well-formed container number is its check digit."""
    return is_container_number(number) and check_digit(number) == int(number[10])


def container_numbers(text: str) -> tuple[str, ...]:
    """The ISO 6346 numbers in a text such as ``hlbu 152791-6``, in capitals and without spaces and hyphens."""
    return tuple(_NUMBER.findall(re.sub(r"[\s-]", "", text).upper()))


@dataclass(frozen=True, slots=True)
class ContainerSize:
    """Outer size of a container in metres, and whether it is a reefer."""

    length_m: float
    height_m: float
    reefer: bool = False


def size_of(size_type: str | None) -> ContainerSize | None:
    """The outer size that an ISO 6346 size and type code such as ``45R1`` stands for; None if unknown."""
    if not size_type or len(size_type) < 2:
        return None
    length, height = _LENGTHS_M.get(size_type[0]), _HEIGHTS_M.get(size_type[1])
    if length is None or height is None:
        return None
    return ContainerSize(length, height, reefer=size_type[2:3] in ("R", "H"))


UPPER_RAIL_M = 0.06  # side of the square tube that makers take for an upper side rail


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Rows of edges at mid length that tell where the source stands; None where they do not stand out.

    far_rail: where the roof's rail at the wall far from the source ends. lower_edges: where the container does, at the
    near wall and at the far one.
    """

    far_rail: float | None = None
    lower_edges: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ContainerFrame:
    """Outline of one container in the pixels of a scan; fractional, edges not centres.

    cols: left and right outer end. roof_rows, floor_rows: row of the silhouette's upper and lower edge at
    the left and at the right end (they differ when the container is tilted). cut_left, cut_right: that end
    lies outside the scan. doors: the end with the doors, None where it could not be seen.
    certainty: 0 to 1, how clearly the outline stands out. landmarks: sought where no geometry is known.
    """

    cols: tuple[float, float]
    roof_rows: tuple[float, float]
    floor_rows: tuple[float, float]
    cut_left: bool = False
    cut_right: bool = False
    doors: Literal["left", "right"] | None = None
    certainty: float = 1.0
    landmarks: Landmarks = Landmarks()

    def __post_init__(self) -> None:
        if not self.cols[0] < self.cols[1]:
            raise ValueError(f"cols must rise from left to right, got {self.cols}")
        if any(roof >= floor for roof, floor in zip(self.roof_rows, self.floor_rows, strict=True)):
            raise ValueError(f"the roof must lie above the floor, got {self.roof_rows} and {self.floor_rows}")

    def length_m(self, column_pitch_mm: float) -> float:
        """Length of what the outline spans, metres, by the way of the vehicle per column."""
        return (self.cols[1] - self.cols[0]) * column_pitch_mm / 1000

    @property
    def box(self) -> PixelBox:
        """The smallest upright box around the outline."""
        return PixelBox(int(min(self.roof_rows)), round(max(self.floor_rows)), int(self.cols[0]), round(self.cols[1]))
