"""Views of containers for tests: small, with codes that tell where they came from."""

from __future__ import annotations

import numpy as np

from scantriage.scan.views import FineViews, LayerFacts, ViewLayer

TOP_M, PITCH_M = 3.3, 0.005
SCALE, OFFSET = 2.0**-13, -0.25


def layer(codes, *, quantity="attenuation", pitch_m=PITCH_M, scale=SCALE, offset=OFFSET, **more):
    """A layer of these codes."""
    rows, cols = codes.shape
    facts = LayerFacts(quantity, rows, cols, 0.0, TOP_M, pitch_m, pitch_m, scale, offset, **more)
    return ViewLayer(facts, codes.astype(np.uint16))


def made_views(rows=660, cols=2438, *, seed=0, files=None):
    """A pair's layers, full of noise; the scans wider than a tile."""
    rng = np.random.default_rng(seed)
    fine, coarse = (rows, cols), (rows // 4, cols // 4)
    layers = {
        "origin": layer(rng.integers(1, 65536, fine), energy_mv=6.0, effective_cm2_g=0.0519, hardening=0.027),
        "origin_low": layer(rng.integers(1, 65536, coarse), pitch_m=4 * PITCH_M),
        "rescan": layer(rng.integers(1, 65536, fine)),
        "difference": layer(rng.integers(1, 65536, (30, 99)), pitch_m=0.12, offset=-4.0),
        "significance": layer(
            rng.integers(1, 65536, (30, 99)), quantity="sigma", pitch_m=0.12, scale=2.0**-10, offset=-32.0
        ),
        "blind": layer(rng.integers(0, 16, coarse), quantity="flags", pitch_m=4 * PITCH_M, scale=1.0, offset=0.0),
    }  # fmt: skip
    return FineViews(12.192, 2.591, layers, files or {}, {"origin": {"attenuation": [0.0, 1.0], "organic": [0.0, 1.2]}})
