"""The API as an application of its own, which the workbench mounts."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from scantriage import __version__
from scantriage.workbench.api import container_routes, problems, referral_routes
from scantriage.workbench.api.problems import Problem, Wrong
from scantriage.workbench.context import Workbench


def create_api(here: Workbench, prefix: str) -> FastAPI:
    """The API of this workbench, to be mounted below ``prefix``; its description is at ``openapi.json``."""
    api = FastAPI(
        title="scantriage", version=__version__, docs_url=None, redoc_url=None,
        description="Queue, containers, decisions, outcomes, referrals and figures, as far as a token's scopes go.",
    )  # fmt: skip
    api.state.workbench = here
    problems.install(api)
    for router in (container_routes.router, referral_routes.router):
        api.include_router(router)

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            described = get_openapi(
                title=api.title, version=api.version, description=api.description, routes=api.routes
            )
            described["servers"] = [{"url": prefix}]
            for model in (Problem, Wrong):
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schema.pop("$defs", None)
                described["components"]["schemas"][model.__name__] = schema
            api.openapi_schema = described
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return api
