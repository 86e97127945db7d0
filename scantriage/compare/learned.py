"""What was learned from simulated pairs, asked about one comparison.

The network is trained in torch (`scantriage.learn.network`). Asking it takes the few array operations below: torch
would take half as much memory again as all the rest of a worker, and two seconds of its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from scantriage.compare.learned_inputs import N_INPUTS, POOL, SCALES, inputs_of
from scantriage.compare.maps import Maps

FloatArray = NDArray[np.floating[Any]]
Weights = Mapping[str, NDArray[np.float32]]

N_GROUPS = 4  # of channels that are normalised together
TINY = 1e-5  # torch's own, added to their variance
STRONGEST = 12  # cells whose mean speaks for a place: a sports bag covers as many
REACHES = (2, 4)  # columns between those that the coarsest layers take together
OUTSIDE = -20.0  # log-odds of what is not in the container


def check(weights: Weights) -> None:
    """Raise ValueError where the weights are of another network."""
    smallest = STRONGEST  # cells each way, a multiple of SCALES
    try:
        _answer(weights, np.zeros((N_INPUTS, smallest, smallest), np.float32), (smallest, smallest))
    except (KeyError, ValueError) as error:
        raise ValueError("the weights are of another network") from error


def ask(weights: Weights, maps: Maps) -> tuple[NDArray[np.float32], float]:
    """(2, R, S) log-odds on the cells of the maps that something was added, or removed, there; and of the pair.

    weights: by the names that torch gives them.
    """
    inputs = inputs_of(maps)
    _, rows, cols = inputs.shape
    places, pair = _answer(weights, np.pad(inputs, ((0, 0), (0, -rows % SCALES), (0, -cols % SCALES))), (rows, cols))
    fine = places[:, :rows, :cols].repeat(POOL, axis=1).repeat(POOL, axis=2)
    _, z, s = maps.channels.shape
    rest = ((0, 0), (0, z - fine.shape[1]), (0, s - fine.shape[2]))
    return np.pad(fine, rest, mode="edge"), pair


def _answer(weights: Weights, inputs: FloatArray, inside: tuple[int, int]) -> tuple[FloatArray, float]:
    """Places and pair for one item; inside: rows and columns that are not padding."""
    fine = _block(weights, "fine", inputs)
    middle = _block(weights, "middle", _halved(fine))
    coarse = _block(weights, "coarse.0", _halved(middle))
    for layer, reach in zip(("coarse.1", "coarse.2"), REACHES, strict=True):
        coarse = _layer(weights, f"{layer}.0", f"{layer}.1", coarse, reach=reach)
    up = _block(weights, "up_middle", np.concatenate([_twice(coarse), middle]))
    up = _block(weights, "up_fine", np.concatenate([_twice(up), fine]))
    places = np.tensordot(weights["maps.weight"][:, :, 0, 0], up, 1) + weights["maps.bias"][:, np.newaxis, np.newaxis]
    rows, cols = inside
    places[:, rows:], places[:, :, cols:] = OUTSIDE, OUTSIDE
    seen = coarse[:, : -(-rows // SCALES), : -(-cols // SCALES)].reshape(len(coarse), -1)
    told = np.concatenate([strongest(places), seen.mean(axis=1), seen.max(axis=1)])
    hidden = _silu(weights["whole.0.weight"] @ told + weights["whole.0.bias"])
    return places, float((weights["whole.3.weight"] @ hidden + weights["whole.3.bias"])[0])


def strongest(places: FloatArray) -> FloatArray:
    """(2,) mean of the strongest cells of each map of (2, Z, S)."""
    return np.asarray(np.sort(places.reshape(len(places), -1), axis=1)[:, -STRONGEST:].mean(axis=1))


def _block(weights: Weights, name: str, image: FloatArray) -> FloatArray:
    return _layer(weights, f"{name}.3", f"{name}.4", _layer(weights, f"{name}.0", f"{name}.1", image))


def _layer(weights: Weights, filters: str, norm: str, image: FloatArray, *, reach: int = 1) -> FloatArray:
    """Convolution of 3 by 3, its columns `reach` apart; normalised by groups of channels; bent."""
    convolved = _convolved(weights[f"{filters}.weight"], image, reach)
    if len(convolved) != len(weights[f"{norm}.weight"]):
        raise ValueError(f"{filters} and {norm} differ in their channels")
    grouped = convolved.reshape(N_GROUPS, -1)
    mean, sd = grouped.mean(axis=1), np.sqrt(grouped.var(axis=1) + TINY)
    each = len(convolved) // N_GROUPS
    # normalised, scaled and shifted in one: what passes over all values takes longest
    scale = weights[f"{norm}.weight"] / sd.repeat(each)
    shift = weights[f"{norm}.bias"] - mean.repeat(each) * scale
    return _silu(convolved * scale[:, np.newaxis, np.newaxis] + shift[:, np.newaxis, np.newaxis])


def _convolved(filters: FloatArray, image: FloatArray, reach: int) -> FloatArray:
    """(O, Z, S) from (C, Z, S) and (O, C, 3, 3): one product of matrices."""
    n_channels, rows, cols = image.shape
    padded = np.pad(image, ((0, 0), (1, 1), (reach, reach)))
    windows = sliding_window_view(padded, (rows, cols), axis=(1, 2))[:, :, ::reach]
    return np.asarray((filters.reshape(len(filters), -1) @ windows.reshape(9 * n_channels, -1)).reshape(-1, rows, cols))


def _silu(values: FloatArray) -> FloatArray:
    return np.asarray(values / (1 + np.exp(-values)), dtype=np.float32)


def _halved(image: FloatArray) -> FloatArray:
    channels, rows, cols = image.shape
    return np.asarray(image.reshape(channels, rows // 2, 2, cols // 2, 2).mean(axis=(2, 4)))


def _twice(image: FloatArray) -> FloatArray:
    return image.repeat(2, axis=1).repeat(2, axis=2)
