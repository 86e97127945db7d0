"""What a network's answers are worth: probabilities that hold, and a threshold for places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

FloatArray = NDArray[np.floating[Any]]

PLACES_A_CLEAN_PAIR = 0.1  # share of clean pairs whose strongest place may count


def calibrated(answers: FloatArray, changed: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and shift that turn answers into log-odds at even prior (Platt 1999), classes weighed alike."""
    weight = np.where(changed, 0.5 / changed.mean(), 0.5 / (1 - changed.mean()))

    def cost(parameters: FloatArray) -> float:
        odds = np.where(changed, 1, -1) * (parameters[0] * answers + parameters[1])
        return float((weight * np.logaddexp(0, -odds)).sum())

    scale, shift = minimize(cost, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(scale), float(shift)


def place_threshold(clean: FloatArray) -> float:
    """Log-odds of the strongest place that all but `PLACES_A_CLEAN_PAIR` of the clean pairs stay below."""
    return float(np.quantile(clean, 1 - PLACES_A_CLEAN_PAIR))
