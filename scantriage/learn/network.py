"""The network that tells loads from what voyages and machines do to a comparison, as it is trained."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from scantriage.compare.learned import N_GROUPS, OUTSIDE, REACHES, STRONGEST
from scantriage.compare.learned_inputs import N_INPUTS, SCALES

WIDTHS = (24, 40, 64)


class Network(nn.Module):
    """Two maps of log-odds, where something was added and where removed, and the log-odds of the whole pair.

    A small U-Net (Ronneberger et al. 2015, arXiv:1505.04597): three scales, the coarsest looking along the
    container over four metres, because what repeats there is geometry and what stands alone is a load.
    """

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.fine = _block(N_INPUTS, fine)
        self.middle = _block(fine, middle)
        self.coarse = nn.Sequential(_block(middle, coarse), *(_along(coarse, reach) for reach in REACHES))
        self.up_middle = _block(middle + coarse, middle)
        self.up_fine = _block(fine + middle, fine)
        self.maps = nn.Conv2d(fine, 2, 1)
        self.whole = nn.Sequential(nn.Linear(2 + 2 * coarse, 32), nn.SiLU(), nn.Dropout(0.2), nn.Linear(32, 1))
        nn.init.constant_(cast(Tensor, self.maps.bias), -4.0)  # most cells hold nothing

    def forward(self, inputs: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2, Z, S) and (B,) log-odds.

        inputs: (B, N_INPUTS, Z, S), Z and S multiples of `SCALES`, zero where padded; inside: (B, Z, S) bool. How
        much is padded matters, as the normalisation sees it: the same for a pair alone and among others.
        """
        fine = self.fine(inputs)
        middle = self.middle(nn.functional.avg_pool2d(fine, 2))
        coarse = self.coarse(nn.functional.avg_pool2d(middle, 2))
        up = self.up_middle(torch.cat([_twice(coarse), middle], 1))
        up = self.up_fine(torch.cat([_twice(up), fine], 1))
        maps = self.maps(up).masked_fill(~inside[:, None], OUTSIDE)
        seen = nn.functional.max_pool2d(inside[:, None].to(coarse.dtype), SCALES)
        mean = (coarse * seen).sum((2, 3)) / seen.sum((2, 3))
        most = (coarse - 50 * (1 - seen)).amax((2, 3))
        return maps, self.whole(torch.cat([strongest(maps), mean, most], 1))[:, 0]


def strongest(maps: Tensor) -> Tensor:
    """(B, 2) mean of the strongest cells of each map."""
    return maps.flatten(2).topk(STRONGEST, 2).values.mean(2)


def _block(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.GroupNorm(N_GROUPS, n_out), nn.SiLU(),
        nn.Conv2d(n_out, n_out, 3, padding=1, bias=False), nn.GroupNorm(N_GROUPS, n_out), nn.SiLU(),
    )  # fmt: skip


def _along(width: int, reach: int) -> nn.Sequential:
    """Looks further along the container than up."""
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=(1, reach), dilation=(1, reach), bias=False),
        nn.GroupNorm(N_GROUPS, width), nn.SiLU(),
    )  # fmt: skip


def _twice(image: Tensor) -> Tensor:
    return nn.functional.interpolate(image, scale_factor=2, mode="nearest")
