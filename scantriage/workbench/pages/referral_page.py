"""What leaves, as the supervisor sees it: every referral, how far it got, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from scantriage.errors import ActRefused
from scantriage.store import audit, referrals, sites
from scantriage.store.accounts import account_numbered
from scantriage.store.decisions import Decision, decision_numbered
from scantriage.store.referrals import Referral
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.package_file import package_answer
from scantriage.workbench.render import page

router = APIRouter(prefix="/referrals")
Overseer = Annotated[SignedIn, Depends(signed_in("supervisor", "auditor"))]
Supervisor = Annotated[SignedIn, Depends(signed_in("supervisor"))]

_ROWS = 50


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """One referral, the decision behind it, who gave that, and how its receiver gets it.

    pushed: whether its receiver is sent to; else it fetches. may_retry, may_withdraw: what a supervisor can do.
    """

    referral: Referral
    decision: Decision
    decided_by: str
    receiver: str
    pushed: bool

    @property
    def may_retry(self) -> bool:
        """Whether there is something to send again."""
        waits = self.referral.state == "waiting" and self.referral.last_error is not None
        return waits or self.referral.state == "failed" or self.notice_failed

    @property
    def may_withdraw(self) -> bool:
        """Whether it is not withdrawn yet."""
        return self.referral.state != "withdrawn"

    @property
    def notice_failed(self) -> bool:
        """Whether the receiver could not be told that it is withdrawn."""
        return self.referral.state == "withdrawn" and self.referral.last_error is not None


@dataclass(frozen=True, slots=True)
class ReferralsPage:
    """The latest referrals first, those of one state or all, and how many there are of each.

    newer_link, older_link: of the parts before and behind this one. trouble: why the last act was refused.
    """

    lines: tuple[ReferralLine, ...]
    counts: dict[str, int]
    state: str
    newer_link: str | None
    older_link: str | None
    trouble: str = ""


@router.get("")
def show_referrals(
    request: Request, here: Here, who: Overseer, state: Annotated[str, Query(max_length=20)] = "",
    start: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> HTMLResponse:  # fmt: skip
    """A part of the list."""
    return page(request, "referrals.html", _page(here, who, state, start), who)


@router.get("/{referral_id}/package")
def package(here: Here, who: Overseer, referral_id: str) -> Response:
    """The package as its receiver gets it; looking at it does not count as fetching it."""
    with here.database.writing() as connection:
        referral = _found(connection, referral_id)
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="referral_viewed", at=here.clock(),
            container_id=referral.container_id, facts={"referral": referral.id},
        )  # fmt: skip
    return package_answer(here, referral)


@router.post("/{referral_id}/retry")
def retry(request: Request, here: Here, who: Supervisor, referral_id: str) -> Response:
    """Send it, or the notice that it is withdrawn, at once."""
    try:
        with here.database.writing() as connection:
            referrals.retry(connection, referral_id, actor=audit.actor_of(who.account_id), at=here.clock())
    except ActRefused as refused:
        return _refused(request, here, who, refused)
    return RedirectResponse("/referrals", status_code=303)


@router.post("/{referral_id}/withdraw")
def withdraw(
    request: Request, here: Here, who: Supervisor, referral_id: str, reason: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Withdraw it although its decision stands, and tell its receiver."""
    try:
        with here.database.writing() as connection:
            actor = audit.actor_of(who.account_id)
            referrals.withdraw(connection, referral_id, actor=actor, reason=reason, at=here.clock())
    except ActRefused as refused:
        return _refused(request, here, who, refused)
    return RedirectResponse("/referrals", status_code=303)


def _refused(request: Request, here: Workbench, who: SignedIn, refused: ActRefused) -> HTMLResponse:
    return page(request, "referrals.html", _page(here, who, "", 0, trouble=refused.sentence), who, status=409)


def _page(here: Workbench, who: SignedIn, state: str, start: int, *, trouble: str = "") -> ReferralsPage:
    with here.database.writing() as connection:
        found = referrals.listed(connection, state=state or None, offset=start, limit=_ROWS + 1)
        lines = tuple(_line(connection, referral) for referral in found[:_ROWS])
        counts = referrals.counts(connection)
        facts = {"state": state, "start": start, "containers": [line.referral.container_id for line in lines]}
        actor = audit.actor_of(who.account_id)
        audit.append(connection, actor=actor, kind="referrals_viewed", at=here.clock(), facts=facts)
    return ReferralsPage(
        lines, counts, state,
        newer_link=_link(state, max(0, start - _ROWS)) if start else None,
        older_link=_link(state, start + _ROWS) if len(found) > _ROWS else None,
        trouble=trouble,
    )  # fmt: skip


def _link(state: str, start: int) -> str:
    return "/referrals?" + urlencode({"state": state, "start": start})


def _line(connection: Connection, referral: Referral) -> ReferralLine:
    decision = decision_numbered(connection, referral.decision_id)
    assert decision is not None  # noqa: S101  (a foreign key)
    account = account_numbered(connection, decision.account_id)
    site = sites.site_of(connection, referral.place)
    return ReferralLine(
        referral, decision, account.display_name if account else "", site.name if site else "",
        pushed=site is not None and site.push_to is not None,
    )  # fmt: skip


def _found(connection: Connection, referral_id: str) -> Referral:
    referral = referrals.find(connection, referral_id)
    if referral is None:
        raise HTTPException(404)
    return referral
