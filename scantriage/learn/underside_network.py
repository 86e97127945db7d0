"""The network that reads undersides, as it is trained; `scantriage.locate.underside` asks it without torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scantriage.locate.underside import N_INPUTS, REACHES

N_CHANNELS = 24
DROPPED = 0.1


class UndersideNetwork(nn.Module):
    """Reads what the columns have in common at each depth: log-odds of both edges for every depth.

    Each layer looks twice as far along the depths as the one before: the last sees all that lies around a floor.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_INPUTS))
        self.register_buffer("spread", torch.ones(N_INPUTS))
        self.first = nn.Conv1d(N_INPUTS, N_CHANNELS, 5, padding=2)
        self.layers = nn.ModuleList(
            nn.Conv1d(N_CHANNELS, N_CHANNELS, 3, padding=reach, dilation=reach) for reach in REACHES
        )
        self.last = nn.Conv1d(N_CHANNELS, 2, 1)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, 2, D) from (B, N_INPUTS, D)."""
        scaled = (inputs - self.get_buffer("mean")[:, None]) / self.get_buffer("spread")[:, None]
        values = torch.relu(self.first(scaled))
        for layer in self.layers:
            values = values + torch.relu(layer(self.drop(values)))
        return torch.as_tensor(self.last(values))
