"""Who asks the API: a bearer token with its scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from scantriage.store import audit, tokens
from scantriage.store.accounts import Account
from scantriage.workbench.access.signed_in import TooMany
from scantriage.workbench.context import Here, Workbench

_bearer = HTTPBearer(auto_error=False, description="A token that an administrator made; see its scopes.")
_UNKNOWN = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that holds a token; actor: as the trail names it."""

    token_id: int
    account: Account

    @property
    def actor(self) -> str:
        """As the trail names it."""
        return f"token:{self.token_id}"


def holder(
    request: Request,
    here: Here,
    scopes: SecurityScopes,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Holder:
    """A dependency (`Security`): who holds a live token with these scopes.

    401 without one, 403 where a scope is missing, which is written into the trail, 429 for more than `Limits` allow.
    """
    at = here.clock()
    found = None
    if given is not None:
        with here.database.reading() as connection:
            found = tokens.live_token(connection, given.credentials, at=at)
    if found is None:
        address = request.client.host if request.client else ""
        _take(here, address, at_the_door=True)
        raise HTTPException(401, "This needs a bearer token that is known and live.", headers=_UNKNOWN)
    token, account = found
    _take(here, f"token:{token.id}", at_the_door=False)
    missing = [scope for scope in scopes.scopes if scope not in token.scopes]
    if missing:
        with here.database.writing() as connection:
            facts = {"method": request.method, "path": request.url.path, "missing": missing}
            audit.append(connection, actor=f"token:{token.id}", kind="refused", at=at, facts=facts)
        raise HTTPException(403, f"The token lacks the scope {missing[0]}.")
    return Holder(token.id, account)


def _take(here: Workbench, name: str, *, at_the_door: bool) -> None:
    wait_s = (here.limits.at_the_door if at_the_door else here.limits.inside).take(name)
    if wait_s:
        raise TooMany(wait_s)
