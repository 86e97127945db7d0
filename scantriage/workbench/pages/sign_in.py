"""The way in: name and password or a provider, second factor, a password of one's own; and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from scantriage.errors import ActRefused
from scantriage.store import accounts, audit, sessions
from scantriage.workbench.access import entrance
from scantriage.workbench.access.cookie import forget_session, session_token, set_session
from scantriage.workbench.access.entrance import Visitor
from scantriage.workbench.access.oidc import Person, account_of
from scantriage.workbench.access.second_factor import new_secret, qr_picture
from scantriage.workbench.access.signed_in import Entrant
from scantriage.workbench.context import Here, Workbench
from scantriage.workbench.language import N_
from scantriage.workbench.render import page

router = APIRouter()
_WRONG = N_("The name or the password is wrong, or the account is locked.")
_WRONG_CODE = N_("This code is wrong or was used before. Wait for the next one.")
_NO_ACCOUNT = N_("There is no account for you here. Ask an administrator to make one.")
Text = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Name and password. trouble: one sentence. provider: whether one may sign in elsewhere instead."""

    trouble: str
    provider: bool


@dataclass(frozen=True, slots=True)
class CodePage:
    """The code of the second factor; secret: to be put into an app, where it is set up now."""

    csrf: str
    trouble: str
    secret: str


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """A new password; first: it replaces one that somebody else made."""

    csrf: str
    trouble: str
    first: bool


@router.get("/sign-in")
def show_sign_in(request: Request, here: Here) -> Response:
    """The door."""
    return page(request, "sign_in.html", SignInPage("", here.provider is not None), None)


@router.post("/sign-in")
async def sign_in(request: Request, here: Here, name: Text = "", password: Text = "") -> Response:
    """Try a name and a password."""
    entrance.knock(here, request)
    visitor = entrance.visitor(request, session_token(request))
    token = await entrance.try_password(here, visitor, name=name, password=password)
    if token is None:
        return page(request, "sign_in.html", SignInPage(_WRONG, here.provider is not None), None, status=403)
    return _onwards(request, token)


@router.get("/second-factor")
def show_second_factor(request: Request, one: Entrant) -> Response:
    """Ask for a code."""
    if one.stage != "second_factor":
        return RedirectResponse("/", 303)
    return page(request, "second_factor.html", CodePage(one.session.csrf, "", ""), None)


@router.post("/second-factor")
def give_second_factor(request: Request, here: Here, one: Entrant, code: Text = "") -> Response:
    """Try a code."""
    return _try_code(request, here, one, code, "second_factor.html")


@router.get("/enrol")
def show_enrolment(request: Request, here: Here, one: Entrant) -> Response:
    """Show a new secret, to be put into an app."""
    if one.stage != "enrol":
        return RedirectResponse("/", 303)
    secret = one.account.totp_secret
    if secret is None:
        secret = new_secret()
        with here.database.writing() as connection:
            accounts.begin_enrolment(connection, one.account.id, secret)
    return page(request, "enrol.html", CodePage(one.session.csrf, "", secret), None)


@router.get("/enrol/code.svg")
def show_qr_code(one: Entrant) -> Response:
    """The secret as a picture; only until it is confirmed."""
    if one.stage != "enrol" or one.account.totp_secret is None:
        raise HTTPException(404)
    return Response(qr_picture(one.account.totp_secret, one.account.name), media_type="image/svg+xml")


@router.post("/enrol")
def enrol(request: Request, here: Here, one: Entrant, code: Text = "") -> Response:
    """Confirm the second factor with a first code."""
    return _try_code(request, here, one, code, "enrol.html")


def _try_code(request: Request, here: Workbench, one: Entrant, code: str, template: str) -> Response:
    entrance.knock(here, request)
    if one.stage not in ("second_factor", "enrol"):
        return RedirectResponse("/", 303)
    token = entrance.try_code(here, one, code)
    if token is None:
        secret = (one.account.totp_secret or "") if one.stage == "enrol" else ""
        return page(request, template, CodePage(one.session.csrf, _WRONG_CODE, secret), None, status=403)
    return _onwards(request, token)


@router.get("/change-password")
def show_change_password(request: Request, one: Entrant) -> Response:
    """Ask for a new password."""
    if one.stage not in ("change_password", "in") or one.account.password_hash is None:
        return RedirectResponse("/", 303)
    return page(request, "change_password.html", PasswordPage(one.session.csrf, "", one.account.must_change), None)


@router.post("/change-password")
async def change_password(
    request: Request, here: Here, one: Entrant, old: Text = "", new: Text = "", again: Text = ""
) -> Response:
    """Keep a new password; all other sessions end."""
    entrance.knock(here, request)
    if one.stage not in ("change_password", "in"):
        return RedirectResponse("/", 303)
    try:
        if new != again:
            raise ActRefused("The two new passwords differ.")
        token = await entrance.change_password(here, one, old=old, new=new)
    except ActRefused as refusal:
        context = PasswordPage(one.session.csrf, refusal.sentence, one.account.must_change)
        return page(request, "change_password.html", context, None, status=422)
    return _onwards(request, token)


@router.post("/sign-out")
def sign_out(request: Request, here: Here, one: Entrant) -> Response:
    """End this session."""
    with here.database.writing() as connection:
        sessions.revoke_session(connection, one.account.id, one.session.token_sha256, at=here.clock())
        audit.append(connection, actor=audit.actor_of(one.account.id), kind="signed_out", at=here.clock())
    answer = RedirectResponse("/sign-in", 303)
    forget_session(request, answer)
    return answer


@router.get("/oidc/start")
async def go_to_provider(request: Request, here: Here) -> Response:
    """Send the browser to the provider."""
    if here.provider is None:
        raise HTTPException(404)
    entrance.knock(here, request)
    try:
        return await here.provider.begin(request, str(request.url_for("come_back_from_provider")))
    except ActRefused as refusal:
        return page(request, "sign_in.html", SignInPage(refusal.sentence, True), None, status=502)


@router.get("/oidc/return")
async def come_back_from_provider(request: Request, here: Here) -> Response:
    """Sign in whom the provider vouches for."""
    if here.provider is None:
        raise HTTPException(404)
    entrance.knock(here, request)
    try:
        person = await here.provider.end(request)
        visitor = entrance.visitor(request, session_token(request))
        token = await run_in_threadpool(_begin_for, here, visitor, person)
    except ActRefused as refusal:
        return page(request, "sign_in.html", SignInPage(refusal.sentence, True), None, status=403)
    return _onwards(request, token)


def _begin_for(here: Workbench, visitor: Visitor, person: Person) -> str:
    at = here.clock()
    with here.database.writing() as connection:
        account = account_of(connection, person)
        if account is not None and account.may_enter(at):
            return entrance.begin(connection, here, visitor, account, second_factor=person.second_factor, by="provider")
        actor = audit.actor_of(account.id) if account else "nobody"
        facts = {"address": visitor.address, "subject": person.subject}
        audit.append(connection, actor=actor, kind="sign_in_failed", at=at, facts=facts)
    raise ActRefused(_NO_ACCOUNT)


def _onwards(request: Request, token: str) -> RedirectResponse:
    """To the first page, which sends them to whatever is still to be done."""
    answer = RedirectResponse("/", 303)
    set_session(request, answer, token)
    return answer
