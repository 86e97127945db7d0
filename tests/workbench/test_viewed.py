"""A look is written into the trail once, however many tiles it takes."""

import time
from threading import Barrier, Thread

import pytest

from scantriage.workbench import viewed
from scantriage.workbench.viewed import Viewed

LOOK = ("session", "TSTU0000016")


def test_tiles_asked_for_at_once_are_one_look_and_none_comes_before_it_is_written():
    looks, together, written, seen = Viewed(), Barrier(8), [], []

    def write():
        time.sleep(0.02)
        written.append(LOOK)

    def tile():
        together.wait()
        looks.once(LOOK, write)
        seen.append(len(written))

    tiles = [Thread(target=tile) for _ in range(8)]
    for one in tiles:
        one.start()
    for one in tiles:
        one.join()
    assert seen == [1] * 8


def test_what_could_not_be_written_is_tried_again():
    looks, written = Viewed(), []
    with pytest.raises(OSError, match="disk"):
        looks.once(LOOK, lambda: (_ for _ in ()).throw(OSError("disk")))
    looks.once(LOOK, lambda: written.append(1))
    looks.once(LOOK, lambda: written.append(2))
    assert written == [1]


def test_the_oldest_looks_are_forgotten_and_written_again(monkeypatch):
    monkeypatch.setattr(viewed, "_MOST", 2)
    looks, written = Viewed(), []
    for n in (1, 2, 3, 3, 1):
        looks.once((n,), lambda n=n: written.append(n))
    assert written == [1, 2, 3, 1]
