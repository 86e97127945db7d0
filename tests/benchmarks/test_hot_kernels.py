import numpy as np

from benchmarks.full_size import full_size_pair
from benchmarks.hot_kernels import hot_kernels


def test_every_kernel_computes_from_its_inputs_and_leaves_them(tmp_path):
    for kernel in hot_kernels(full_size_pair(tmp_path, scale=0.3)):
        assert kernel.n_bytes > 0
        assert kernel.moves
        results = [kernel.run(kernel.inputs) for _ in range(2)]
        for one, again in zip(*map(_arrays, results), strict=True):
            assert np.array_equal(one, again), kernel.name


def _arrays(result):
    """What arrays a kernel gives, however they are wrapped."""
    if isinstance(result, np.ndarray):
        return [result]
    names = getattr(result, "__slots__", ())
    parts = result if isinstance(result, tuple) else [getattr(result, name) for name in names]
    return [array for part in parts for array in _arrays(part)]
