"""What a network's answers are worth: probabilities that hold, and a threshold for places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

FloatArray = NDArray[np.floating[Any]]

PLACES_A_CLEAN_PAIR = 0.1  # share of clean pairs whose strongest place may count


def calibrated(answers: FloatArray, changed: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and shift that turn answers into log-odds at even prior, both classes weighed alike.

    After Platt 1999 (Probabilistic outputs for support vector machines): targets a little short of 0 and 1, as
    many as there are, keep the scale finite where the answers tell the classes apart without a mistake.
    """
    n_changed, n_clean = int(changed.sum()), int((~changed).sum())
    target = np.where(changed, (n_changed + 1) / (n_changed + 2), 1 / (n_clean + 2))
    weight = np.where(changed, 0.5 / n_changed, 0.5 / n_clean)

    def cost(parameters: FloatArray) -> float:
        odds = parameters[0] * answers + parameters[1]
        return float((weight * (np.logaddexp(0, odds) - target * odds)).sum())

    scale, shift = minimize(cost, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(shift)


def place_threshold(clean: FloatArray) -> float:
    """Log-odds of the strongest place that all but `PLACES_A_CLEAN_PAIR` of the clean pairs stay below."""
    return float(np.quantile(clean, 1 - PLACES_A_CLEAN_PAIR))
