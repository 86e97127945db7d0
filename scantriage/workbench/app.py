"""The workbench as an ASGI application."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

from scantriage import __version__
from scantriage.settings import load_settings
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.workbench import error_pages, static_files
from scantriage.workbench.access.limits import Limits
from scantriage.workbench.access.oidc import Provider
from scantriage.workbench.access.passwords import Passwords
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.api.app import create_api
from scantriage.workbench.context import Workbench
from scantriage.workbench.navigation import first_page
from scantriage.workbench.pages import (
    accounts_page,
    annotation_routes,
    audit_page,
    container_page,
    decision,
    monitoring,
    my_account,
    outcome_page,
    partner_page,
    preferences_page,
    queue_page,
    referral_page,
    sign_in,
    sites_page,
    tiles,
    tokens_page,
    work_page,
)
from scantriage.workbench.referring import referring
from scantriage.workbench.sealing import sealing
from scantriage.workbench.security import Guard

_PAGES: tuple[APIRouter, ...] = (
    sign_in.router,
    my_account.router,
    container_page.router,
    annotation_routes.router,
    accounts_page.router,
    sites_page.router,
    tokens_page.router,
    preferences_page.router,
    queue_page.router,
    work_page.router,
    decision.router,
    outcome_page.router,
    monitoring.router,
    audit_page.router,
    referral_page.router,
    partner_page.router,
    tiles.router,
)
_AT_THE_PROVIDER_S = 600
_API = "/api/v1"


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    root: Path,
    *,
    clock: Callable[[], datetime] = _now,
    passwords: Passwords | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The workbench on the workspace at `root`; its database is closed when the application shuts down.

    clock: now, with a time zone. Raises WorkspaceError when the workspace or its settings cannot be used.
    """
    places = Places(root.resolve())
    settings = load_settings(places.settings)
    here = Workbench(
        places, Database(places.database), clock, settings, passwords or Passwords(), limits or Limits(),
        Provider(settings.oidc) if settings.oidc else None,
    )  # fmt: skip

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with sealing(here), referring(here):
            yield
        here.database.close()

    app = FastAPI(
        title="scantriage", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )  # fmt: skip
    app.state.workbench = here
    if here.provider is not None:  # what must be remembered while the browser is with the provider, in its own cookie
        app.add_middleware(
            SessionMiddleware, secret_key=secrets.token_urlsafe(32), session_cookie="oidc", path="/oidc",
            max_age=_AT_THE_PROVIDER_S, https_only=True,
        )  # fmt: skip
    app.add_middleware(Guard)
    error_pages.install(app)
    app.mount(_API, create_api(here, _API))
    app.mount(static_files.ADDRESS, static_files.KeptFiles())
    app.get("/", include_in_schema=False)(_arrive)
    for router in _PAGES:
        app.include_router(router, include_in_schema=False)
    return app


def _arrive(who: Annotated[SignedIn, Depends(signed_in())]) -> RedirectResponse:
    return RedirectResponse(first_page(who.role), 303)
