"""How fast, how large, how good: measured, with the answers checked and the machine named."""

import os

# one arithmetic thread, as in a worker; NumPy looks once, when it is imported
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
):
    os.environ[_name] = "1"
