"""What a scan without geometry shows of where its source stands, and by it where the container ends below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scantriage.locate.rails import far_rail
from scantriage.locate.roof import RoofLine
from scantriage.locate.silhouette import Silhouette
from scantriage.locate.underside import LowerEdges, Underside, underside
from scantriage.scan.container import ContainerFrame, Landmarks
from scantriage.scan.image import FloatImage, ScanImage

SURE = 0.45  # probability within 2 cm from which an edge counts: one in 30 of them is off by more than 4 cm

EdgesOf = Callable[[Underside], LowerEdges]
"""Who tells where an underside shows its lower edges."""


def with_landmarks(
    image: ScanImage, attenuation: FloatImage, outline: Silhouette, frame: ContainerFrame, edges_of: EdgesOf | None
) -> ContainerFrame:
    """The outline with its landmarks, its floor where the lowest edge is sure.

    By itself the container's lower edge hardly stands out between a chassis' beams, which are clearer.
    """
    rail_row = far_rail(image, frame)
    if edges_of is None:
        return replace(frame, landmarks=Landmarks(rail_row))
    roof_row, floor_row = float(np.mean(frame.roof_rows)), float(np.mean(frame.floor_rows))
    roof = _roof(frame)
    rail_depth = None if rail_row is None else rail_row - roof_row
    edges = edges_of(underside(attenuation, outline, frame.cols, roof, rail_depth))
    lowest, sure = edges.lowest
    if sure < SURE:
        return replace(frame, landmarks=Landmarks(rail_row))
    both = (roof_row + edges.near, roof_row + edges.far) if min(edges.near_sure, edges.far_sure) >= SURE else None
    left, right = (row + roof_row + lowest - floor_row for row in frame.floor_rows)
    return replace(frame, floor_rows=(left, right), landmarks=Landmarks(rail_row, both))


def _roof(frame: ContainerFrame) -> RoofLine:
    slope = (frame.roof_rows[1] - frame.roof_rows[0]) / (frame.cols[1] - frame.cols[0])
    return RoofLine(slope, frame.roof_rows[0] - slope * frame.cols[0], 0.0)
