"""One thread a process, set before numpy is loaded: tests run side by side, and threads that wait spin."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import cv2  # noqa: E402  (after the environment is set)

cv2.setNumThreads(1)
