"""What was learned from simulated pairs, asked about one comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from scantriage.compare.learned_inputs import POOL, inputs_of
from scantriage.compare.maps import Maps
from scantriage.compare.network import SCALES, Network


def network_of(weights: Mapping[str, NDArray[np.float32]]) -> Network:
    """A network with these weights; ValueError where they are of another network."""
    network = Network()
    try:
        network.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in weights.items()})
    except RuntimeError as error:
        raise ValueError("the weights are of another network") from error
    return network.eval()


def ask(network: Network, maps: Maps) -> tuple[NDArray[np.float32], float]:
    """(2, Z, S) log-odds on the cells of the comparison that something was added, or removed, there; and of the pair.

    On one thread, as workers are one to a core.
    """
    inputs = inputs_of(maps)
    _, rows, cols = inputs.shape
    padded = np.pad(inputs, ((0, 0), (0, -rows % SCALES), (0, -cols % SCALES)))
    inside = np.zeros((1, *padded.shape[1:]), np.bool_)
    inside[:, :rows, :cols] = True
    torch.set_num_threads(1)
    with torch.inference_mode():
        places, pair = network(torch.from_numpy(padded)[None], torch.from_numpy(inside))
    fine = places[0, :, :rows, :cols].numpy().repeat(POOL, axis=1).repeat(POOL, axis=2)
    _, z, s = maps.channels.shape
    rest = ((0, 0), (0, z - fine.shape[1]), (0, s - fine.shape[2]))
    return np.pad(fine, rest, mode="edge"), float(pair[0])
