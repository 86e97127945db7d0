"""`scantriage.section.explain` for many pairs at once on a GPU, through torch: the same steps, the same loads.

Pairs of any size are padded to one shape, with rays of no weight, cells that no ray meets and slabs that adjoin
nothing: what is padded stays zero and is cut off again. On a GPU a product with the whole matrix of paths is
quicker than one that seeks out the few cells a ray meets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scantriage.section.explain import CONTINUITY, EVENNESS, STEP_SHARE, THIN_G_CM2_M, Explained, View

FloatArray = NDArray[np.floating[Any]]

_LITTLE = 1e-3  # as in `explain`: metres, and curvature, below which a ray or a cell counts as not met


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scans of one container and what ties their loads, (N, 1) or (N, S), as `explain` takes them."""

    origin: View
    rescan: View
    likeness: FloatArray


def device() -> torch.device:
    """The GPU where one is present, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@torch.inference_mode()
def explain_batch(pairs: Sequence[Pair], *, n_y: int, n_iterations: Sequence[int], on: torch.device) -> list[Explained]:
    """The two loads of each pair; see `explain`. Copies to the device and back are part of it."""
    batch = _Batch.of(pairs, n_y=n_y, on=on)
    loads = torch.zeros(batch.curvature.shape[0], 2, *batch.curvature.shape[2:], device=on)
    thickness = batch.thickness
    for n_rounds, n_steps in enumerate(n_iterations, 1):
        loads = _descend(loads, thickness, batch, _costs(thickness, batch), n_steps)
        if n_rounds < len(n_iterations):
            thickness = thickness - torch.minimum(batch.seen(loads) - batch.thickness, batch.beyond)
    host = loads.cpu().numpy()
    return [Explained(*_cut(one, pair, n_y)) for one, pair in zip(host, pairs, strict=True)]


@dataclass(frozen=True, slots=True)
class _Batch:
    """B pairs of V = 2 views on the device, padded to R rays, Y cells across, Z up, N = Y * Z, S slabs.

    path: (B, V, R, N). thickness, weight2, beyond (as in `Seen`): (B, V, R, S). curvature, tie: (B, 1, Y, Z, S).
    adjoins: (B, 1, 1, 1, S) one where a slab has a next one, else zero.
    """

    path: Tensor
    thickness: Tensor
    weight2: Tensor
    beyond: Tensor
    curvature: Tensor
    tie: Tensor
    adjoins: Tensor

    @classmethod
    def of(cls, pairs: Sequence[Pair], *, n_y: int, on: torch.device) -> _Batch:
        views = [(pair.origin, pair.rescan) for pair in pairs]
        n_rays = max(len(view.thickness) for both in views for view in both)
        n_heights = max(len(both[0].path.through_cell) // n_y for both in views)
        n_slabs = [both[0].thickness.shape[1] for both in views]
        shape = (len(pairs), 2, n_rays, max(n_slabs))
        thickness, weight, beyond = (np.zeros(shape, np.float32) for _ in range(3))
        path = np.zeros((*shape[:3], n_y, n_heights), np.float32)
        likeness = np.zeros((len(pairs), 1, n_y, n_heights, max(n_slabs)), np.float32)
        for b, (both, pair) in enumerate(zip(views, pairs, strict=True)):
            for v, view in enumerate(both):
                rays, slabs = view.thickness.shape
                there = b, v, slice(rays), slice(slabs)
                thickness[there], weight[there] = view.thickness, view.weight
                beyond[there] = np.where(view.at_least, 0, np.inf)
                lengths = view.path.lengths_m().reshape(rays, n_y, -1)
                path[b, v, :rays, :, : lengths.shape[2]] = lengths
            tie = pair.likeness.reshape(n_y, -1, pair.likeness.shape[1])
            likeness[b, 0, :, : tie.shape[1], : n_slabs[b]] = np.minimum(tie, 1e30)
        adjoins = np.arange(max(n_slabs)) < np.array(n_slabs)[:, np.newaxis] - 1
        tensors = [torch.from_numpy(a).to(on) for a in (path, thickness, weight, beyond, likeness, adjoins)]
        return cls._bounded(tensors[0].flatten(3), tensors[1], tensors[2] ** 2, *tensors[3:])

    @classmethod
    def _bounded(
        cls, path: Tensor, thickness: Tensor, weight2: Tensor, beyond: Tensor, likeness: Tensor, adjoins: Tensor
    ) -> _Batch:
        cells = (*likeness.shape[:1], 2, *likeness.shape[2:])
        back = path.mT
        curvature = (back @ (weight2 * path.sum(dim=3, keepdim=True))).reshape(cells).amax(dim=1, keepdim=True)
        noise = ((back**2 @ weight2).reshape(cells).sum(dim=1, keepdim=True) / 2).sqrt() + 1e-9
        apart = adjoins[:, None, None, None, :].to(path.dtype)
        return cls(path, thickness, weight2, beyond, curvature + _LITTLE, likeness * noise, apart)

    def seen(self, loads: Tensor) -> Tensor:
        """(B, V, R, S) what the rays integrate of (B, V, Y, Z, S) loads."""
        return self.path @ loads.flatten(2, 3)


@dataclass(frozen=True, slots=True)
class _Costs:
    """Step and threshold, (B, 1, Y, Z, S); cost of steps across and along (to the next slab), (B, 1, 1, Z, S)."""

    step: Tensor
    threshold: Tensor
    across: Tensor
    along: Tensor


def _costs(thickness: Tensor, batch: _Batch) -> _Costs:
    """As in `explain`: in units of the mean density that both scans show at a place."""
    of_ray, through_cell = batch.path.sum(dim=3, keepdim=True), batch.path.sum(dim=2)[..., None]
    mean = batch.path.mT @ (thickness / of_ray.clamp(min=_LITTLE)) / through_cell.clamp(min=_LITTLE)
    n_y, n_heights, n_slabs = batch.curvature.shape[2:]
    level = mean.reshape(-1, 2, n_y, n_heights, n_slabs).mean(dim=(1, 2), keepdim=True).clamp(min=THIN_G_CM2_M)
    following = torch.cat([level[..., 1:], level[..., -1:]], dim=-1)
    pair = (level + following) / 2
    step = (following - level) / pair
    along = batch.adjoins * CONTINUITY / (pair**2 * (1 + (step / STEP_SHARE) ** 2))
    across = EVENNESS / level**2
    length = 1 / (batch.curvature + 4 * across + 2 * (along + along.roll(1, dims=-1)))
    return _Costs(length, batch.tie * length, across, along)


def _descend(loads: Tensor, thickness: Tensor, batch: _Batch, costs: _Costs, n_iterations: int) -> Tensor:
    current, ahead, pace = loads, loads, 1.0
    for _ in range(n_iterations):
        residual = torch.minimum(batch.seen(ahead) - thickness, batch.beyond) * batch.weight2
        gradient = (batch.path.mT @ residual).reshape(ahead.shape) + _roughness(ahead, costs)
        following = _fuse(ahead - costs.step * gradient, costs.threshold)
        next_pace = (1 + (1 + 4 * pace**2) ** 0.5) / 2
        ahead = torch.lerp(current, following, 1 + (pace - 1) / next_pace)
        current, pace = following, next_pace
    return current


def _roughness(loads: Tensor, costs: _Costs) -> Tensor:
    """(B, V, Y, Z, S) gradient of the cost of steps across and along."""
    across = loads.diff(dim=2) * costs.across
    along = loads.diff(dim=4) * costs.along[..., :-1]
    out = torch.zeros_like(loads)
    out[:, :, 1:] += across
    out[:, :, :-1] -= across
    out[..., 1:] += along
    out[..., :-1] -= along
    return out


def _fuse(loads: Tensor, threshold: Tensor) -> Tensor:
    """Bring the two loads nearer by the threshold each, at most to their mean; then keep them from below zero."""
    mean = loads.mean(dim=1, keepdim=True)
    half = (loads[:, 1:] - loads[:, :1]) / 2
    half = half - torch.clamp(half, -threshold, threshold)
    return torch.cat([mean - half, mean + half], dim=1).clamp_(min=0)


def _cut(loads: FloatArray, pair: Pair, n_y: int) -> FloatArray:
    """(2, N, S) of one pair, without what was padded."""
    n_heights, n_slabs = len(pair.origin.path.through_cell) // n_y, pair.origin.thickness.shape[1]
    return np.ascontiguousarray(loads[:, :, :n_heights, :n_slabs]).reshape(2, -1, n_slabs)
