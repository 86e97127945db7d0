"""The underside of a container: where its lower edges at the two walls show, as a small network reads it.

Beneath the floor run beams from wall to wall. Where the source stands higher or lower than they lie the two walls'
lower edges show up to half a metre apart, and a chassis between them has edges that are clearer. The network
(`scantriage.learn.underside_network`) has seen many undersides over chassis of all kinds; asking it takes what stands
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from scantriage.arrays.robust import row_medians, row_quantiles
from scantriage.locate.height import floor_prior
from scantriage.locate.roof import RoofLine
from scantriage.locate.silhouette import Silhouette
from scantriage.locate.straight import shifted, straightened
from scantriage.scan.image import FloatImage

FloatArray = NDArray[np.floating[Any]]
Weights = Mapping[str, NDArray[np.float32]]

N_DEPTHS = 384
WINDOW = (0.6, 1.35)  # of where floors usually lie below the roof: from deep in the cargo to under the chassis
STEPS = (3, 6)  # samples, 2 and 3 cm: between what lies above and below an edge
LAGS = (4, 8, 16)  # samples: beams across reach from wall to wall, what lies above or below them has other columns
REACHES = (1, 2, 4, 8, 16, 32)  # samples between those that each layer takes together
N_INPUTS = 10 + len(LAGS) + 5 * len(STEPS)
AROUND = 4  # samples each way, 2 cm: an edge found is the mean of as many

_DENSEST, _DENSE, _FINE = 6.0, 3.0, 0.25  # attenuation beyond which more tells nothing: of all, of edges, of detail
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_OPEN = 0.06  # attenuation of open beam at most
_DETAIL = 11  # columns, 0.15 to 0.3 m: beams across are narrower
_NEVER = 1e-9  # probability of what nothing speaks for
_FAINT = 0.02  # attenuation: a spread that noise alone may have


@dataclass(frozen=True, slots=True, eq=False)
class Underside:
    """What is seen around the floor.

    below: (N_DEPTHS, K) attenuation, hung from the roof. depths: (N_DEPTHS,) rows below the roof. inside:
    (N_DEPTHS,) False where the scan has ended. rail: where the roof's far rail ends, of where floors usually lie; None
    where it was not seen. It tells whether the source stands high, so which of two edges is the near one.
    """

    below: FloatImage
    depths: FloatArray
    inside: NDArray[np.bool_]
    rail: float | None


@dataclass(frozen=True, slots=True)
class LowerEdges:
    """Where the container's lower edge shows at the wall near the source and at the far one, rows below the roof.

    near_sure, far_sure: probability that it lies within 2 cm of there.
    """

    near: float
    far: float
    near_sure: float
    far_sure: float

    @property
    def lowest(self) -> tuple[float, float]:
        """The one that shows lower, which is the outline's, and how sure it is."""
        return max((self.near, self.near_sure), (self.far, self.far_sure))


def underside(
    attenuation: FloatImage,
    outline: Silhouette,
    cols: tuple[float, float],
    roof: RoofLine,
    rail_depth: float | None,
) -> Underside:
    """Cut from a scan what lies around the floor of a container between these columns.

    rail_depth: of the roof's far rail, rows below the roof; None where it was not seen.
    """
    n_rows = attenuation.shape[0]
    roof_row = roof.at((cols[0] + cols[1]) / 2)
    usual = floor_prior(roof_row, n_rows, outline.scene_rows, size=None, geometry=None).rows[0] - roof_row
    depths = usual * np.linspace(*WINDOW, N_DEPTHS, endpoint=False)
    inside = roof_row + depths < min(n_rows, outline.scene_rows[1]) - 1
    rail = None if rail_depth is None else rail_depth / usual
    return Underside(straightened(attenuation, outline, cols, roof, depths), depths, inside, rail)


def check(weights: Weights) -> None:
    """Raise ValueError where the weights are of another network."""
    try:
        probabilities(weights, np.zeros((N_INPUTS, N_DEPTHS), np.float32))
    except (KeyError, ValueError) as error:
        raise ValueError("the weights are of another network") from error


def lower_edges(weights: Weights, seen: Underside) -> LowerEdges:
    """Ask the network. weights: by the names that torch gives them. Beyond the scan no edge is found."""
    depths, sure = [], []
    for each in probabilities(weights, inputs_of(seen)) * seen.inside:
        peak = int(each.argmax())
        near_by = slice(max(0, peak - AROUND), peak + AROUND + 1)
        sure.append(float(each[near_by].sum()))
        depths.append(float(each[near_by] @ seen.depths[near_by]) / max(sure[-1], _NEVER))
    return LowerEdges(depths[0], depths[1], sure[0], sure[1])


def inputs_of(seen: Underside) -> NDArray[np.float32]:
    """(N_INPUTS, N_DEPTHS) what the columns have in common at each depth, each number around -1 to 1."""
    dense = np.minimum(seen.below, np.float32(_DENSE))
    detail = np.clip(dense - cv2.blur(dense, (_DETAIL, 1)), -_FINE, _FINE)
    smooth = cv2.blur(dense, (1, 3))
    deep = row_quantiles(np.clip(seen.below, 0, _DENSEST), _SHARES)
    told = [*np.log1p(2 * deep), 10 * np.abs(detail).mean(axis=1)]
    told += [_alike(cv2.blur(detail, (1, 3)), lag) for lag in LAGS]
    told += [(seen.below < _OPEN).mean(axis=1)]
    for step in STEPS:
        above, below = shifted(smooth, step), shifted(smooth, -step)
        edge, line = below - above, smooth - (above + below) / 2
        told += [*_shared(edge, 4), (np.abs(edge) > 0.05).mean(axis=1), *_shared(line, 8)]
    told += [seen.inside, *np.broadcast_to([[3 * (seen.rail or 0)], [seen.rail is not None]], (2, len(seen.inside)))]
    return np.array(told, np.float32)


def probabilities(weights: Weights, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2, N_DEPTHS) of the near and of the far edge lying at each depth."""
    values = (inputs - weights["mean"][:, np.newaxis]) / weights["spread"][:, np.newaxis]
    values = np.maximum(_convolved(weights, "first", values), 0)
    for layer, reach in enumerate(REACHES):
        values = values + np.maximum(_convolved(weights, f"layers.{layer}", values, reach=reach), 0)
    answers = _convolved(weights, "last", values)
    odds = np.exp(answers - answers.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _convolved(weights: Weights, name: str, values: FloatArray, *, reach: int = 1) -> FloatArray:
    """(O, D) from (C, D) and filters of (O, C, taps)."""
    filters = weights[f"{name}.weight"]
    n_taps = filters.shape[2]
    margin = reach * (n_taps // 2)
    windows = sliding_window_view(np.pad(values, ((0, 0), (margin, margin))), values.shape[1], axis=1)[:, ::reach]
    summed = filters.reshape(len(filters), -1) @ windows.reshape(len(values) * n_taps, -1)
    return np.asarray(summed + weights[f"{name}.bias"][:, np.newaxis])


def _alike(detail: FloatArray, lag: int) -> FloatArray:
    """(D,) correlation of each depth's columns with those so much higher."""
    above = shifted(detail, lag)
    size, other = (np.sqrt((part * part).mean(axis=1) + 1e-5) for part in (detail, above))
    return np.asarray((above * detail).mean(axis=1) / (size * other))


def _shared(change: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
    """(D,) and (D,) what most columns change by, and by how many of their spreads."""
    usual = row_medians(change)
    spread = row_medians(np.abs(change - usual[:, np.newaxis])) + _FAINT
    return scale * usual, scale / 10 * usual / spread
