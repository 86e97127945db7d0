"""Runs jobs in supervised worker processes: a job may crash, hang or eat memory, and nothing is lost.

Each worker is a fresh (spawned) process with one arithmetic thread, a memory limit and a deadline per item. A worker
that dies or is late is replaced, its item tried once more and then reported as failed; the others go on.
A process pool of the standard library loses nine of ten items when one worker is killed.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from scantriage.errors import says_disk_full

Item = TypeVar("Item")
Result = TypeVar("Result")

_TRIES = 2
_START_S = 60.0  # to import everything a job needs; 5 s on an idle machine
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h of the GNU C library
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Failure:
    """An item without a result, for a fault of ours.

    cause: ``crashed`` (the worker died), ``late`` (it passed the deadline), ``raised`` (the job raised).
    what: the rest of a sentence that begins with the item. details: the traceback, for the log. disk_full: nothing
    more can be written.
    """

    cause: Literal["crashed", "late", "raised"]
    what: str
    details: str = ""
    disk_full: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """Worker processes of this machine.

    memory_bytes: address space of a worker. deadline_s: wall-clock seconds for one item. printed: a file for
    what the workers' libraries print, which would spoil a progress bar.
    """

    n_workers: int
    memory_bytes: int
    deadline_s: float
    printed: Path | None = None

    def __post_init__(self) -> None:
        if self.n_workers < 1:
            raise ValueError(f"n_workers must be at least 1, got {self.n_workers}")

    def run(
        self, job: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[tuple[Item, Result | Failure], None, None]:
        """Do the job on every item, and give each item with its result as they come.

        job: a function of a module, so that it can be named to another process. items: picklable, and taken only
        when a worker is free. Stopping early (an exception, Ctrl-C, closing the iterator) ends all workers.
        """
        crew: _Crew[Item, Result] = _Crew(self, job, iter(items))
        try:
            yield from crew.results()
        finally:
            crew.stop()


class _Started:
    """A worker's first word: from now on its deadline counts."""


@dataclass(slots=True)
class _Task(Generic[Item]):
    item: Item
    n_tries: int = 0


class _Worker:
    """A process and the pipe to it."""

    def __init__(self, job: Callable[[Any], Any], engine: Engine) -> None:
        self.pipe, far_end = _SPAWN.Pipe()
        arguments = (far_end, engine.memory_bytes, engine.printed)
        self.process: BaseProcess = _SPAWN.Process(target=_work, args=arguments, daemon=True)
        with _one_thread():
            self.process.start()
        far_end.close()
        self.send(job)

    def send(self, thing: object) -> None:
        with suppress(OSError):  # a process that is gone shows when its answer is waited for
            self.pipe.send(thing)

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.process.close()


@dataclass(frozen=True, slots=True)
class _Busy(Generic[Item]):
    worker: _Worker
    task: _Task[Item]
    late_at: float


@dataclass(slots=True)
class _Crew(Generic[Item, Result]):
    """The workers, what waits, and what is under way."""

    engine: Engine
    job: Callable[[Item], Result]
    items: Iterator[Item]
    again: deque[_Task[Item]] = field(default_factory=deque)
    idle: list[_Worker] = field(default_factory=list)
    busy: list[_Busy[Item]] = field(default_factory=list)

    def results(self) -> Iterator[tuple[Item, Result | Failure]]:
        while self._hand_out():
            for busy in self._ready():
                for ended in self._collect(busy):
                    self._hand_out()  # first: whoever takes the result may be slow with it
                    yield busy.task.item, ended

    def stop(self) -> None:
        for worker in [*self.idle, *(busy.worker for busy in self.busy)]:
            worker.stop()

    def _hand_out(self) -> bool:
        """Give every free worker something to do; False when all is done."""
        while len(self.busy) < self.engine.n_workers and (task := self._next_task()) is not None:
            late_at = time.monotonic() + self.engine.deadline_s
            if self.idle:
                worker = self.idle.pop()
            else:
                worker, late_at = _Worker(self.job, self.engine), late_at + _START_S
            task.n_tries += 1
            self.busy.append(_Busy(worker, task, late_at))
            worker.send(task.item)
        return bool(self.busy)

    def _next_task(self) -> _Task[Item] | None:
        if self.again:
            return self.again.popleft()
        for item in self.items:
            return _Task(item)
        return None

    def _ready(self) -> list[_Busy[Item]]:
        """Wait until workers have something to say, died (their pipe is ready, too) or are late."""
        timeout_s = min(busy.late_at for busy in self.busy) - time.monotonic()
        ready = wait([busy.worker.pipe for busy in self.busy], max(0.0, timeout_s))
        now = time.monotonic()
        return [busy for busy in self.busy if busy.worker.pipe in ready or busy.late_at <= now]

    def _collect(self, busy: _Busy[Item]) -> tuple[Result | Failure, ...]:
        """The item's result, or its failure; nothing where there is none yet, or it is tried again."""
        ended = self._answer(busy)
        self.busy.remove(busy)
        if isinstance(ended, _Started):
            self.busy.append(replace(busy, late_at=time.monotonic() + self.engine.deadline_s))
            return ()
        if not (isinstance(ended, Failure) and ended.cause in ("crashed", "late")):
            self.idle.append(busy.worker)
            return (ended,)
        busy.worker.stop()
        if busy.task.n_tries < _TRIES:
            self.again.append(busy.task)
            return ()
        return (ended,)

    def _answer(self, busy: _Busy[Item]) -> Result | Failure | _Started:
        pipe, process = busy.worker.pipe, busy.worker.process
        if not pipe.poll():
            return Failure("late", f"took longer than {self.engine.deadline_s:g} s and was stopped")
        try:
            answer: Result | Failure | _Started = pipe.recv()
        except (EOFError, OSError):
            process.join(timeout=5)
            code = process.exitcode or 0
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return Failure("crashed", f"ended unexpectedly ({how})")
        return answer


def _work(pipe: Connection[Any, Any], memory_bytes: int, printed: Path | None) -> None:
    """A worker's life: one job, item after item, until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the main process, which ends us
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if printed is not None:
        _print_to(printed)
    with suppress(EOFError, BrokenPipeError):
        job = pipe.recv()  # imports the job's module: after the limits, so that its libraries obey them
        settle()
        pipe.send(_Started())
        while True:
            pipe.send(_attempt(job, pipe.recv()))


def _die_with_parent() -> None:
    """Where the system can, end at once when the main process is killed: nothing is written behind the next run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _print_to(path: Path) -> None:
    """Send what this process and its C libraries print to the end of a file."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _attempt(job: Callable[[Item], Result], item: Item) -> Result | Failure:
    try:
        return job(item)
    except Exception as error:
        kind = "not enough memory" if isinstance(error, MemoryError) else type(error).__name__
        return Failure("raised", f"failed ({kind})", traceback.format_exc(), disk_full=says_disk_full(error))


def settle() -> None:
    """Compute in one thread from now on and, where the C library can, let no freed memory go back to the system.

    Arrays of 20 MB come and go with every step, and to get each from the system anew, page by page, took a quarter of
    the time of a pair on a virtual machine. The same steps on the next pair fit into what the first one freed.
    """
    import cv2

    cv2.setNumThreads(1)
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_M_MMAP_MAX, 0)
        tune(_M_TRIM_THRESHOLD, 2**31 - 1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started inside use one arithmetic thread each: one worker per core, and no pools that fight."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
