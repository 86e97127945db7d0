"""What is kept of a sparse matrix is the matrix."""

import numpy as np
import pytest

from scantriage.section.paths import Paths

N_RAYS, N_CELLS, N_SLABS = 30, 50, 7
FLOAT32 = 1e-5  # a sum of up to 50 terms near one


def lengths(share, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((N_RAYS, N_CELLS)) < share, rng.random((N_RAYS, N_CELLS)), 0).astype(np.float32)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.4, 1.0])
def test_products_are_those_of_the_matrix(share):
    matrix, rng = lengths(share), np.random.default_rng(1)
    path = Paths.of(matrix)
    load, rays = rng.random((N_CELLS, N_SLABS), np.float32), rng.random((N_RAYS, N_SLABS), np.float32)
    np.testing.assert_allclose(path.seen(load), matrix @ load, rtol=FLOAT32)
    np.testing.assert_allclose(path.carried(rays), matrix.T @ rays, rtol=FLOAT32)
    np.testing.assert_allclose(path.carried_squared(rays), (matrix**2).T @ rays, rtol=FLOAT32)


def test_lengths_add_up():
    matrix = lengths(0.2)
    path = Paths.of(matrix)
    np.testing.assert_allclose(path.of_ray[:, 0], matrix.sum(axis=1), rtol=FLOAT32)
    np.testing.assert_allclose(path.through_cell[:, 0], matrix.sum(axis=0), rtol=FLOAT32)
