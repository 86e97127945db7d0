"""Run as a program: triage with a job that takes its time, to be interrupted. Arguments: delivery, workspace, marks."""

import functools
import os
import signal
import sys
import time
from pathlib import Path

from scantriage import cli
from scantriage.pipeline import day_run
from scantriage.scan.finding import Reading


def slow_job(task):
    """Leave a mark with the worker's number, then be slow for all containers but the first."""
    marks = Path(os.environ["MARKS"])
    first = not list(marks.iterdir())
    (marks / f"{task.key.container_id}-{os.getpid()}").touch()
    time.sleep(0 if first else 30)
    return Reading("single", blind_fraction=0.1, stage_ms={"decode": 1.0})


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts tests in the background ignores it
    delivery, workspace = sys.argv[1:]
    day_run.triage = functools.partial(day_run.triage, job=slow_job)
    sys.argv = ["scantriage", "triage", delivery, "--workspace", workspace, "--workers", "1"]
    cli.main()
