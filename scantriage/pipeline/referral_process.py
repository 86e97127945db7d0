"""Referrals in a process of their own: packing needs numerics that a server does without, and may take a minute."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

_PROGRAM = (sys.executable, "-m", "scantriage", "referrals", "--workspace")


async def refer_apart(root: Path) -> bool:
    """Do all that is due in the workspace, and say whether all went well; ended early, the process ends, too."""
    process = await asyncio.create_subprocess_exec(*_PROGRAM, str(root), stdout=asyncio.subprocess.DEVNULL)
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.terminate()
