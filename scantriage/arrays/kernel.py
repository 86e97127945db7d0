"""Loops over pixels, compiled: where one pass over the rows does what a chain of array operations takes many for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Loop = TypeVar("_Loop", bound=Callable[..., object])


def kernel(loop: _Loop) -> _Loop:
    """Compile a function of arrays and numbers at its first call; kept on disk for the next process.

    Inner loops run over contiguous row slices, so that they become vector instructions. Sums may be reordered and
    NaN is not looked after; a division by zero gives infinity, as in NumPy. One thread: machines are filled with
    workers. NUMBA_CACHE_DIR says where compiled code is kept; by default beside the module, or in the user's
    cache where the installation is read-only. A cache notices changes in the outer loop's own file alone: what is
    compiled together stands in one file.
    """
    options = {"fastmath": True, "error_model": "numpy"}
    try:
        return cast(_Loop, numba.njit(cache=True, **options)(loop))
    except RuntimeError:  # nothing can be written anywhere: compiled anew in every process
        return cast(_Loop, numba.njit(**options)(loop))
