"""The server's own watch over referrals: what is decided leaves within seconds, and what failed is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi.concurrency import run_in_threadpool

from scantriage.errors import WorkspaceError
from scantriage.pipeline.referral_process import refer_apart
from scantriage.store.referrals import is_anything_due
from scantriage.workbench.context import Workbench

_LOOK_EVERY_S = 5.0
_AFTER_FAILURE_S = 60.0  # a full disk, or a program that does not start, is not mended in seconds


@asynccontextmanager
async def referring(here: Workbench) -> AsyncIterator[None]:
    """While this is open, referrals that are due are packed and sent."""
    looking = asyncio.create_task(_look(here))
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _look(here: Workbench) -> None:
    while True:
        went_well = not await run_in_threadpool(_is_due, here) or await refer_apart(here.places.root)
        await asyncio.sleep(_LOOK_EVERY_S if went_well else _AFTER_FAILURE_S)


def _is_due(here: Workbench) -> bool:
    try:
        with here.database.reading() as connection:
            return is_anything_due(connection, at=here.clock())
    except WorkspaceError:  # locked or full for the moment: the next look comes
        return False
