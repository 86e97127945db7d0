"""What somebody reads when it did not work: one clear sentence, and nothing of what is inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from scantriage.workbench.access.signed_in import NotSignedIn, SignedIn, Stage, TooMany
from scantriage.workbench.language import N_
from scantriage.workbench.render import page
from scantriage.workbench.security import HEADERS

_SENTENCES = {
    400: N_("This request cannot be understood."),
    403: N_("You are not allowed to do this."),
    404: N_("There is no such page."),
    405: N_("This address cannot be used in this way."),
    409: N_("Somebody else was first. Go back and look again."),
    422: N_("Something in the form is missing or not as expected. Go back and correct it."),
    429: N_("Too many requests. Wait a moment and try again."),
    500: N_("Something went wrong on our side. It was written down; please try again."),
}
_NEXT_STEP: dict[Stage | None, str] = {
    "second_factor": "/second-factor",
    "change_password": "/change-password",
    "enrol": "/enrol",
}


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """The page of an error: its HTTP status and one sentence, English, for the reader."""

    status: int
    sentence: str


def install(app: FastAPI) -> None:
    """Let every error end in a page."""
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(TooMany, _too_many)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _fault)


def _not_signed_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotSignedIn)  # noqa: S101  (starlette calls it for nothing else)
    if request.headers.get("sec-fetch-dest", "document") != "document":  # a script or a picture, not somebody reading
        return PlainTextResponse("Sign in first.", 401)
    return RedirectResponse(_NEXT_STEP.get(error.stage, "/sign-in"), 303)


def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMany)  # noqa: S101  (see above)
    answer = _answer(request, 429, _SENTENCES[429])
    answer.headers["Retry-After"] = str(math.ceil(error.wait_s))
    return answer


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (see above)
    status = error.status_code
    has_own_sentence = error.detail != HTTPStatus(status).phrase
    answer = _answer(request, status, error.detail if has_own_sentence else _SENTENCES.get(status, _SENTENCES[400]))
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, _error: Exception) -> Response:
    return _answer(request, 422, _SENTENCES[422])


def _fault(request: Request, _error: Exception) -> Response:
    answer = _answer(request, 500, _SENTENCES[500])
    answer.headers.update(HEADERS | {"Cache-Control": "no-store"})  # made outside of what adds them elsewhere
    return answer


def _answer(request: Request, status: int, sentence: str) -> Response:
    who: SignedIn | None = getattr(request.state, "who", None)
    return page(request, "error.html", ErrorPage(status, sentence), who, status=status)
