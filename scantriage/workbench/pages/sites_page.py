"""Ports and source sites, as an administrator sees them: what each can open in a day, and where its referrals go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from scantriage.errors import ActRefused
from scantriage.store import audit, sites
from scantriage.store.sites import Site
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import page

router = APIRouter(prefix="/sites")
Administrator = Annotated[SignedIn, Depends(signed_in("administrator"))]
Text = Annotated[str, Form(max_length=500)]
_NEW = Site("", "")


@dataclass(frozen=True, slots=True)
class SitesPage:
    """All sites, and a form for one of them or a new one; openings_per_day: of a site that says nothing."""

    sites: tuple[Site, ...]
    openings_per_day: int
    edited: Site
    trouble: str = ""


@router.get("")
def show_sites(request: Request, here: Here, who: Administrator) -> Response:
    """All sites, and a form for a new one."""
    return _list(request, here, who, _NEW)


@router.get("/{code}")
def show_site(request: Request, here: Here, who: Administrator, code: str) -> Response:
    """All sites, and a form for this one."""
    with here.database.reading() as connection:
        site = sites.site_of(connection, code)
    if site is None:
        raise HTTPException(404)
    return _list(request, here, who, site)


@router.post("")
def save_site(
    request: Request, here: Here, who: Administrator, code: Text = "", name: Text = "", openings_per_day: Text = "",
    push_to: Text = "", push_secret: Text = "",
) -> Response:  # fmt: skip
    """Keep a site, new or changed; an empty secret leaves the one that is kept, unless nothing is pushed."""
    asked = Site(code.strip().upper(), name.strip(), None, push_to.strip() or None, push_secret or None)
    try:
        asked = replace(asked, openings_per_day=_whole(openings_per_day))
        with here.database.writing() as connection:
            old = sites.site_of(connection, asked.code)
            if asked.push_to is None:
                asked = replace(asked, push_secret=None)
            elif old is not None and old.push_to == asked.push_to:  # a new address must not be told the old secret
                asked = replace(asked, push_secret=asked.push_secret or old.push_secret)
            sites.save_site(connection, asked)
            facts = {"site": asked.code, "openings_per_day": asked.openings_per_day, "push_to": asked.push_to}
            _note(here, connection, who, "site_changed", facts)
    except ActRefused as refusal:
        return _list(request, here, who, asked, refusal.sentence)
    return RedirectResponse("/sites", 303)


@router.post("/{code}/remove")
def remove_site(here: Here, who: Administrator, code: str) -> Response:
    """Forget what is kept of a site."""
    with here.database.writing() as connection:
        if not sites.remove_site(connection, code):
            raise HTTPException(404)
        _note(here, connection, who, "site_removed", {"site": code})
    return RedirectResponse("/sites", 303)


def _note(here: Workbench, connection: Connection, who: SignedIn, kind: str, facts: Mapping[str, object]) -> None:
    audit.append(connection, actor=audit.actor_of(who.account_id), kind=kind, at=here.clock(), facts=facts)


def _whole(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ActRefused("Openings a day are 0 to 10000.", setting="openings_per_day")
    return int(text)


def _list(request: Request, here: Workbench, who: SignedIn, edited: Site, trouble: str = "") -> HTMLResponse:
    with here.database.reading() as connection:
        found = tuple(sites.all_sites(connection))
    context = SitesPage(found, here.settings.openings_per_day, edited, trouble)
    return page(request, "sites.html", context, who, status=422 if trouble else 200)
