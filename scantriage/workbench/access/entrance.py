"""The steps at the door: a name and password, a second factor, a new password. Each is written into the trail."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from scantriage.errors import ActRefused
from scantriage.store import accounts, audit, sessions
from scantriage.store.accounts import Account
from scantriage.workbench.access.passwords import check_password
from scantriage.workbench.access.second_factor import step_of
from scantriage.workbench.access.signed_in import Entering, TooMany
from scantriage.workbench.context import Workbench


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever stands at the door: the address they come from, and the session they had, if any."""

    address: str
    old_token: str | None


def knock(here: Workbench, request: Request) -> None:
    """Count an attempt from this address. Raises TooMany when there were too many."""
    wait_s = here.limits.at_the_door.take(_address(request))
    if wait_s:
        raise TooMany(wait_s)


def visitor(request: Request, old_token: str | None) -> Visitor:
    """Who stands at the door."""
    return Visitor(_address(request), old_token)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def try_password(here: Workbench, who: Visitor, *, name: str, password: str) -> str | None:
    """The token of a new session, or None: an unknown name, a wrong password and a locked account look the same."""

    def find() -> Account | None:
        with here.database.reading() as connection:
            return accounts.account_named(connection, name)

    account = await run_in_threadpool(find)
    fits = await here.passwords.fits(password, account.password_hash if account else None)
    return await run_in_threadpool(_conclude, here, who, account, fits=fits)


def _conclude(here: Workbench, who: Visitor, account: Account | None, *, fits: bool) -> str | None:
    at = here.clock()
    with here.database.writing() as connection:
        # looked at again: many tries may have been under way at once
        account = accounts.account_numbered(connection, account.id) if account else None
        if account is not None and fits and account.may_enter(at):
            return begin(connection, here, who, account, second_factor=False, by="password")
        actor = audit.actor_of(account.id) if account else "nobody"
        audit.append(connection, actor=actor, kind="sign_in_failed", at=at, facts={"address": who.address})
        if account is not None and account.may_enter(at):  # while it is locked nothing makes that longer
            _count_failure(connection, here, account)
    return None


def begin(
    connection: Connection, here: Workbench, who: Visitor, account: Account, *, second_factor: bool, by: str
) -> str:
    """Begin a session in place of the one this browser had; its token."""
    at = here.clock()
    old = sessions.live_session(connection, who.old_token, at=at) if who.old_token else None
    if old is not None:
        sessions.revoke_session(connection, old.account_id, old.token_sha256, at=at)
    if account.role not in accounts.NEED_SECOND_FACTOR or second_factor:
        accounts.note_success(connection, account.id)
    facts = {"by": by, "address": who.address}
    audit.append(connection, actor=audit.actor_of(account.id), kind="signed_in", at=at, facts=facts)
    return sessions.begin_session(connection, account.id, at=at, second_factor=second_factor)


def try_code(here: Workbench, entering: Entering, code: str) -> str | None:
    """The token of a session with its second factor done, or None: a wrong code, a used one, a locked account.

    The first right code confirms a second factor that was just set up.
    """
    at = here.clock()
    with here.database.writing() as connection:
        account = accounts.account_numbered(connection, entering.account.id)
        if account is None or account.totp_secret is None or not account.may_enter(at):
            return None
        actor = audit.actor_of(account.id)
        step = step_of(account.totp_secret, code, at=at)
        if step is None or not accounts.use_step(connection, account.id, step):
            audit.append(connection, actor=actor, kind="second_factor_failed", at=at)
            if _count_failure(connection, here, account):
                sessions.revoke_session(connection, account.id, entering.session.token_sha256, at=at)
            return None
        accounts.note_success(connection, account.id)
        kind = "second_factor_given" if account.enrolled else "second_factor_enrolled"
        audit.append(connection, actor=actor, kind=kind, at=at)
        return sessions.rotate_session(connection, entering.session, at=at, second_factor=True)


def _count_failure(connection: Connection, here: Workbench, account: Account) -> bool:
    until = accounts.note_failure(connection, account, at=here.clock())
    if until is not None:
        actor, facts = audit.actor_of(account.id), {"until": until.isoformat()}
        audit.append(connection, actor=actor, kind="account_locked", at=here.clock(), facts=facts)
    return until is not None


async def change_password(here: Workbench, entering: Entering, *, old: str, new: str) -> str:
    """Keep a new password, end all other sessions, and give the token of the one that goes on.

    Raises ActRefused, in one sentence, for a wrong old password or a new one that is not good enough.
    """
    account = entering.account
    if account.password_hash is None:
        raise ActRefused("This account signs in elsewhere and has no password here.")
    check_password(new, name=account.name)
    if not await here.passwords.fits(old, account.password_hash):
        await run_in_threadpool(_wrong_old_password, here, entering)
        raise ActRefused("The old password is wrong.")
    if new == old:
        raise ActRefused("The new password is the old one.")
    password_hash = await here.passwords.hashed(new)
    return await run_in_threadpool(_keep_password, here, entering, password_hash)


def _wrong_old_password(here: Workbench, entering: Entering) -> None:
    account, at = entering.account, here.clock()
    with here.database.writing() as connection:
        if _count_failure(connection, here, account):  # somebody else sits at this desk
            sessions.revoke_all(connection, account.id, at=at)


def _keep_password(here: Workbench, entering: Entering, password_hash: str) -> str:
    account, at = entering.account, here.clock()
    with here.database.writing() as connection:
        accounts.set_password(connection, account.id, password_hash, must_change=False)
        sessions.revoke_all(connection, account.id, at=at)
        audit.append(connection, actor=audit.actor_of(account.id), kind="password_changed", at=at)
        second_factor = entering.session.second_factor_at is not None
        return sessions.rotate_session(connection, entering.session, at=at, second_factor=second_factor)
