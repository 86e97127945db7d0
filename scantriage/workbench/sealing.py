"""Seals the trail while the workbench runs: every hundred entries, when it starts, and when it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi.concurrency import run_in_threadpool

from scantriage.errors import WorkspaceError
from scantriage.pipeline.audit_run import sealer_of
from scantriage.store.seals import SEAL_EVERY, Sealer
from scantriage.workbench.context import Workbench

_LOOK_EVERY_S = 5.0


@asynccontextmanager
async def sealing(here: Workbench) -> AsyncIterator[None]:
    """While this is open the trail is sealed. Raises WorkspaceError where the key cannot be used."""
    sealer = sealer_of(here.places, here.settings, here.database)
    await run_in_threadpool(sealer.seal, at=here.clock())  # what a killed process left unsealed
    looking = asyncio.create_task(_look(sealer, here))
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await run_in_threadpool(sealer.seal, at=here.clock())


async def _look(sealer: Sealer, here: Workbench) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            await run_in_threadpool(sealer.seal, at=here.clock(), every=SEAL_EVERY)
        except (OSError, WorkspaceError):  # a full disk must not end the sealing for good
            logging.getLogger(__name__).exception("the trail could not be sealed")
