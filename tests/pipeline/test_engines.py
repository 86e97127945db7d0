"""Jobs that crash, hang, eat memory or raise: every item ends exactly once, and the others are done."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scantriage.pipeline.engines import Engine, Failure

ENGINE = Engine(n_workers=2, memory_bytes=6 * 2**30, deadline_s=60.0)


def double(number):
    return 2 * number


def die_on_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def die_once(folder):
    mark = Path(folder) / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    return "done"


def hang_on_three(number):
    time.sleep(60 if number == 3 else 0)
    return 2 * number


def eat(n_bytes):
    return np.ones(n_bytes, np.uint8).size


def raise_on_three(number):
    return 1 // (number - 3)


def fill_the_disk(_item):
    raise OSError(28, "No space left on device")


def environment(name):
    os.write(2, b"a library says something")
    return os.environ.get(name)


def nothing(_item):
    return None


def process(_item):
    time.sleep(0.05)
    return os.getpid()


def ended(job, items, **engine):
    pairs = list(replace(ENGINE, **engine).run(job, items))
    assert sorted(str(item) for item, _ in pairs) == sorted(str(item) for item in items)
    return dict(pairs)


def test_every_item_gets_its_own_result():
    assert ended(double, range(20)) == {number: 2 * number for number in range(20)}


def test_an_item_whose_result_is_none_is_told_of_too():
    """Making an example has no result but its file; whoever watches the progress waits for it all the same."""
    assert ended(nothing, range(5)) == dict.fromkeys(range(5))


def test_jobs_run_in_other_processes_and_a_worker_is_used_again():
    processes = set(ended(process, range(6), n_workers=1).values())
    assert len(processes) == 1
    assert os.getpid() not in processes


def test_nothing_to_do_starts_nothing():
    assert list(ENGINE.run(double, [])) == []


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_killed_worker_costs_its_item_and_no_other(n_workers):
    results = ended(die_on_three, range(8), n_workers=n_workers)
    failure = results.pop(3)
    assert failure.cause == "crashed"
    assert "SIGKILL" in failure.what
    assert results == {number: 2 * number for number in range(8) if number != 3}


def test_an_item_is_tried_again_after_a_crash(tmp_path):
    assert ended(die_once, [str(tmp_path)], n_workers=1) == {str(tmp_path): "done"}


def test_an_item_past_its_deadline_is_stopped_and_the_others_go_on():
    results = ended(hang_on_three, range(6), deadline_s=2.0)
    assert results.pop(3).cause == "late"
    assert results == {number: 2 * number for number in range(6) if number != 3}


def test_an_item_that_needs_too_much_memory_fails_alone():
    results = ended(eat, [1000, 4 * 2**30, 2000], n_workers=1, memory_bytes=3 * 2**30)
    failure = results[4 * 2**30]
    assert (failure.cause, failure.what) == ("raised", "failed (not enough memory)")
    assert (results[1000], results[2000]) == (1000, 2000)


def test_a_job_that_raises_is_reported_with_its_traceback():
    results = ended(raise_on_three, [3, 4], n_workers=1)
    assert results[4] == 1
    assert results[3].what == "failed (ZeroDivisionError)"
    assert "raise_on_three" in results[3].details
    assert not results[3].disk_full


def test_a_full_disk_is_recognised():
    (failure,) = ended(fill_the_disk, [0], n_workers=1).values()
    assert isinstance(failure, Failure)
    assert failure.disk_full


def test_items_are_taken_only_when_a_worker_is_free():
    taken = []

    def items():
        for number in range(50):
            taken.append(number)
            yield number

    results = ENGINE.run(double, items())
    next(results)
    assert len(taken) <= 3
    results.close()


def test_stopping_early_ends_the_workers():
    results = ENGINE.run(process, range(50))
    _, worker = next(results)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_workers_use_one_thread_each_and_do_not_print_on_the_terminal(tmp_path, capfd):
    printed = tmp_path / "printed.log"
    (value,) = ended(environment, ["OMP_NUM_THREADS"], n_workers=1, printed=printed).values()
    assert value == "1"
    assert capfd.readouterr() == ("", "")
    assert printed.read_text() == "a library says something"


def test_less_than_one_worker_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        replace(ENGINE, n_workers=0)
