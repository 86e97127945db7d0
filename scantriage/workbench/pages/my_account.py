"""What everybody may see and change of their own account: the language, the password, where they are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from scantriage.store import accounts, audit, sessions
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here
from scantriage.workbench.language import languages
from scantriage.workbench.render import page

router = APIRouter(prefix="/account")
Who = Annotated[SignedIn, Depends(signed_in())]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session of this account; id: of its token the SHA-256, which gives nobody access."""

    id: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One's own account. has_password: it signs in here, not at a provider."""

    has_password: bool
    second_factor: bool
    sessions: tuple[OpenSession, ...]


@router.get("")
def show_my_account(request: Request, here: Here, who: Who) -> Response:
    """My account, and where I am signed in."""
    with here.database.reading() as connection:
        account = accounts.account_numbered(connection, who.account_id)
        found = sessions.open_sessions(connection, who.account_id, at=here.clock())
    if account is None:
        raise HTTPException(404)
    mine = tuple(
        OpenSession(one.token_sha256, one.created_at, one.seen_at, one.token_sha256 == who.session) for one in found
    )
    return page(request, "my_account.html", AccountPage(account.password_hash is not None, account.enrolled, mine), who)


@router.post("/language")
def choose_language(here: Here, who: Who, language: Annotated[str, Form(max_length=20)]) -> Response:
    """Read in another language from now on."""
    if language not in languages():
        raise HTTPException(422)
    with here.database.writing() as connection:
        accounts.set_language(connection, who.account_id, language)
    return RedirectResponse("/account", 303)


@router.post("/sessions/end")
def end_session(here: Here, who: Who, session: Annotated[str, Form(max_length=64)]) -> Response:
    """End one of my sessions."""
    with here.database.writing() as connection:
        if not sessions.revoke_session(connection, who.account_id, session, at=here.clock()):
            raise HTTPException(404)
        audit.append(connection, actor=audit.actor_of(who.account_id), kind="session_revoked", at=here.clock())
    return RedirectResponse("/account", 303)


@router.post("/sessions/end-others")
def end_other_sessions(here: Here, who: Who) -> Response:
    """End all of my sessions but this one."""
    with here.database.writing() as connection:
        n_ended = sessions.revoke_all(connection, who.account_id, at=here.clock(), keep=who.session)
        actor, facts = audit.actor_of(who.account_id), {"n": n_ended}
        audit.append(connection, actor=actor, kind="sessions_revoked", at=here.clock(), facts=facts)
    return RedirectResponse("/account", 303)
