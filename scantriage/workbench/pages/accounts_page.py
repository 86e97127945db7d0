"""Accounts, as an administrator sees them: who may work here, as what, and for which sites."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scantriage.errors import ActRefused
from scantriage.store import accounts, audit, sessions
from scantriage.store.accounts import ROLES, Account, Role
from scantriage.workbench.access.administer import Administration
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.render import page

router = APIRouter(prefix="/accounts")
Administrator = Annotated[SignedIn, Depends(signed_in("administrator"))]
Text = Annotated[str, Form(max_length=500)]
Act = Literal["disable", "enable", "reset_second_factor", "end_sessions"]
ACTS: tuple[Act, ...] = get_args(Act)


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in the list; state: active, locked, disabled, or new (it never signed in)."""

    account: Account
    state: str


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """All accounts, and a form for a new one, with what was typed into it when that could not be."""

    lines: tuple[AccountLine, ...]
    roles: tuple[Role, ...]
    provider: bool
    trouble: str = ""
    name: str = ""
    display_name: str = ""
    role: str = "analyst"
    sites: str = ""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One account. password: for its first sign-in, shown once. own: it is the administrator's."""

    line: AccountLine
    roles: tuple[Role, ...]
    n_sessions: int
    own: bool
    trouble: str = ""
    password: str = ""


@router.get("")
def show_accounts(request: Request, here: Here, who: Administrator) -> Response:
    """All accounts."""
    return _list(request, here, who)


@router.post("")
def make_account(
    request: Request, here: Here, who: Administrator, role: Annotated[Role, Form()], name: Text = "",
    display_name: Text = "", sites: Text = "", elsewhere: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Make an account, and show the password for its first sign-in."""
    try:
        with _administering(here, who) as act:
            made, password = act.make_account(
                name=name, display_name=display_name, role=role, sites=_codes(sites), signs_in_elsewhere=elsewhere
            )
    except ActRefused as refusal:
        return _list(request, here, who, refusal.sentence, name, display_name, role, sites)
    return _one(request, here, who, made, password=password)


@router.get("/{account_id}")
def show_account(request: Request, here: Here, who: Administrator, account_id: int) -> Response:
    """One account."""
    return _one(request, here, who, account_id)


@router.post("/{account_id}")
def change_account(
    request: Request, here: Here, who: Administrator, account_id: int, role: Annotated[Role, Form()],
    display_name: Text = "", sites: Text = "",
) -> Response:  # fmt: skip
    """Set the name to show, the role and the sites."""
    try:
        with _administering(here, who) as act:
            act.change(_found(act, account_id), display_name=display_name, role=role, sites=_codes(sites))
    except ActRefused as refusal:
        return _one(request, here, who, account_id, trouble=refusal.sentence)
    return RedirectResponse(f"/accounts/{account_id}", 303)


@router.post("/{account_id}/reset-password")
def reset_password(request: Request, here: Here, who: Administrator, account_id: int) -> Response:
    """Make a password for one sign-in, and show it."""
    try:
        with _administering(here, who) as act:
            password = act.reset_password(_found(act, account_id))
    except ActRefused as refusal:
        return _one(request, here, who, account_id, trouble=refusal.sentence)
    return _one(request, here, who, account_id, password=password)


@router.post("/{account_id}/act")
def act_on_account(
    request: Request, here: Here, who: Administrator, account_id: int, what: Annotated[Act, Form()]
) -> Response:
    """Disable or enable it, forget its second factor, or end its sessions."""
    try:
        with _administering(here, who) as act:
            getattr(act, what)(_found(act, account_id))
    except ActRefused as refusal:
        return _one(request, here, who, account_id, trouble=refusal.sentence)
    return RedirectResponse(f"/accounts/{account_id}", 303)


@contextmanager
def _administering(here: Workbench, who: SignedIn) -> Iterator[Administration]:
    with here.database.writing() as connection:
        actor = audit.actor_of(who.account_id)
        yield Administration(connection, here.passwords, here.clock(), actor, own_id=who.account_id)


def _found(act: Administration, account_id: int) -> Account:
    account = accounts.account_numbered(act.connection, account_id)
    if account is None:
        raise HTTPException(404)
    return account


def _codes(text: str) -> list[str]:
    return [code.upper() for code in re.split(r"[\s,;]+", text) if code]


def _list(
    request: Request, here: Workbench, who: SignedIn, trouble: str = "", name: str = "", display_name: str = "",
    role: str = "analyst", sites: str = "",
) -> HTMLResponse:  # fmt: skip
    with here.database.reading() as connection:
        lines = tuple(_line(here, account) for account in accounts.all_accounts(connection))
    context = AccountsPage(lines, ROLES, here.provider is not None, trouble, name, display_name, role, sites)
    return page(request, "accounts.html", context, who, status=422 if trouble else 200)


def _one(
    request: Request, here: Workbench, who: SignedIn, account_id: int, *, trouble: str = "", password: str = ""
) -> HTMLResponse:
    with here.database.reading() as connection:
        account = accounts.account_numbered(connection, account_id)
        n_sessions = len(sessions.open_sessions(connection, account_id, at=here.clock()))
    if account is None:
        raise HTTPException(404)
    context = AccountPage(_line(here, account), ROLES, n_sessions, account_id == who.account_id, trouble, password)
    return page(request, "account.html", context, who, status=422 if trouble else 200)


def _line(here: Workbench, account: Account) -> AccountLine:
    if account.disabled_at is not None:
        return AccountLine(account, "disabled")
    if not account.may_enter(here.clock()):
        return AccountLine(account, "locked")
    return AccountLine(account, "new" if account.must_change else "active")
