"""The second factor: time-based codes (RFC 6238) from an app on somebody's telephone."""

from __future__ import annotations

import secrets
from datetime import datetime
from io import BytesIO

import pyotp
import segno

_STEP_S = 30
_NEIGHBOURS = (0, -1, 1)  # telephones' clocks are off by a few seconds, and people type slowly


def new_secret() -> str:
    """A new secret of 160 random bits, in base 32."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, *, at: datetime) -> int | None:
    """The 30-second step to which this code belongs, now or one before or after; None: it is none of theirs."""
    code = "".join(code.split())
    codes = pyotp.HOTP(secret)
    now = int(at.timestamp()) // _STEP_S
    fitting = [now + by for by in _NEIGHBOURS if secrets.compare_digest(codes.at(now + by).encode(), code.encode())]
    return fitting[0] if fitting else None


def qr_picture(secret: str, name: str) -> bytes:
    """The secret as a QR code that an app can read, as SVG."""
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="scantriage")
    picture = BytesIO()
    segno.make(address, error="m").save(picture, kind="svg", scale=5, border=4, light="#fff", xmldecl=False)
    return picture.getvalue()
