"""Tokens with which an account's programs use the API: made and revoked by the administrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from scantriage.errors import ActRefused
from scantriage.store import accounts, audit, tokens
from scantriage.store.accounts import Account
from scantriage.store.tokens import MAX_DAYS, SCOPES, SCOPES_OF, Scope, Token
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import page

router = APIRouter(prefix="/accounts/{account_id}/tokens")
Administrator = Annotated[SignedIn, Depends(signed_in("administrator"))]
_FOREVER = 2**53


@dataclass(frozen=True, slots=True)
class TokensPage:
    """The account's tokens, latest first. live: numbers of those that still open something.

    scopes: what a token of this account may be given. made: a new token, shown this once.
    """

    account: Account
    tokens: tuple[Token, ...]
    live: frozenset[int]
    scopes: tuple[Scope, ...]
    max_days: int = MAX_DAYS
    made: str = ""
    trouble: str = ""


@router.get("")
def show_tokens(request: Request, here: Here, who: Administrator, account_id: int) -> HTMLResponse:
    """The tokens of an account."""
    return _show(request, here, who, account_id)


@router.post("")
def make_token(
    request: Request, here: Here, who: Administrator, account_id: int,
    name: Annotated[str, Form(max_length=500)] = "", scopes: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = 0,
) -> Response:  # fmt: skip
    """Make a token, and show it this once."""
    try:
        with here.database.writing() as connection:
            account = _account(connection, account_id)
            number, made = tokens.make_token(
                connection, account, name=name, scopes=scopes or [], days=days, at=here.clock()
            )
            facts = {"account": account_id, "token": number, "scopes": sorted(scopes or []), "days": days, "name": name}
            audit.append(
                connection, actor=audit.actor_of(who.account_id), kind="token_made", at=here.clock(), facts=facts
            )
    except ActRefused as refused:
        return _show(request, here, who, account_id, trouble=refused.sentence)
    return _show(request, here, who, account_id, made=made)


@router.post("/{token_id}/revoke")
def revoke_token(here: Here, who: Administrator, account_id: int, token_id: int) -> Response:
    """End a token."""
    if max(account_id, token_id) > _FOREVER:
        raise HTTPException(404)
    with here.database.writing() as connection:
        if not tokens.revoke_token(connection, account_id, token_id, at=here.clock()):
            raise HTTPException(404)
        facts = {"account": account_id, "token": token_id}
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="token_revoked", at=here.clock(), facts=facts
        )
    return RedirectResponse(f"/accounts/{account_id}/tokens", 303)


def _show(
    request: Request, here: Workbench, who: SignedIn, account_id: int, *, made: str = "", trouble: str = ""
) -> HTMLResponse:
    with here.database.reading() as connection:
        account = _account(connection, account_id)
        found = tuple(tokens.tokens_of(connection, account_id))
    live = frozenset(one.id for one in found if one.is_live(here.clock()))
    allowed = tuple(scope for scope in SCOPES if scope in SCOPES_OF[account.role])
    context = TokensPage(account, found, live, allowed, made=made, trouble=trouble)
    return page(request, "tokens.html", context, who, status=422 if trouble else 200)


def _account(connection: Connection, account_id: int) -> Account:
    account = accounts.account_numbered(connection, account_id) if account_id <= _FOREVER else None
    if account is None:
        raise HTTPException(404)
    return account
