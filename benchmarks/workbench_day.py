"""A workbench with a day's queue, served by a real process, and analysts who work through it over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Self

import httpx2
import numpy as np

from scantriage.io.thumbnail import write_thumbnail
from scantriage.io.views import write_views
from scantriage.pipeline.pair_run import read_pair
from scantriage.pipeline.prepare import ScanSource
from scantriage.pipeline.simulate_run import write_scan
from scantriage.scan.container import check_digit
from scantriage.scan.finding import Reading
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair
from scantriage.store import accounts, preferences, sessions
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.store.preferences import Preferences
from scantriage.store.queue import QueueRow, replace_queue
from scantriage.store.readings import ReadingKey, put_reading

LAYERS = ("origin", "rescan", "blind", "difference", "significance")  # that an analyst's screen asks for
FOUR_EYES = 0.95  # the top of the queue takes two
_READY_S = 60.0
_TLS = ssl.create_default_context()  # unused over http, but 50 clients would each spend 30 ms on one of their own
_RETRY_S = 0.2
_ARRIVE_S = 5.0  # all come to work within so many seconds, not in one millisecond


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An analyst's session, as a browser holds it."""

    account_id: int
    token: str
    csrf: str


def make_day(root: Path, *, n_containers: int, n_analysts: int, scale: float) -> list[SignedIn]:
    """A workspace with so many containers, all with the pixels of one simulated pair, and signed-in analysts.

    scale: of full resolution.
    """
    places = Places(root)
    root.mkdir(parents=True)
    database = Database(places.database)
    now = datetime.now(UTC)
    rows = [_row(n, n_containers, now) for n in range(n_containers)]
    _keep_views(places, rows, scale=scale)
    with database.writing() as connection:
        replace_queue(connection, rows, now)
        for row in rows:
            key = ReadingKey(row.container_id, row.reading_digest, None, None)
            put_reading(connection, key, Reading("compared"), at=now)
        preferences.save(connection, Preferences(four_eyes_priority=FOUR_EYES, tip_share=0.0))
        people = [_signed_in(connection, n, now) for n in range(n_analysts)]
    database.close()
    return people


def _row(n: int, n_containers: int, now: datetime) -> QueueRow:
    start = f"LODU{n:06d}"
    priority = 1 - n / n_containers
    sentence = "Added: about 40 kg behind the doors, 11.2 to 11.7 m from the front, 0.3 to 1.1 m high."
    finding = {
        "kind": "added", "zone": "door_end", "significance": 5.2, "mass_kg": 40.0, "mass_kg_sd": 6.0,
        "origin_box": [10, 60, 20, 90], "rescan_box": [10, 60, 20, 90], "container_box_m": [11.2, 11.7, 0.3, 1.1],
        "sentence": sentence,
    }  # fmt: skip
    base = {"name": "base_rate", "contribution": -6.9, "sentence": "About 0.1% of all containers hold a load."}
    line = {
        "rank": n + 1, "container_id": start, "origin_scan": None, "rescan": None, "outcome": "compared",
        "reason": None, "priority": priority, "action": "inspect_at_port", "where": "NLRTM", "agreement": 0.97,
        "blind_fraction": 0.02, "findings": [finding], "evidence": [base],
    }  # fmt: skip
    return QueueRow(
        f"{start}{check_digit(start)}", f"load-{n}", n + 1, priority, "compared", "inspect_at_port", "NLRTM",
        "door_end", sentence, "Vessel", None, "ECGYE-NLRTM", "08", now.isoformat(), json.dumps(line),
        '{"goods": "bananas"}', now.isoformat(),
    )  # fmt: skip


def _keep_views(places: Places, rows: list[QueueRow], *, scale: float) -> None:
    case = simulate_pair(41, scale=scale, wish=Wish("added", "doors", 40.0, "45R1", "bananas"), cut_off=0.0)
    with tempfile.TemporaryDirectory() as folder:
        number = case.truths[0].container_id
        origin, rescan = (
            ScanSource(write_scan(Path(folder), scan), scan.record, number) for scan in (case.origin, case.rescan)
        )
        reading, views = read_pair(origin, rescan, case.manifest[0])
    assert views is not None
    assert views.fine is not None
    first = places.views(rows[0].reading_digest)
    first.parent.mkdir(parents=True, exist_ok=True)
    write_views(first, views.fine)
    write_thumbnail(places.thumbnail(rows[0].reading_digest), views, reading)
    for row in rows[1:]:
        path = places.views(row.reading_digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(first, path)


def _signed_in(connection: object, n: int, now: datetime) -> SignedIn:
    account_id = accounts.add_account(
        connection, name=f"analyst{n}", display_name=f"Analyst {n}", role="analyst", sites=(), password_hash=None,
        at=now,
    )  # fmt: skip
    token = sessions.begin_session(connection, account_id, at=now, second_factor=True)
    session = sessions.live_session(connection, token, at=now)
    assert session is not None
    return SignedIn(account_id, token, session.csrf)


class Server:
    """`scantriage serve` as a process of its own, which can be killed and started again at the same address."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        """Started."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let it finish."""
        self._end(signal.SIGINT)

    def start(self) -> float:
        """Start it; seconds until it answers."""
        began = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "scantriage",
            "serve",
            "--workspace",
            str(self._root),
            "--port",
            str(self._port),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"the server did not start: {line!r}"
        self._port, self.address = int(found[1]), f"http://127.0.0.1:{found[1]}"
        return time.perf_counter() - began

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used, its start included."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End it at once, as a loss of power would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(_READY_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


@dataclass(slots=True)
class Worked:
    """What analysts did: milliseconds of every request by page, and the decisions that were confirmed to them."""

    took_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    confirmed: dict[str, str] = field(default_factory=dict)  # request key: assignment
    n_refused: int = 0
    n_sent_again: int = 0

    def percentile(self, page: str, part: float) -> float:
        """Of the milliseconds of a page."""
        return float(np.percentile(self.took_ms[page], part))


class Day:
    """Begins when all are at their desks, and is over after so many seconds or when it is ended.

    starts_within_s: until each has asked for a first container: as long as they think, so that the pace is steady.
    """

    def __init__(self, n_people: int, *, seconds: float, starts_within_s: float) -> None:
        self._desks = asyncio.Barrier(n_people)
        self.starts_within_s = starts_within_s
        self._seconds, self._end_s = seconds, float("inf")

    async def begin(self) -> None:
        """Wait for the others."""
        await self._desks.wait()
        self._end_s = min(self._end_s, time.monotonic() + self._seconds)

    def end(self) -> None:
        """Nobody begins another container."""
        self._end_s = 0.0

    @property
    def over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self._end_s


async def work_all(analysts: list[Analyst], day: Day) -> None:
    """Let them all work through the day; what they have before them at its end they finish."""
    async with asyncio.TaskGroup() as group:
        for analyst in analysts:
            group.create_task(analyst.work(day))


@dataclass(slots=True)
class Analyst:
    """A person at a browser: next, the container's page, its pixels, some thought, a decision."""

    who: SignedIn
    address: str
    worked: Worked
    rng: Random
    think_s: tuple[float, float]
    looks: bool = True  # at the pixels, as a browser's viewer does

    async def work(self, day: Day) -> None:
        """Until the day is over; a request that gets no answer is sent again, as a person would reload."""
        async with self._browser() as browser:
            await asyncio.sleep(self.rng.uniform(0, _ARRIVE_S))
            await self._send(browser, "work", "GET", "/work")  # where signing in leads
            await day.begin()
            await asyncio.sleep(self.rng.uniform(0, day.starts_within_s))
            while not day.over:
                location = await self._send(browser, "next", "POST", "/work/next", data={})
                if not location.startswith("/work/"):
                    return  # nothing is left
                await self._decide(browser, location)

    async def _decide(self, browser: httpx2.AsyncClient, location: str) -> None:
        assignment = location.removeprefix("/work/")
        key = await self._look(browser, location, assignment)
        await asyncio.sleep(self.rng.uniform(*self.think_s))
        fields = {"request_key": key, "verdict": "release", "release_because": "same"}
        if self.rng.random() < 0.1:
            fields = {"request_key": key, "verdict": "refer", "action": "inspect_at_port", "refer_because": "added"}
        times = 2 if self.rng.random() < 0.05 else 1  # somebody clicks twice
        for _ in range(times):
            answer = await self._send(browser, "decide", "POST", f"/work/{assignment}/decide", data=fields)
            if answer == f"/work/{assignment}/decided":
                self.worked.confirmed[key] = assignment
            else:
                self.worked.n_refused += 1
        await self._send(browser, "decided", "GET", f"/work/{assignment}/decided")

    async def _look(self, browser: httpx2.AsyncClient, location: str, assignment: str) -> str:
        """Load the page, what the viewer asks for, and reserve the next; the key of the page's form."""
        text = await self._send(browser, "container", "GET", location)
        key = re.search(r'name="request_key" value="([^"]+)"', text)
        if self.looks:
            meta = await self._send(browser, "meta", "GET", f"/views/{assignment}/meta.json")
            for tile in _tiles(meta):
                await self._send(browser, "tile", "GET", f"/views/{assignment}/{tile}")
        await self._send(browser, "reserve", "POST", f"/work/{assignment}/coming", data={})
        return key[1] if key else secrets.token_urlsafe(16)

    async def _send(
        self, browser: httpx2.AsyncClient, page: str, method: str, url: str, data: dict[str, str] | None = None
    ) -> str:
        """Where it leads on to, or else its text."""
        form = None if data is None else {"csrf": self.who.csrf} | data
        while True:
            began = time.perf_counter()
            try:
                answer = await browser.request(method, url, data=form)
            except httpx2.TransportError:
                self.worked.n_sent_again += 1
                await asyncio.sleep(_RETRY_S)
                continue
            assert answer.status_code < 500, f"{method} {url}: {answer.status_code}"
            self.worked.took_ms[page].append(1000 * (time.perf_counter() - began))
            return answer.headers.get("location") or ("" if page == "tile" else answer.text)

    @asynccontextmanager
    async def _browser(self) -> AsyncIterator[httpx2.AsyncClient]:
        limits = httpx2.Limits(max_connections=6)  # as browsers have
        async with httpx2.AsyncClient(
            base_url=self.address, cookies={"session": self.who.token}, timeout=30.0, limits=limits, verify=_TLS
        ) as browser:
            yield browser


def _tiles(meta: str) -> list[str]:
    told = json.loads(meta)
    return [
        f"{name}/{row}/{col}.bin"
        for name in LAYERS
        for row in range(-(-told["layers"][name]["rows"] // told["tile"]))
        for col in range(-(-told["layers"][name]["cols"] // told["tile"]))
    ]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds of the confirmed decisions: how many are missing, how many are there twice."""

    n_confirmed: int
    n_kept: int
    n_lost: int
    n_doubled: int
    n_read_twice: int  # containers with more first looks than one


def what_was_kept(root: Path, worked: Worked) -> Kept:
    """Hold what was confirmed against what is kept."""
    database = Database(Places(root).database)
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT request_key, assignment_id FROM decisions").all()
        twice = connection.exec_driver_sql(
            "SELECT count(*) FROM (SELECT d.container_id FROM decisions d JOIN assignments a ON a.id = d.assignment_id "
            "WHERE a.kind = 'first' GROUP BY 1 HAVING count(*) > 1)"
        ).scalar_one()
    database.close()
    keys, assignments = [key for key, _ in rows], [assignment for _, assignment in rows]
    lost = [key for key, assignment in worked.confirmed.items() if (key, assignment) not in set(map(tuple, rows))]
    doubled = (len(keys) - len(set(keys))) + (len(assignments) - len(set(assignments)))
    return Kept(len(worked.confirmed), len(rows), len(lost), doubled, int(twice))
