"""One picture per container that an analyst understands at a glance.

Origin scan, registered rescan and their difference one above the other (for 20 ft boxes two abreast) on one
scale in metres, the findings boxed, numbered and named, and below them the same numbers with a sentence each.
Drawn with OpenCV: 20 ms a picture of 40 ft, where matplotlib took 0.65 s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.io.sheet import (
    FAINT,
    INK,
    QUIET,
    Pixels,
    Rectangle,
    Sheet,
    colour,
    diverging_tones,
    grey_tones,
    hatch,
    text_width,
    wrapped,
)
from scantriage.io.whole_file import write_whole
from scantriage.scan.finding import Finding, Reading
from scantriage.scan.geometry import ContainerGrid
from scantriage.scan.record import ScanRecord
from scantriage.scan.views import PairViews

FloatArray = NDArray[np.floating[Any]]

_WIDTH, _MARGIN, _GUTTER = 1400, 52, 64
_LINE, _CAPTION, _BADGE = 24, 16, 34
_PANEL_HEAD, _PANEL_FOOT, _HEADER = 34, 40, 92
_JPEG_QUALITY = 90  # text stays sharp; 80 shows ringing around it
_N_NAMED = 8  # findings with a name; more boxes than an eye takes in are noise

_DIFFERENCE_AT_FULL_COLOUR = 0.4  # attenuation: 8 g/cm2, 7 cm of cocaine
DARKEST_AT_LEAST = 1.0  # attenuation shown black at least: an empty container stays light

KIND_INK = {
    "added": colour("#b2182b"),
    "removed": colour("#2166ac"),
    "moved": colour("#8a5a00"),
    "swapped": colour("#1f2328"),
    "pattern": colour("#5e3c99"),
}
_OUTCOME_WORDS = {
    "compared": "Compared",
    "single": "Read without a partner",
    "not_comparable": "Not comparable",
    "unprocessable": "Could not be processed",
}


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where one view lies on the sheet, and how metres become pixels there."""

    area: Rectangle
    top_m: float
    pixels_per_m: float

    def x(self, x_m: float) -> int:
        return self.area.x0 + round(x_m * self.pixels_per_m)

    def y(self, z_m: float) -> int:
        return self.area.y0 + round((self.top_m - z_m) * self.pixels_per_m)

    def box(self, finding: Finding) -> Rectangle:
        """The finding's box, at least 8 pixels wide and high, inside the panel."""
        metres, area = finding.container_box, self.area
        x0, x1 = _span(self.x(metres.x0), self.x(metres.x1), area.x0, area.x1)
        y0, y1 = _span(self.y(metres.z1), self.y(metres.z0), area.y0, area.y1)
        return Rectangle(x0, y0, x1, y1)


@dataclass(frozen=True, slots=True)
class _View:
    kind: Literal["scan", "difference"]
    heading: str
    detail: str
    tile: Pixels


def write_picture(
    path: Path,
    views: PairViews,
    reading: Reading,
    *,
    container_id: str,
    origin: ScanRecord | None,
    rescan: ScanRecord | None,
) -> None:
    """Draw a container's picture and write it as JPEG, whole or not at all. OSError where the disk refuses."""
    picture = draw_picture(views, reading, container_id=container_id, origin=origin, rescan=rescan)
    # 8 ms and 0.3 MB; PNG took 65 ms for 0.8 MB of noise. Colours at full size, or thin red and blue lines would bleed
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, *sampling])
    write_whole(path, encoded.tobytes())


def draw_picture(
    views: PairViews, reading: Reading, *, container_id: str, origin: ScanRecord | None, rescan: ScanRecord | None
) -> Pixels:
    """(height, 1400, 3) uint8 picture, blue green red. Views that are None are left out."""
    n_abreast = 2 if views.grid.length_m < 7 else 1
    panel_width = (_WIDTH - 2 * _MARGIN - (n_abreast - 1) * _GUTTER) // n_abreast
    rows = rows_worth_showing(views)
    scale = panel_width / views.grid.length_m
    panel_height = round((rows.stop - rows.start) * views.grid.pitch_m * scale)
    drawn = list(_views(views, rows, (panel_width, panel_height), origin=origin, rescan=rescan))
    findings = sorted(reading.findings, key=lambda finding: -abs(finding.significance))
    pitch = _PANEL_HEAD + panel_height + _PANEL_FOOT
    n_down = -(-len(drawn) // n_abreast)
    beside = len(drawn) % n_abreast != 0  # the last row of panels has room for the caption
    caption_x = _MARGIN + (panel_width + _GUTTER if beside else 0)
    caption_top = _HEADER + _PANEL_HEAD + (n_down - 1) * pitch if beside else _HEADER + n_down * pitch + 12
    caption = _caption(reading, findings, width=_WIDTH - _MARGIN - caption_x - _BADGE)
    height = max(_HEADER + n_down * pitch, caption_top + len(caption) * _LINE) + 16
    sheet = Sheet(_WIDTH, height)
    _draw_header(sheet, reading, container_id)
    for place, view in enumerate(drawn):
        x = _MARGIN + place % n_abreast * (panel_width + _GUTTER)
        y = _HEADER + place // n_abreast * pitch + _PANEL_HEAD
        panel = _Panel(
            Rectangle(x, y, x + panel_width, y + panel_height),
            top_m=views.grid.top_m - rows.start * views.grid.pitch_m,
            pixels_per_m=scale,
        )
        _draw_panel(sheet, panel, view, views.grid)
        _draw_findings(sheet, panel, findings, named=view.kind == "difference" or len(drawn) == 1)
    _draw_caption(sheet, caption, x=caption_x, top=caption_top)
    return sheet.pixels


def _span(low: int, high: int, first: int, last: int) -> tuple[int, int]:
    low, high = min(max(low, first), last - 8), min(max(high, first + 8), last)
    return low, max(high, low + 8)


def rows_worth_showing(views: PairViews) -> slice:
    """Rows of the grid from the roof to the floor as they appear, with 5 cm of air around them."""
    # one column in four tells as much of a row
    seen = [np.nan_to_num(view[:, ::4]) for view in (views.origin, views.rescan) if view is not None]
    n_rows = views.grid.shape[0]
    if not seen:
        return slice(0, n_rows)
    filled = np.flatnonzero(np.any([np.mean(view > 0.05, axis=1) > 0.1 for view in seen], axis=0))
    if filled.size == 0:
        return slice(0, n_rows)
    air = round(0.05 / views.grid.pitch_m)
    return slice(max(int(filled[0]) - air, 0), min(int(filled[-1]) + 1 + air, n_rows))


def _views(
    views: PairViews, rows: slice, size: tuple[int, int], *, origin: ScanRecord | None, rescan: ScanRecord | None
) -> Iterator[_View]:
    scans = [view for view in (views.origin, views.rescan) if view is not None]
    darkest = max([DARKEST_AT_LEAST, *(float(np.nanpercentile(scan[rows][::4, ::4], 99.5)) for scan in scans)])
    for view, record, heading in (
        (views.origin, origin, "Origin scan"),
        (views.rescan, rescan, "Rescan" if views.origin is None else "Rescan, registered"),
    ):
        if view is not None:
            yield _View("scan", heading, _taken(record), grey_tones(_fitted(view[rows], size), darkest=darkest))
    if views.difference is not None:
        tile = diverging_tones(_fitted(views.difference[rows], size), strongest=_DIFFERENCE_AT_FULL_COLOUR)
        if views.usable is not None:
            hatch(tile, _fitted(views.usable[rows].astype(np.float32), size) < 0.5)
        yield _View("difference", "Difference", "rescan − origin, hatched: not readable", tile)


def _fitted(view: FloatArray, size: tuple[int, int]) -> FloatArray:
    shrinks = size[0] <= view.shape[1]
    return np.asarray(cv2.resize(view, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def _taken(record: ScanRecord | None) -> str:
    return "" if record is None else f"{record.site}, {record.acquired_at:%-d %B %Y, %H:%M} UTC"


def _draw_header(sheet: Sheet, reading: Reading, container_id: str) -> None:
    sheet.text(_MARGIN, 42, container_id, size=28, weight=700)
    facts = [_OUTCOME_WORDS[reading.outcome]]
    if reading.agreement is not None:
        facts.append(f"agreement {reading.agreement:.2f}")
    if reading.blind_fraction is not None:
        share = "less than 1%" if reading.blind_fraction < 0.01 else f"{reading.blind_fraction:.0%}"
        facts.append(f"{share} of the container not readable")
    if reading.cargo_kg is not None:
        facts.append(f"about {reading.cargo_kg / 1000:.1f} t of cargo")
    sheet.text(_MARGIN, 72, "  ·  ".join(facts), size=16, ink=QUIET)


def _draw_panel(sheet: Sheet, panel: _Panel, view: _View, grid: ContainerGrid) -> None:
    area = panel.area
    sheet.text(area.x0, area.y0 - 11, view.heading, size=17, weight=600)
    sheet.text(
        area.x0 + text_width(view.heading, size=17, weight=600) + 14, area.y0 - 11, view.detail, size=14, ink=QUIET
    )
    if view.kind == "difference":
        _draw_colour_scale(sheet, area)
    sheet.paste(area.x0, area.y0, view.tile)
    cv2.rectangle(sheet.pixels, (area.x0 - 1, area.y0 - 1), (area.x1, area.y1), FAINT, 1)
    for metre in range(int(grid.length_m) + 1):
        x = panel.x(metre)
        sheet.line((x, area.y1 + 1), (x, area.y1 + 5), QUIET)
        if 0 < metre < grid.length_m - 0.5:
            sheet.text(x, area.y1 + 19, str(metre), size=12, ink=QUIET, anchor="middle")
    sheet.text(area.x0, area.y1 + 19, "front", size=12, weight=600, ink=QUIET)
    sheet.text(area.x1, area.y1 + 19, "doors", size=12, weight=600, ink=QUIET, anchor="right")
    for metre in range(int(panel.top_m) + 1):
        y = panel.y(metre)
        if area.y0 <= y < area.y1:
            sheet.line((area.x0 - 6, y), (area.x0 - 2, y), QUIET)
            sheet.text(area.x0 - 10, y + 4, f"{metre} m", size=12, ink=QUIET, anchor="right")


def _draw_colour_scale(sheet: Sheet, area: Rectangle) -> None:
    width, top = 120, area.y0 - 21
    x = area.x1 - text_width("more", size=12) - 8 - width
    ramp = np.tile(np.linspace(-1, 1, width), (10, 1))
    sheet.paste(x, top, diverging_tones(ramp, strongest=1))
    sheet.text(x - 8, top + 10, "less", size=12, ink=QUIET, anchor="right")
    sheet.text(x + width + 8, top + 10, "more", size=12, ink=QUIET)


def _draw_findings(sheet: Sheet, panel: _Panel, findings: Sequence[Finding], *, named: bool) -> None:
    """Box the findings; strongest last, so that it lies on top, but first to choose its label's place."""
    boxes = [panel.box(finding) for finding in findings]
    for finding, box in reversed(list(zip(findings, boxes, strict=True))):
        sheet.frame(box, KIND_INK[finding.kind], thickness=2 if named else 1)
    taken: list[Rectangle] = []
    for number, (finding, box) in enumerate(zip(findings[:_N_NAMED], boxes, strict=False), 1):
        words = f"{number}  {_name(finding)}" if named else str(number)
        tag = Rectangle(0, 0, text_width(words, size=14, weight=600) + 12, 20)
        place = _label_place(tag, box, panel.area, taken=taken, boxes=boxes)
        if place is not None:
            sheet.label(place, words, KIND_INK[finding.kind])
            taken.append(Rectangle(place.x0 - 3, place.y0 - 1, place.x1 + 3, place.y1 + 1))


def _name(finding: Finding) -> str:
    if finding.told_kg is None or finding.kind == "swapped":
        return finding.kind
    return f"{finding.kind} {'at least ' if finding.is_least else ''}{finding.told_kg:.0f} kg"


def _label_place(
    tag: Rectangle, box: Rectangle, area: Rectangle, *, taken: list[Rectangle], boxes: list[Rectangle]
) -> Rectangle | None:
    """A place beside the box, inside the panel, that covers no other label and if possible no box; or None."""
    width, height = tag.x1, tag.y1
    left = min(max(box.x0 - 1, area.x0), area.x1 - width)
    right = max(box.x1 + 1 - width, area.x0)
    beside = [box.x1 + 3, box.x0 - 3 - width]
    places = [(left, box.y0 - height - 2), (right, box.y0 - height - 2), (left, box.y1 + 2), (right, box.y1 + 2)]
    places += [(x, y) for x in beside for y in (box.y0 - 1, box.y1 - height)]
    places += [(left, box.y0 - step * (height + 2)) for step in (2, 3, 4)]
    places += [(left, box.y0 + 2), (right, box.y1 - height - 2)]
    candidates = [tag.moved(x, y) for x, y in places]
    free = [one for one in candidates if one.within(area) and not any(map(one.overlaps, taken))]
    return next((one for one in free if not any(map(one.overlaps, boxes))), free[0] if free else None)


@dataclass(frozen=True, slots=True)
class _CaptionLine:
    words: str
    quiet: bool = False
    number: int | None = None
    kind: str = "pattern"


def _caption(reading: Reading, findings: Sequence[Finding], *, width: int) -> list[_CaptionLine]:
    lines: list[_CaptionLine] = []
    for number, finding in enumerate(findings[:_N_NAMED], 1):
        first, *rest = wrapped(finding.sentence, width, size=_CAPTION)
        lines.append(_CaptionLine(first, number=number, kind=finding.kind))
        lines += [_CaptionLine(words) for words in rest]
    if len(findings) > _N_NAMED:
        lines.append(_CaptionLine(f"and {len(findings) - _N_NAMED} weaker findings, boxed only"))
    if reading.reason:
        lines += [_CaptionLine(words) for words in wrapped(reading.reason, width, size=_CAPTION)]
    elif not findings:
        lines.append(_CaptionLine("No finding." if reading.outcome == "compared" else "Nothing to compare it with."))
    notes = " ".join([reading.reach, *(flag.sentence for flag in reading.flags)]).strip()
    return lines + [_CaptionLine(words, quiet=True) for words in wrapped(notes, width, size=_CAPTION)]


def _draw_caption(sheet: Sheet, caption: Sequence[_CaptionLine], *, x: int, top: int) -> None:
    for place, line in enumerate(caption):
        y = top + place * _LINE
        if line.number is not None:
            sheet.label(Rectangle(x, y - 4, x + 24, y + 16), str(line.number), KIND_INK[line.kind])
        sheet.text(x + _BADGE, y + 12, line.words, size=_CAPTION, ink=QUIET if line.quiet else INK)
