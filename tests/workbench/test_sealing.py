import asyncio
import json

from starlette.testclient import TestClient

from scantriage.pipeline.audit_run import verify_trail
from scantriage.store import audit
from scantriage.workbench import sealing


def test_the_trail_is_sealed_while_the_workbench_runs_and_when_it_stops(app, clock, monkeypatch):
    monkeypatch.setattr(sealing, "_LOOK_EVERY_S", 0.01)
    here = app.state.workbench
    with TestClient(app):
        append(here, sealing.SEAL_EVERY, clock)
        asyncio.run(until(lambda: verify_trail(here.places.root).n_checkpoints == 1))
        append(here, 1, clock)
    report = verify_trail(here.places.root)
    assert report.n_entries > sealing.SEAL_EVERY
    assert (report.n_checkpoints, report.faults) == (2, ())
    last = json.loads(here.places.audit_checkpoints.read_text().splitlines()[-1])
    assert last["entry_id"] == report.n_entries


def append(here, n, clock):
    with here.database.writing() as connection:
        for _ in range(n):
            audit.append(connection, actor="nobody", kind="sign_in_failed", at=clock())


async def until(happened):
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.05)
