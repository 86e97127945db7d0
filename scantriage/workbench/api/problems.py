"""Errors of the API as RFC 9457 has them: application/problem+json."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

from scantriage.errors import ActRefused
from scantriage.workbench.access.signed_in import TooMany

_MEDIA_TYPE = "application/problem+json"
_BEFORE_ANY_ROUTE = (403, 413)  # from another site's page, or too long: `security` refuses these, in a plain sentence


class Wrong(BaseModel):
    """A part of the request that is not as it should be."""

    where: list[str]
    what: str


class Problem(BaseModel):
    """Why a request was not answered."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    wrong: list[Wrong] = []


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers with these statuses, for the OpenAPI description of a route, and those given before any route."""
    problem = {_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    contents = dict.fromkeys(statuses, problem)
    for status in _BEFORE_ANY_ROUTE:
        contents[status] = contents.get(status, {}) | {"text/plain": {"schema": {"type": "string"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} for status, content in contents.items()
    }


def install(api: FastAPI) -> None:
    """Let every error of the API end in a problem."""
    api.add_exception_handler(StarletteHTTPException, _http)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(ActRefused, _refused)
    api.add_exception_handler(TooMany, _too_many)
    api.add_exception_handler(Exception, _fault)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException | StarletteHTTPException)  # noqa: S101  (it is called for nothing else)
    return _problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (see above)
    wrong = [Wrong(where=[str(part) for part in one["loc"]], what=str(one["msg"])) for one in error.errors()]
    return _problem(422, "The request is not as described.", wrong)


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ActRefused)  # noqa: S101  (see above)
    return _problem(422, error.sentence)


def _too_many(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooMany)  # noqa: S101  (see above)
    return _problem(429, "Too many requests.", headers={"Retry-After": str(math.ceil(error.wait_s))})


def _fault(_request: Request, _error: Exception) -> JSONResponse:
    return _problem(500, "Something went wrong on our side. It was written down.")


def _problem(
    status: int, detail: str, wrong: list[Wrong] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, wrong=wrong or [])
    return JSONResponse(problem.model_dump(), status, headers=headers, media_type=_MEDIA_TYPE)
