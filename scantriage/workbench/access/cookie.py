"""The cookie that holds the token of a session."""

from __future__ import annotations

from fastapi import Request, Response

from scantriage.settings import LOCAL

_NAME = "session"


def is_secure(request: Request) -> bool:
    """Whether cookies may travel only encrypted: always, but for plain http on this very machine."""
    return request.url.scheme == "https" or request.url.hostname not in LOCAL


def session_token(request: Request) -> str | None:
    """The token that the browser sent."""
    return request.cookies.get(_cookie_name(request))


def set_session(request: Request, response: Response, token: str) -> None:
    """Let the browser keep the token until it is closed, out of reach of scripts and of other sites' requests."""
    response.set_cookie(
        _cookie_name(request), token, path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


def forget_session(request: Request, response: Response) -> None:
    """Let the browser forget the token."""
    response.delete_cookie(_cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")


def _cookie_name(request: Request) -> str:
    # with this prefix no other host of the domain can set it, nor a page that came unencrypted (RFC 6265bis, 4.1.3.2)
    return f"__Host-{_NAME}" if is_secure(request) else _NAME
