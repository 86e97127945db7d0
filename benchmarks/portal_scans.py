"""How well the containers in the labelled portal scans are found: overlap, count, doors left open, time.

    python benchmarks/portal_scans.py [--shared ../shared] [--worst FOLDER]

The labels are drawn by hand with a margin of some 17 pixels (2 % of the height) on the left, right and top. So
the overlap of a perfect outline is near 0.93, and the table also gives it for outlines grown by the margin of
one half of the files (even places in the sorted list), on which locating was developed; the odd half was held out.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scantriage.calibrate.attenuation import calibrate
from scantriage.errors import ScantriageError
from scantriage.locate.frame import Location, locate

Rectangle = NDArray[np.float64]  # left, right, top, bottom in pixels


@dataclass(frozen=True)
class Case:
    """One labelled scan and what was found in it."""

    path: Path
    labels: list[Rectangle]
    found: list[Rectangle]
    location: Location | None
    cpu_ms: float

    @property
    def right_number(self) -> bool:
        """Whether as many containers were found as are labelled."""
        return len(self.labels) == len(self.found)

    def overlaps(self, margin: Rectangle | None = None) -> list[float]:
        """Best overlap of every label, its box grown by ``margin`` outward."""
        grown = self.found if margin is None else [box + margin * (-1, 1, -1, 1) for box in self.found]
        return [max((iou(label, box) for box in grown), default=0.0) for label in self.labels]


def iou(a: Rectangle, b: Rectangle) -> float:
    """Intersection over union of two rectangles."""
    width, height = min(a[1], b[1]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[2], b[2])
    shared = max(width, 0) * max(height, 0)
    return float(shared / (sum((box[1] - box[0]) * (box[3] - box[2]) for box in (a, b)) - shared))


def read_labels(path: Path, n_rows: int, n_cols: int) -> list[Rectangle]:
    """The labelled boxes of a scan, left to right (class, centre and size as fractions of the image)."""
    boxes = []
    for line in path.read_text().splitlines():
        if line.strip():
            _, x, y, width, height = map(float, line.split())
            corners = (
                (x - width / 2) * n_cols,
                (x + width / 2) * n_cols,
                (y - height / 2) * n_rows,
                (y + height / 2) * n_rows,
            )
            boxes.append(np.array(corners))
    return sorted(boxes, key=lambda box: float(box[0]))


def run(path: Path) -> Case:
    """Locate the containers in one scan; how many there are is not told."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    labels = read_labels(path.with_suffix(".txt"), *grey.shape)
    image = calibrate(grey, kind="display", dark_level=None).image
    start = time.process_time()
    try:
        location = locate(image)
    except ScantriageError:
        return Case(path, labels, [], None, 1000 * (time.process_time() - start))
    cpu_ms = 1000 * (time.process_time() - start)
    found = [np.array([*frame.cols, min(frame.roof_rows), max(frame.floor_rows)]) for frame in location.frames]
    return Case(path, labels, found, location, cpu_ms)


def run_all(shared: Path, *, every: int = 1) -> list[Case]:
    """Every n-th of the labelled scans."""
    return [run(path) for path in sorted((shared / "real" / "portal_scans").glob("*.jpg"))[::every]]


def usual_margin(cases: list[Case]) -> Rectangle:
    """Median distance of the labels outside the found outlines: left, right, top, bottom."""
    margins = [
        (label - box) * (-1, 1, -1, 1)
        for case in cases
        if case.right_number
        for label, box in zip(case.labels, case.found, strict=True)
    ]
    return np.asarray(np.median(margins, axis=0))


def report(name: str, cases: list[Case], margin: Rectangle) -> None:
    plain = np.array([value for case in cases for value in case.overlaps()])
    grown = np.array([value for case in cases for value in case.overlaps(margin)])
    wrong = sum(not case.right_number for case in cases)
    print(
        f"{name:14s} {len(cases):4d} scans {plain.size:4d} boxes   median IoU {np.median(plain):.3f}   below 0.8: "
        f"{np.sum(plain < 0.8)}   wrong number: {wrong}   with the labels' margin: median {np.median(grown):.3f}, "
        f"below 0.8: {np.sum(grown < 0.8)}"
    )


def draw(case: Case, folder: Path) -> None:
    """The scan with its labels (green) and the outlines found (red)."""
    picture = cv2.imread(str(case.path), cv2.IMREAD_COLOR)
    for left, right, top, bottom in np.round(case.labels).astype(int).tolist():
        cv2.rectangle(picture, (left, top), (right, bottom), (0, 200, 0), 2)
    for frame in case.location.frames if case.location else ():
        (left, right), (roof, roof_right), (floor, floor_right) = frame.cols, frame.roof_rows, frame.floor_rows
        corners = np.array([(left, roof), (right, roof_right), (right, floor_right), (left, floor)])
        cv2.polylines(picture, [np.round(corners).astype(np.int32)], isClosed=True, color=(0, 0, 255), thickness=2)
    cv2.imwrite(str(folder / f"{min(case.overlaps()):.3f}-{case.path.stem}.png"), picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--worst", type=Path, help="folder outside the repository for pictures of the worst ten")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    cases = run_all(options.shared)
    assert cases, f"no portal scans in {options.shared}"
    margin = usual_margin(cases[::2])
    print(f"labels' margin, left right top bottom: {np.round(margin, 1)} pixels")
    for name, part in (("developed on", cases[::2]), ("held out", cases[1::2]), ("all", cases)):
        report(name, part, margin)
    times = [case.cpu_ms for case in cases]
    print(f"locate: median {np.median(times):.0f} ms, 95 % {np.quantile(times, 0.95):.0f} ms of one core")
    frames = [frame for case in cases if case.location for frame in case.location.frames]
    print(f"doors seen in {sum(frame.doors is not None for frame in frames)} of {len(frames)} containers")
    if options.worst:
        options.worst.mkdir(parents=True, exist_ok=True)
        for case in sorted(cases, key=lambda case: min(case.overlaps()))[:10]:
            draw(case, options.worst)


if __name__ == "__main__":
    main()
