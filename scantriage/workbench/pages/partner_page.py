"""What a partner sees: the referrals to its own sites, their packages, and where to say what was found."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from scantriage.errors import ActRefused, UnusableInput
from scantriage.scan.finding import Zone
from scantriage.store import audit, inspections, referrals
from scantriage.store.decisions import decision_numbered
from scantriage.store.referrals import Referral
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.language import N_
from scantriage.workbench.package_file import package_answer
from scantriage.workbench.pages.outcome_page import Photos, RequestKey, Typed, TypedHere, keep_outcome
from scantriage.workbench.render import page

router = APIRouter(prefix="/partner")
Partner = Annotated[SignedIn, Depends(signed_in("partner"))]

_ROWS = 50


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """One referral as its receiver sees it: what is asked for, not by whom. Times as RFC 3339 text in UTC.

    state: ``new``, ``fetched`` or ``withdrawn``. has_package: whether there is something to fetch.
    """

    id: str
    container_id: str
    place: str
    action: str
    decided_at: str
    state: str
    has_package: bool


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """The latest referrals first; links to the parts before and behind this one."""

    lines: tuple[PartnerLine, ...]
    newer_link: str | None
    older_link: str | None


@dataclass(frozen=True, slots=True)
class PartnerOutcomePage:
    """The form for what opening this container showed, with what was typed into it before.

    entered: whether an outcome from one of the partner's sites is kept already. request_key: of the form, so that it
    counts once.
    """

    line: PartnerLine
    entered: bool
    typed: Typed
    request_key: str
    zones: tuple[str, ...] = get_args(Zone)
    trouble: str = ""


@router.get("")
def show_referrals(
    request: Request, here: Here, who: Partner, start: Annotated[int, Query(ge=0, le=10**9)] = 0
) -> HTMLResponse:
    """The referrals to the partner's own sites; to one without sites, none."""
    with here.database.writing() as connection:
        found = referrals.listed(connection, places=who.sites, offset=start, limit=_ROWS + 1)
        lines = tuple(_line(connection, referral) for referral in found[:_ROWS])
        facts = {"start": start, "containers": [line.container_id for line in lines]}
        actor = audit.actor_of(who.account_id)
        audit.append(connection, actor=actor, kind="referrals_viewed", at=here.clock(), facts=facts)
    context = PartnerPage(
        lines,
        newer_link=f"/partner?start={max(0, start - _ROWS)}" if start else None,
        older_link=f"/partner?start={start + _ROWS}" if len(found) > _ROWS else None,
    )
    return page(request, "partner.html", context, who)


@router.get("/{referral_id}/package")
def fetch(here: Here, who: Partner, referral_id: str) -> Response:
    """The package; from now on it counts as fetched."""
    with here.database.reading() as connection:
        referral = _own(connection, who, referral_id)
    if referral.state == "withdrawn":
        raise HTTPException(404, N_("This referral was withdrawn."))
    answer = package_answer(here, referral)
    with here.database.writing() as connection:
        referrals.fetched(connection, referral, actor=audit.actor_of(who.account_id), at=here.clock())
    return answer


@router.get("/{referral_id}/outcome")
def outcome_form(request: Request, here: Here, who: Partner, referral_id: str) -> HTMLResponse:
    """The form for what opening the container showed."""
    return _form(request, here, who, referral_id, None)


@router.post("/{referral_id}/outcome")
def enter_outcome(
    request: Request, here: Here, who: Partner, referral_id: str, typed: TypedHere, request_key: RequestKey,
    photos: Photos = None,
) -> Response:  # fmt: skip
    """Keep what opening the container showed."""
    with here.database.reading() as connection:
        referral = _own(connection, who, referral_id)
    typed = replace(typed, container_id=referral.container_id)
    try:
        if typed.place.strip().upper() not in who.sites:
            raise ActRefused("An outcome is entered for one of your own sites.")
        keep_outcome(here, who, typed, request_key, photos or [])
    except (ActRefused, UnusableInput) as refused:
        return _form(request, here, who, referral_id, typed, trouble=refused.sentence)
    return RedirectResponse("/partner", status_code=303)


def _form(
    request: Request, here: Workbench, who: SignedIn, referral_id: str, typed: Typed | None, *, trouble: str = ""
) -> HTMLResponse:
    with here.database.reading() as connection:
        referral = _own(connection, who, referral_id)
        line = _line(connection, referral)
        known = inspections.inspections_of(connection, referral.container_id)
    blank = Typed(referral.container_id, place=referral.place, inspected_at=f"{here.clock():%Y-%m-%dT%H:%M}")
    entered = any(one.outcome.place in who.sites for one in known)
    context = PartnerOutcomePage(line, entered, typed or blank, secrets.token_urlsafe(16), trouble=trouble)
    return page(request, "partner_outcome.html", context, who, status=422 if trouble else 200)


def _own(connection: Connection, who: SignedIn, referral_id: str) -> Referral:
    """The referral, if it is to one of the partner's own sites; another's looks as if there were none."""
    referral = referrals.find(connection, referral_id)
    if referral is None or referral.place not in who.sites:
        raise HTTPException(404)
    return referral


def _line(connection: Connection, referral: Referral) -> PartnerLine:
    decision = decision_numbered(connection, referral.decision_id)
    assert decision is not None  # noqa: S101  (a foreign key)
    state = referral.state if referral.state in ("fetched", "withdrawn") else "new"
    has_package = referral.package is not None and state != "withdrawn"
    return PartnerLine(
        referral.id, referral.container_id, referral.place, decision.action or "", decision.decided_at, state,
        has_package,
    )  # fmt: skip
