"""What every answer says to the browser, and which requests are not even looked at."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BYTES = 64 * 2**20  # the photos of an inspection
_READS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",  # browsers heed it over TLS only
}


class Guard:
    """Sends `HEADERS` with every answer; refuses what another site sent and what is too long."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in _READS and _came_from_elsewhere(headers):
            refusal = PlainTextResponse("This request came from another site.", 403)
            await refusal(scope, receive, send_with_headers)
        elif _too_long(headers):
            refusal = PlainTextResponse("This is more than the workbench takes at once.", 413)
            await refusal(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)


def _came_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page sent this, also before there is a session to hold a token."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin", "null")  # null: ours, too, because of our Referrer-Policy
    return origin != "null" and urlsplit(origin).netloc != headers.get("host")


def _too_long(headers: Headers) -> bool:
    length = headers.get("content-length")
    # without a length it comes in chunks, which no browser does
    return "transfer-encoding" in headers or (length is not None and not 0 <= _number(length) <= _MOST_BYTES)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
