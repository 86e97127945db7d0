"""Passwords: which are good enough, and their argon2id hashes, a few at a time."""

from __future__ import annotations

import secrets

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from scantriage.errors import ActRefused

_SHORTEST, _LONGEST = 12, 200
_AT_ONCE = 2  # one hash takes 64 MiB and a core for 50 ms: many people at the door must not stop those inside
_FEWEST_CHARACTERS = 5  # aaaaaaaaaaaa is long, and no password


class Passwords:
    """Makes and compares hashes with argon2id, never more than two at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Hash with this hasher; argon2's own defaults (RFC 9106, low memory) unless given."""
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())
        self._limiter = CapacityLimiter(_AT_ONCE)

    def hash(self, password: str) -> str:
        """The hash to keep."""
        return self._hasher.hash(password)

    async def hashed(self, password: str) -> str:
        """The hash to keep, made aside so that other requests go on."""
        return await to_thread.run_sync(self.hash, password, limiter=self._limiter)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password of this hash; without a hash the answer is no, and takes as long."""
        fits = await to_thread.run_sync(self._fits, password, password_hash or self._nobodys, limiter=self._limiter)
        return fits and password_hash is not None

    def _fits(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def one_time_password() -> str:
    """A password to hand over once: 96 random bits in groups that can be read aloud."""
    digits = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that looks like another
    return "-".join("".join(secrets.choice(digits) for _ in range(5)) for _ in range(4))


def check_password(password: str, *, name: str) -> None:
    """Raise ActRefused, in one sentence, for a password that is too short, too plain, or like the name."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise ActRefused("A password has 12 to 200 characters.")
    if name.lower() in password.lower() or password.lower() in name.lower():
        raise ActRefused("A password does not contain the name of the account.")
    if len(set(password)) < _FEWEST_CHARACTERS:
        raise ActRefused("A password has at least 5 different characters.")
