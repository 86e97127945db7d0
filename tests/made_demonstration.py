"""Demonstrations for tests: three days instead of sixty, a few small containers instead of thirty, no processes."""

from datetime import UTC, datetime

from made_engine import InlineEngine

from scantriage.pipeline import day_run, demo_history, demo_run, projection_run
from scantriage.pipeline.simulate_run import write_delivery
from scantriage.simulate.contents import Wish
from scantriage.simulate.pair import simulate_pair

NOW = datetime(2026, 7, 9, 14, 30, tzinfo=UTC)
TWO = (Wish("added", "doors", 90.0), Wish("clean", size_type="45R1", commodity="bananas"))


def shrink(monkeypatch, *, wishes=TWO):
    """Let demonstrations be small: these containers, in the place of deliveries that take half a minute."""

    def delivery(folder, *, seed, now, progress):  # noqa: ARG001
        pairs = (simulate_pair(n, scale=0.15, wish=wish, cut_off=0.0) for n, wish in enumerate(wishes))
        write_delivery(folder / "day", pairs)
        return [folder / "day"]

    for module in (day_run, projection_run):
        monkeypatch.setattr(module, "Engine", InlineEngine)
    monkeypatch.setattr(demo_history, "N_DAYS", 3)
    monkeypatch.setattr(demo_history, "_N_A_DAY", 10)
    monkeypatch.setattr(demo_run, "demo_delivery", delivery)


def make(root, *, seed=1, n_workers=1):
    """A demonstration as it is at ``NOW``."""
    return demo_run.make_demonstration(
        root, seed=seed, n_workers=n_workers, progress=quietly, now=NOW,
        hash_password=lambda password: f"hash of {password}",
    )  # fmt: skip


def quietly(*_args):
    """Progress that nobody looks at."""
