from datetime import UTC, datetime

import pytest

from benchmarks.detection_tables import RankedTrial
from benchmarks.simulated_day import Order, read_order
from scantriage.rank.priority import rank


@pytest.fixture(scope="session")
def ranked():
    """A day of two small pairs, ranked."""
    trials = [trial for seed in (1, 3) for trial in read_order(Order(seed, scale=0.2, split="train"))]
    of_case = {id(trial.case): trial for trial in trials}
    now = datetime(2026, 12, 1, tzinfo=UTC)
    return [RankedTrial(of_case[id(one.case)], one) for one in rank([t.case for t in trials], now=now)]
