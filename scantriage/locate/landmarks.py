"""Where a container ends below, and what a scan without geometry shows of where its source stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scantriage.locate.height import far_rail_row, floor_prior
from scantriage.locate.rails import far_rail
from scantriage.locate.roof import RoofLine
from scantriage.locate.silhouette import Silhouette
from scantriage.locate.underside import LowerEdges, Underside, underside
from scantriage.scan.container import ContainerFrame, ContainerSize, Landmarks
from scantriage.scan.geometry import FanGeometry
from scantriage.scan.image import FloatImage, ScanImage

SURE = 0.45  # probability within 2 cm from which an edge counts: one in 30 of them is off by more than 4 cm

EdgesOf = Callable[[Underside], LowerEdges]
"""Who tells where an underside shows its lower edges."""


def with_landmarks(
    image: ScanImage,
    attenuation: FloatImage,
    outline: Silhouette,
    frame: ContainerFrame,
    *,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
    edges_of: EdgesOf | None,
) -> ContainerFrame:
    """The outline with its floor where the lowest edge is sure and, where no geometry tells of it, its landmarks.

    By itself the container's lower edge hardly stands out between a chassis' beams, which are clearer. Where a
    geometry tells how high a box would be that ended at an edge, one that no box has is the chassis's.
    """
    roof_row, floor_row = float(np.mean(frame.roof_rows)), float(np.mean(frame.floor_rows))
    if geometry is None:
        rail_row = far_rail(image, frame)
        frame = replace(frame, landmarks=Landmarks(rail_row))
    else:
        rail_row = far_rail_row(roof_row, n_rows=image.shape[0], geometry=geometry)
    if edges_of is None:
        return frame
    rail_depth = None if rail_row is None else rail_row - roof_row
    edges = edges_of(underside(attenuation, outline, frame.cols, _roof(frame), rail_depth))
    lowest, sure = edges.lowest
    if sure < SURE:
        return frame
    if geometry is not None:
        prior = floor_prior(roof_row, image.shape[0], outline.scene_rows, size=size, geometry=geometry)
        first, last = prior.reach()
        if not first <= roof_row + lowest <= last:
            return frame
    left, right = (row + roof_row + lowest - floor_row for row in frame.floor_rows)
    frame = replace(frame, floor_rows=(left, right))
    if geometry is not None or min(edges.near_sure, edges.far_sure) < SURE:
        return frame
    return replace(frame, landmarks=Landmarks(rail_row, (roof_row + edges.near, roof_row + edges.far)))


def _roof(frame: ContainerFrame) -> RoofLine:
    slope = (frame.roof_rows[1] - frame.roof_rows[0]) / (frame.cols[1] - frame.cols[0])
    return RoofLine(slope, frame.roof_rows[0] - slope * frame.cols[0], 0.0)
