"""The viewer in a browser, on pairs at full size: until the first is ready, until the next is, and a frame of panning.

python -m benchmarks.viewer
"""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.full_size import FullSizePair, full_size_pair
from benchmarks.kept import Row, Table, keep, stamp
from scantriage.pipeline.day_run import triage
from scantriage.scan.container import check_digit
from scantriage.scan.geometry import MetreBox
from scantriage.store import accounts, preferences, sessions
from scantriage.workbench.app import create_app

N_CONTAINERS, _FRAMES = 7, 30
_SCREEN = {"width": 1920, "height": 1080}
_CHROMIUM = ("--no-sandbox --disable-gpu --enable-unsafe-swiftshader --use-gl=angle --use-angle=swiftshader "
             "--disable-background-networking --disable-component-update --disable-sync --no-first-run")  # fmt: skip
_VIEWER = "document.querySelector('[data-views]').viewer"
# the frame is read back, so that its drawing is counted and not only its being asked for
_PAN = f"""() => {{
  const viewer = {_VIEWER}, times = [];
  viewer.view.zoom(2);
  for (let i = 0; i < {_FRAMES}; i++) {{
    const started = performance.now();
    viewer.view.pan(i < {_FRAMES} / 2 ? 7 : -7, 0);
    viewer.paint();
    viewer.pixels(0, 0, 1, 1);
    times.push(performance.now() - started);
  }}
  return times.slice(1);
}}"""


@dataclass(frozen=True, slots=True)
class Served:
    """A workbench that answers at `address`; token: of an analyst who is signed in."""

    address: str
    token: str


def main() -> None:
    """Measure, assert what is drawn, keep the table."""
    measured = stamp()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pair = _deliver(Path(folder) / "delivery")
        triage([Path(folder) / "delivery"], Path(folder) / "workspace", n_workers=1, progress=lambda *_: None)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_CHROMIUM.split())
        with _served(Path(folder) / "workspace") as served:
            first, coming, panning = _work(browser, served, pair.load_m)
        renderer = _renderer(browser)
        browser.close()
    rows = [
        _row("a full-size pair ready, nothing in the browser's memory", first),
        _row("the next container ready", coming),
        _row("a frame of panning, both scans", panning),
    ]
    note = (
        "From the start of the navigation until the picture, of halved tiles, could be read back; 1,920 x 1,080, on "
        "localhost."
    )
    path = keep(
        "viewer", measured={**measured, "renderer": renderer, "containers": N_CONTAINERS},
        tables=[Table("The viewer, ms", rows, note)],
    )  # fmt: skip
    print(f"kept as {path.name} and .json")


def _deliver(folder: Path) -> FullSizePair:
    """One pair under many numbers, a pixel of each its own: the same file is not taken in twice."""
    folder.mkdir()
    pair = full_size_pair(folder)
    own = pair.manifest.container_id
    for n in range(1, N_CONTAINERS):
        name = f"TSTU{n:06d}"
        name += str(check_digit(name))
        for source in (pair.origin, pair.rescan):
            counts = tifffile.imread(source.path)
            counts[:, 0, n] += 1
            copy = folder / source.path.name.replace(own, name)
            tifffile.imwrite(copy, counts, compression="zstd", predictor=True, tile=(256, 256))
            sidecar = source.path.with_suffix(".json").read_text().replace(own, name)
            copy.with_suffix(".json").write_text(sidecar)
    return pair


@contextmanager
def _served(root: Path) -> Iterator[Served]:
    app = create_app(root)
    here = app.state.workbench
    with here.database.writing() as connection:
        preferences.save(connection, preferences.Preferences(random_share=0.0, tip_share=0.0))
        account = accounts.add_account(
            connection, name="ann", display_name="Ann", role="analyst", sites=(), password_hash=None, at=here.clock()
        )
        token = sessions.begin_session(connection, account, at=here.clock(), second_factor=True)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", token)
        server.should_exit = True
        thread.join()


def _work(browser: Browser, served: Served, load: MetreBox) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds until a first container is ready, until each next one is, and of each frame."""
    first: list[float] = []
    for n in range(6):  # the same assignment each time, in a browser that remembers nothing
        page = _sign_in(browser, served)
        _ask_next(page)
        if n:
            first.append(_ready_ms(page))
        if n < 5:
            page.context.close()
    page.wait_for_selector("html[data-next=ready]")  # the whole tiles are here, too
    panning = page.evaluate(_PAN)
    coming = []
    for _ in range(N_CONTAINERS - 1):
        _check(page, load)
        page.wait_for_selector("html[data-next=ready]")
        for key in ("l", "1", "Enter"):
            page.keyboard.press(key)
        page.wait_for_url("**/decided")
        page.keyboard.press("Enter")
        coming.append(_ready_ms(page))
    page.context.close()
    return first, coming[1:], panning


def _sign_in(browser: Browser, served: Served) -> Page:
    context = browser.new_context(base_url=served.address, viewport=_SCREEN)  # type: ignore[arg-type]
    context.add_cookies([{"name": "session", "value": served.token, "url": served.address}])
    return context.new_page()


def _ask_next(page: Page) -> None:
    page.goto("/work")
    page.keyboard.press("Enter")


def _ready_ms(page: Page) -> float:
    page.wait_for_selector("[data-state=ready]")
    ready: float = page.evaluate("performance.getEntriesByName('viewer-ready')[0].startTime")
    return ready


def _check(page: Page, load: MetreBox) -> None:
    """The load that was added is red in the difference."""
    page.keyboard.press("0")
    page.keyboard.press("5")
    page.wait_for_timeout(500)  # the difference comes when it is asked for
    x, z = (load.x0 + load.x1) / 2, (load.z0 + load.z1) / 2
    at = f"{_VIEWER}.panes[0].toScreen({x}, {z}).map(Math.round)"
    red, _, blue, _ = page.evaluate(f"{_VIEWER}.paint(), {_VIEWER}.pixels(...{at}, 1, 1)")
    if red < blue + 50:
        raise AssertionError(f"the load at {x:.1f} m, {z:.1f} m is not red but {red}, {blue}")


def _renderer(browser: Browser) -> str:
    context = browser.new_context()
    name: Any = context.new_page().evaluate(
        "(() => { const gl = document.createElement('canvas').getContext('webgl2');"
        "return gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info').UNMASKED_RENDERER_WEBGL); })()"
    )
    context.close()
    return json.dumps(str(name))[1:-1]


def _row(what: str, times: list[float]) -> Row:
    return {
        "what": what, "median": statistics.median(times), "best": min(times), "worst": max(times),
        "95 % below": float(np.quantile(times, 0.95)), "n": len(times),
    }  # fmt: skip


if __name__ == "__main__":
    main()
