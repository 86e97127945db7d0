"""Memory of the process that asks, as Linux tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def memory_mib(kind: Literal["VmRSS", "VmHWM"]) -> float:
    """Resident now (VmRSS), or the most there ever was (VmHWM), MiB.

    Not ru_maxrss of getrusage: a process that was started by a large one is credited with that one's size.
    """
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(told[kind].split()[0]) / 1024
