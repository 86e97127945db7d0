"""Who asks: what every route depends on, so that none is open by mistake."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from scantriage.store import accounts, audit, sessions
from scantriage.store.accounts import NEED_SECOND_FACTOR, Account
from scantriage.store.accounts import Role as Role
from scantriage.store.sessions import Session
from scantriage.workbench.access.cookie import session_token
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.language import N_

Stage = Literal["second_factor", "change_password", "enrol", "in"]
_FORGED = N_("This form is no longer valid. Go back, load the page again and send it once more.")
_READS = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who proved who they are; sites: UN/LOCODEs they work for, empty for all."""

    account_id: int
    name: str
    display_name: str
    role: Role
    sites: tuple[str, ...]
    language: str | None
    csrf: str
    session: str  # SHA-256 of its token


@dataclass(frozen=True, slots=True)
class Entering:
    """Somebody with a session; `stage` says what they have still to do before they are in."""

    account: Account
    session: Session
    stage: Stage


class NotSignedIn(Exception):
    """Nobody is signed in, or not wholly; `stage` is what comes next."""

    def __init__(self, stage: Stage | None) -> None:
        super().__init__()
        self.stage = stage


class TooMany(Exception):
    """More requests than anybody makes by hand; `wait_s` until the next may come."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self.wait_s = wait_s


def stage_of(account: Account, session: Session) -> Stage:
    """What this session has still to do; a known second factor goes before all else."""
    second_factor = account.role in NEED_SECOND_FACTOR and session.second_factor_at is None
    if second_factor and account.enrolled:
        return "second_factor"
    if account.must_change:
        return "change_password"
    return "enrol" if second_factor else "in"


def signed_in(*roles: Role) -> Callable[[Request, Workbench], Awaitable[SignedIn]]:
    """A dependency: somebody who is wholly signed in and has one of these roles, or any role where none is named.

    Who is not signed in is sent to do so; another role gets 403, which is written into the trail. Every request that
    is not a mere reading must carry the session's CSRF token, as the field ``csrf`` or the header ``X-CSRF``.
    """

    async def dependency(request: Request, here: Here) -> SignedIn:
        one = await entering(request, here)
        if one.stage != "in":
            raise NotSignedIn(one.stage)
        account, session = one.account, one.session
        who = SignedIn(
            account.id, account.name, account.display_name, account.role, account.sites, account.language,
            session.csrf, session.token_sha256,
        )  # fmt: skip
        request.state.who = who  # for the page of an error
        if roles and who.role not in roles:
            await run_in_threadpool(_note_refusal, here, request, account)
            raise HTTPException(403)
        return who

    return dependency


async def entering(request: Request, here: Here) -> Entering:
    """A dependency: somebody with a session, wholly signed in or not; for the pages on the way in."""
    token = session_token(request)
    found = await run_in_threadpool(_find, here, token) if token else None
    if found is None:
        raise NotSignedIn(None)
    account, session = found
    wait_s = here.limits.inside.take(session.token_sha256)
    if wait_s:
        raise TooMany(wait_s)
    if request.method not in _READS:
        await _check_csrf(request, session)
    return Entering(account, session, stage_of(account, session))


Entrant = Annotated[Entering, Depends(entering)]


def _find(here: Workbench, token: str) -> tuple[Account, Session] | None:
    at = here.clock()
    with here.database.reading() as connection:
        session = sessions.live_session(connection, token, at=at)
        account = accounts.account_numbered(connection, session.account_id) if session else None
    if session is None or account is None or account.disabled_at is not None:
        return None
    if sessions.note_seen(session, at=at):
        with here.database.writing() as connection:
            sessions.see_session(connection, session.token_sha256, at=at)
    return account, session


async def _check_csrf(request: Request, session: Session) -> None:
    sent: object = request.headers.get("x-csrf")
    if sent is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        sent = (await request.form()).get("csrf")
    if not isinstance(sent, str) or not secrets.compare_digest(sent.encode(), session.csrf.encode()):
        raise HTTPException(403, _FORGED)


def _note_refusal(here: Workbench, request: Request, account: Account) -> None:
    facts = {"method": request.method, "path": request.url.path, "role": account.role}
    with here.database.writing() as connection:
        audit.append(connection, actor=audit.actor_of(account.id), kind="refused", at=here.clock(), facts=facts)
