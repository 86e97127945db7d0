"""Referrals and outcomes: for programs of partners, who see their own, and of those who oversee, who see all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Query, Response, Security
from sqlalchemy import Connection

from scantriage.store import audit, inspections, referrals
from scantriage.store.inspections import Outcome
from scantriage.store.referrals import Referral
from scantriage.workbench.api.bearer import Holder, holder
from scantriage.workbench.api.models import Entered, OutcomeIn, ReferralOut, ReferralPart
from scantriage.workbench.api.problems import described
from scantriage.workbench.context import Here
from scantriage.workbench.package_file import package_answer

router = APIRouter()
Reader = Annotated[Holder, Security(holder, scopes=["referrals:read"])]
ReferralId = Annotated[str, Path(pattern=r"^[0-9a-z]{1,40}$")]


@router.get("/referrals", responses=described(401, 403, 422, 429))
def read_referrals(
    here: Here, who: Reader, cursor: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReferralPart:  # fmt: skip
    """The referrals, latest first; a partner's own only, and one without sites has none."""
    with here.database.writing() as connection:
        found = referrals.listed(connection, places=_places(who), offset=cursor, limit=limit + 1)
        facts = {"containers": [one.container_id for one in found[:limit]]}
        audit.append(connection, actor=who.actor, kind="referrals_viewed", at=here.clock(), facts=facts)
    return ReferralPart(
        referrals=[ReferralOut.of(one) for one in found[:limit]],
        cursor=cursor + limit if len(found) > limit else None,
    )


@router.get("/referrals/{referral_id}", responses=described(401, 403, 404, 422, 429))
def read_referral(here: Here, who: Reader, referral_id: ReferralId) -> ReferralOut:
    """One referral."""
    with here.database.reading() as connection:
        return ReferralOut.of(_own(connection, who, referral_id))


@router.get(
    "/referrals/{referral_id}/package",
    response_class=Response,
    responses={
        200: {
            "description": "The package",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **described(401, 403, 404, 422, 429),
    },
)
def fetch_package(here: Here, who: Reader, referral_id: ReferralId) -> Response:
    """The package of a referral; once its receiver took it, it counts as fetched."""
    with here.database.reading() as connection:
        referral = _own(connection, who, referral_id)
    if referral.state == "withdrawn":
        raise HTTPException(404, "This referral was withdrawn.")
    answer = package_answer(here, referral)
    with here.database.writing() as connection:
        if who.account.role == "partner":
            referrals.fetched(connection, referral, actor=who.actor, at=here.clock())
        else:
            audit.append(
                connection, actor=who.actor, kind="referral_viewed", at=here.clock(),
                container_id=referral.container_id, facts={"referral": referral.id},
            )  # fmt: skip
    return answer


@router.post("/outcomes", status_code=201, responses=described(400, 401, 403, 404, 422, 429))
def enter_outcome(
    here: Here, who: Annotated[Holder, Security(holder, scopes=["outcomes:write"])], given: OutcomeIn,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=64, pattern=r"^[!-~]+$")] = None,
) -> Entered:  # fmt: skip
    """Enter what an inspection found; the same key, or without one the same outcome, is entered once."""
    outcome = Outcome(**given.model_dump())
    key = f"api:{who.account.id}:{idempotency_key}" if idempotency_key else outcome.key
    with here.database.writing() as connection:
        _check_may_enter(connection, who, outcome)
        known = inspections.is_entered(connection, key)
        number = inspections.enter(connection, outcome, who.account.id, request_key=key, at=here.clock())
    return Entered(id=number, known=known)


def _places(who: Holder) -> tuple[str, ...] | None:
    """Of which receivers the account sees referrals; None: of all."""
    return who.account.sites if who.account.role == "partner" else None


def _own(connection: Connection, who: Holder, referral_id: str) -> Referral:
    """The referral, if the account may see it; another's looks as if there were none."""
    referral = referrals.find(connection, referral_id)
    places = _places(who)
    if referral is None or (places is not None and referral.place not in places):
        raise HTTPException(404, "There is no such referral.")
    return referral


def _check_may_enter(connection: Connection, who: Holder, outcome: Outcome) -> None:
    """A partner enters what became of containers referred to it, at its own sites."""
    if who.account.role != "partner":
        return
    sites = who.account.sites
    if outcome.place not in sites or not referrals.is_referred_to(connection, outcome.container_id, sites):
        raise HTTPException(404, "No such container was referred to this place.")
