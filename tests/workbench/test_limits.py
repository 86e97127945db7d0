"""How often somebody may ask, and how many passwords are compared at once."""

import asyncio
import threading
import time

import pyotp
import pytest
from made_browser import QUICK

from scantriage.workbench.access.limits import Buckets
from scantriage.workbench.access.passwords import Passwords, one_time_password
from scantriage.workbench.access.second_factor import new_secret, step_of


def test_a_bucket_gives_its_burst_and_then_as_many_as_come_in():
    now = [0.0]
    buckets = Buckets(burst=3, per_second=0.5, now_s=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, pytest.approx(2)]
    assert buckets.take("b") == 0
    now[0] = 2.0
    assert [buckets.take("a"), buckets.take("a") > 0] == [0, True]
    now[0] = 1e6
    assert sum(buckets.take("a") == 0 for _ in range(10)) == 3  # what is not taken does not pile up


def test_buckets_that_are_full_again_are_thrown_away():
    now = [0.0]
    buckets = Buckets(burst=1, per_second=1, now_s=lambda: now[0])
    for n in range(25_000):
        now[0] += 0.01
        buckets.take(str(n))
    assert len(buckets._left) <= 10_000


def test_no_more_than_two_passwords_are_compared_at_once(monkeypatch):
    passwords, lock, at_once = Passwords(QUICK), threading.Lock(), []
    running = 0

    def slow(_self, _password, _hash):
        nonlocal running
        with lock:
            running += 1
            at_once.append(running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(Passwords, "_fits", slow)

    async def many():
        return await asyncio.gather(*(passwords.fits("x", "y") for _ in range(12)))

    assert all(asyncio.run(many()))
    assert max(at_once) == 2


def test_without_an_account_a_comparison_takes_as_long(monkeypatch):
    compared = []
    passwords = Passwords(QUICK)
    monkeypatch.setattr(Passwords, "_fits", lambda _self, _password, kept: compared.append(kept) or True)
    assert not asyncio.run(passwords.fits("x", None))
    assert compared[0].startswith("$argon2id$")


def test_a_damaged_hash_fits_nothing():
    assert not asyncio.run(Passwords(QUICK).fits("x", "no hash"))


def test_one_time_passwords_differ():
    assert len({one_time_password() for _ in range(100)}) == 100


def test_a_code_holds_for_its_step_and_the_two_beside_it(clock):
    secret, step = new_secret(), int(clock().timestamp()) // 30
    codes = {by: pyotp.HOTP(secret).at(step + by) for by in (-2, -1, 0, 1, 2)}
    found = {by: step_of(secret, code, at=clock()) for by, code in codes.items()}
    assert (found[-1], found[0], found[1]) == (step - 1, step, step + 1)
    if len(set(codes.values())) == 5:
        assert found[-2] is found[2] is None
    assert step_of(secret, f"{codes[0][:3]} {codes[0][3:]}", at=clock()) == step
