"""Find the container or containers in a calibrated scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from scantriage.errors import ContainerNotFound
from scantriage.locate.direction import door_end
from scantriage.locate.ends import End, end_posts, find_split, outer_end, post_profile
from scantriage.locate.floor import floor_depth
from scantriage.locate.heading import front_at_left
from scantriage.locate.height import box_height_m
from scantriage.locate.landmarks import EdgesOf, with_landmarks
from scantriage.locate.posts import Posts, clearly_above, outermost_posts
from scantriage.locate.roof import RoofLine, roof_line
from scantriage.locate.silhouette import LevelRun, Silhouette, level_runs, silhouette
from scantriage.scan.container import ContainerFrame, ContainerSize
from scantriage.scan.geometry import FanGeometry
from scantriage.scan.image import FloatImage, ScanImage
from scantriage.scan.quality import Flag

_USUAL_HEIGHT = 0.7  # of the view: a container's height, before its floor is found
_SPLIT_UNASKED, _SPLIT_ASKED = 0.4, 0.2  # clarity: two boxes end to end have 0.47 and more, one box 0.25 at most
_UNCERTAIN = 0.35
_LENGTH_TOLERANCE = 0.3  # drive-through scans stretch a box by up to a fifth; a 20 ft box is half a 40 ft one
_HEIGHT_TOLERANCE_M = 0.17  # just over half of what a high cube is higher


@dataclass(frozen=True, slots=True)
class Location:
    """The containers in a scan, left to right, and what is weak about them.

    front_at_left: evidence on which way a vehicle with two boxes stands, as log odds; 0 for one box.
    """

    frames: tuple[ContainerFrame, ...]
    flags: tuple[Flag, ...]
    front_at_left: float = 0.0


def locate(
    image: ScanImage,
    *,
    n_containers: int | None = None,
    size: ContainerSize | None = None,
    geometry: FanGeometry | None = None,
    column_pitch_mm: float | None = None,
    edges_of: EdgesOf | None = None,
) -> Location:
    """The outline of every container in the image, and the end its doors are at.

    image: attenuation or relative attenuation. n_containers: how many there are,
    1 or 2; None: as many as are seen. When two are expected and only one is seen, one is returned, flagged
    FRAME_UNCERTAIN. size: what the container should be; it narrows where the floor is sought (with
    ``geometry``) and is checked (SIZE_MISMATCH). column_pitch_mm: way of the vehicle per column. edges_of: asked
    where a container's lower edges show; None: the floor is sought by itself.

    Roof and floor are the upper and lower edge of the silhouette (bottom of the bottom side rail); ends are
    the outer faces of the corner posts, without the door's bars. Raises ContainerNotFound.
    """
    if n_containers not in (None, 1, 2):
        raise ValueError(f"n_containers must be 1, 2 or None, got {n_containers}")
    attenuation = _filled(image)
    outline = silhouette(attenuation, image.valid)
    frames = _frames(attenuation, outline, n_containers=n_containers, size=size, geometry=geometry)
    marked = partial(with_landmarks, image, attenuation, outline, size=size, geometry=geometry, edges_of=edges_of)
    frames = tuple(marked(frame) for frame in frames)
    flags = {
        Flag.CUT_OFF: any(frame.cut_left or frame.cut_right for frame in frames),
        Flag.FRAME_UNCERTAIN: any(frame.certainty < _UNCERTAIN for frame in frames)
        or len(frames) != (n_containers or len(frames)),
        Flag.DOORS_UNKNOWN: any(frame.doors is None for frame in frames),
        Flag.SIZE_MISMATCH: size is not None
        and any(
            _mismatch(frame, size, attenuation.shape[0], geometry=geometry, column_pitch_mm=column_pitch_mm)
            for frame in frames
        ),
    }
    heading = front_at_left(attenuation, frames) if len(frames) > 1 else 0.0
    return Location(frames, tuple(flag for flag, holds in flags.items() if holds), heading)


def _filled(image: ScanImage) -> FloatImage:
    """(R, C) attenuation, with whole dead rows interpolated from their neighbours."""
    pixels: FloatImage = image.pixels
    # a look at every few columns first: most rows are seen to live at once
    dead = np.asarray(~image.valid[:, :: max(1, image.valid.shape[1] // 500)].any(axis=1))
    dead[dead] = ~image.valid[dead].any(axis=1)
    live = np.flatnonzero(~dead)
    filled = pixels.copy() if dead.any() and live.size > 1 else pixels
    for row in np.flatnonzero(dead):
        k = int(np.searchsorted(live, row))
        if 0 < k < live.size:
            above, below = live[k - 1], live[k]
            share = (row - above) / (below - above)
            filled[row] = (1 - share) * pixels[above] + share * pixels[below]
    return filled


@dataclass(frozen=True, slots=True)
class _Piece:
    """One box: its run, the ends that touch another box (None where it ends in air), its roof where posts told it."""

    run: LevelRun
    inner_left: End | None = None
    inner_right: End | None = None
    roof: RoofLine | None = None


def _frames(
    attenuation: FloatImage,
    outline: Silhouette,
    *,
    n_containers: int | None,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
) -> tuple[ContainerFrame, ...]:
    """Of each box the outline by its roof or, where that does not convince, of a single one by its posts."""
    runs = level_runs(outline)
    pieces = _boxes(outline, runs, n_containers=n_containers) if runs else []
    frames = tuple(_frame(attenuation, outline, piece, size=size, geometry=geometry) for piece in pieces)
    surest = max((_trust(frame) for frame in frames), default=-1.0)
    posts = _posts(outline, pieces, surest=surest)
    if posts is not None:
        piece = _Piece(posts.run, roof=posts.roof)
        by_posts = _frame(attenuation, outline, piece, size=size, geometry=geometry)
        if _trust(by_posts) > min(surest, _UNCERTAIN):
            return (by_posts,)
    if not frames:
        raise ContainerNotFound("No container is visible in the scan: it has no long level roof, nor two posts.")
    return frames


def _posts(outline: Silhouette, pieces: list[_Piece], *, surest: float) -> Posts | None:
    """Posts to look at: of a box without a sure outline, or around what may be a level load where walls do not show."""
    if len(pieces) > 1:
        return None
    if surest < _UNCERTAIN:
        return outermost_posts(outline)
    run = pieces[0].run
    above = clearly_above(run, outline)
    if outline.tops.min() >= above:  # as a rule nothing stands above a roof
        return None
    posts = outermost_posts(outline)
    return posts if posts is not None and posts.around(run) and posts.run.row < above else None


def _trust(frame: ContainerFrame) -> float:
    """How sure an outline is; not at all where it reaches from edge to edge of the scan."""
    return 0.0 if frame.cut_left and frame.cut_right else frame.certainty


def _boxes(outline: Silhouette, runs: list[LevelRun], *, n_containers: int | None) -> list[_Piece]:
    """One piece per container, left to right: runs of roof, a single one split where two boxes touch."""
    if len(runs) > 1 and n_containers != 1:
        longest = sorted(runs, key=lambda run: -run.width)[:2]
        return [_Piece(run) for run in sorted(longest, key=lambda run: run.first)]
    run = max(runs, key=lambda run: run.width)
    if n_containers == 1:
        return [_Piece(run)]
    profile = post_profile(outline, run, height=_USUAL_HEIGHT * (outline.scene[1] - outline.scene[0]))
    split = find_split(outline, run, profile)
    if split is None or split.clarity < (_SPLIT_ASKED if n_containers == 2 else _SPLIT_UNASKED):
        return [_Piece(run)]
    middle = round(split.col / outline.col_step)
    left, right = LevelRun(run.first, middle, run.row), LevelRun(middle, run.last, run.row)
    end = End(split.col, min(1.0, split.clarity / _SPLIT_UNASKED))
    return [_Piece(left, inner_right=end), _Piece(right, inner_left=end)]


def _frame(
    attenuation: FloatImage,
    outline: Silhouette,
    piece: _Piece,
    *,
    size: ContainerSize | None,
    geometry: FanGeometry | None,
) -> ContainerFrame:
    run = piece.run
    height = _USUAL_HEIGHT * (outline.scene_rows[1] - outline.scene_rows[0])
    rough = run.first * outline.col_step, run.last * outline.col_step
    roof = roof_line(attenuation, outline, rough) if piece.roof is None else piece.roof
    reach = max(6.0, 3 * outline.col_step, 0.015 * (rough[1] - rough[0]))
    ends = []
    for inner, near, side in ((piece.inner_left, rough[0], -1), (piece.inner_right, rough[1], 1)):
        rail = _local_roof(outline, run, side) if piece.roof is None else piece.roof.at(near)
        within = _without_padding(outline, near - reach, near + reach + 1)
        found = outer_end(attenuation, near=near, roof=rail, height=height, side=side, within=within)
        ends.append(found if inner is None else inner)
    left, right = ends[0].col, ends[1].col
    floor = floor_depth(attenuation, outline, (left, right), roof, size=size, geometry=geometry)
    posts = end_posts(post_profile(outline, run, height=floor.depth / outline.row_step)[1])
    cut_left, cut_right = (
        _touches_border(outline, run, side) and post < 0.5 * max(*posts, 0.3)
        for post, side in zip(posts, (-1, 1), strict=True)
    )
    doors = door_end(
        attenuation, (left, right), roof=(roof.at(left), roof.at(right)), height=floor.depth, cut=(cut_left, cut_right)
    )
    clear = [1.0 if cut else end.clarity for end, cut in zip(ends, (cut_left, cut_right), strict=True)]
    straightness = math.exp(-0.2 * roof.scatter / (0.01 * floor.depth))
    return ContainerFrame(
        cols=(left, right),
        roof_rows=(roof.at(left), roof.at(right)),
        floor_rows=(roof.at(left) + floor.depth, roof.at(right) + floor.depth),
        cut_left=cut_left,
        cut_right=cut_right,
        doors=doors,
        certainty=min(clear[0], clear[1], floor.clarity, straightness),
    )


def _local_roof(outline: Silhouette, run: LevelRun, side: int) -> float:
    """Row of the roof's upper edge near one end, where a wave may have lifted it off the straight line."""
    n = max(3, run.width // 50)
    tops = outline.tops[run.first : run.first + n] if side < 0 else outline.tops[run.last - n : run.last]
    return float(np.median(tops)) * outline.row_step


def _without_padding(outline: Silhouette, first: float, last: float) -> tuple[float, float]:
    """The part of the columns ``[first, last)`` that was scanned."""
    start = max(0, int(first / outline.col_step))
    stop = min(outline.padding.size, int(np.ceil(last / outline.col_step)))
    scanned = np.flatnonzero(~outline.padding[start:stop])
    if scanned.size == 0:
        return first, last
    # the reduced columns at padding's border hold a little of it
    low = (start + scanned[0] + 1) * outline.col_step if scanned[0] > 0 else first
    high = (start + scanned[-1]) * outline.col_step if scanned[-1] < stop - start - 1 else last
    return max(first, low), min(last, high)


def _touches_border(outline: Silhouette, run: LevelRun, side: int) -> bool:
    """Whether a run reaches the edge of the image or of the padding."""
    slack = 4
    if side < 0:
        return run.first <= slack or bool(outline.padding[run.first - slack : run.first].any())
    return run.last >= outline.tops.size - slack or bool(outline.padding[run.last : run.last + slack].any())


def _mismatch(
    frame: ContainerFrame,
    size: ContainerSize,
    n_rows: int,
    *,
    geometry: FanGeometry | None,
    column_pitch_mm: float | None,
) -> bool:
    """Whether the frame, where it can be measured, has another size than declared."""
    if column_pitch_mm is not None:
        length = frame.length_m(column_pitch_mm)
        cut = frame.cut_left or frame.cut_right
        ratio = length / size.length_m
        if ratio > 1 + _LENGTH_TOLERANCE or (ratio < 1 - _LENGTH_TOLERANCE and not cut):
            return True
    if geometry is None:
        return False
    roof, floor = np.mean(frame.roof_rows), np.mean(frame.floor_rows)
    height = box_height_m(float(roof), float(floor), n_rows=n_rows, geometry=geometry)
    return abs(height - size.height_m) > _HEIGHT_TOLERANCE_M
