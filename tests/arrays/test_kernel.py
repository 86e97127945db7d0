"""Compiled loops work wherever the program is installed."""

import numpy as np
from numba.core import caching

from scantriage.arrays.kernel import kernel


def add_up(values):
    total = 0.0
    for value in values:
        total += value
    return total


def test_a_loop_runs_where_nothing_can_be_written(monkeypatch):
    """A read-only installation, and a user without a home: no place to keep compiled code."""
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    assert kernel(add_up)(np.arange(5.0)) == 10
