"""Signing in with a provider of OpenID Connect: code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import Request
from httpx2 import HTTPError
from joserfc.errors import JoseError
from sqlalchemy import Connection
from starlette.responses import Response

from scantriage.errors import ActRefused
from scantriage.settings import OidcSettings
from scantriage.store import accounts
from scantriage.store.accounts import Account

_TIMEOUT_S = 10
_STRONG = {"mfa", "otp", "hwk", "sc", "fpt"}  # RFC 8176: two factors, or one that is more than a password


class _Client(Protocol):
    """What we use of Authlib's client, which has no types."""

    async def authorize_redirect(self, request: Request, redirect_uri: str) -> Response: ...

    async def authorize_access_token(self, request: Request, *, claims_options: object) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider vouches for. subject: issuer and its name for them, which never changes."""

    subject: str
    name: str
    second_factor: bool


class Provider:
    """The configured provider."""

    def __init__(self, settings: OidcSettings) -> None:
        """Know where the provider is; nothing is asked of it before somebody signs in."""
        self._issuer, self._audience = settings.issuer.rstrip("/"), settings.client_id
        self._client = cast(
            "_Client",
            OAuth().register(
                "oidc",
                server_metadata_url=f"{self._issuer}/.well-known/openid-configuration",
                client_id=settings.client_id,
                client_secret=settings.client_secret.get_secret_value(),
                client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": _TIMEOUT_S},
            ),
        )

    async def begin(self, request: Request, come_back_to: str) -> Response:
        """Send the browser to the provider. Raises ActRefused when it cannot be reached."""
        try:
            return await self._client.authorize_redirect(request, come_back_to)
        except (HTTPError, ValueError, RuntimeError) as error:
            raise ActRefused("The sign-in service cannot be reached.") from error

    async def end(self, request: Request) -> Person:
        """Whom the provider vouches for, once the browser is back.

        Raises ActRefused when the provider refuses, or its token is not for us, not now, or not signed by it.
        """
        claims_options = {
            "iss": {"essential": True, "values": [self._issuer, f"{self._issuer}/"]},
            "aud": {"essential": True, "values": [self._audience]},
        }
        try:
            token = await self._client.authorize_access_token(request, claims_options=claims_options)
            claims = token["userinfo"]
            return Person(
                f"{self._issuer}#{claims['sub']}",
                str(claims.get("preferred_username", "")),
                second_factor=not _STRONG.isdisjoint(claims.get("amr") or ()),
            )
        except (OAuthError, JoseError, HTTPError, KeyError, ValueError, TypeError, RuntimeError) as error:
            raise ActRefused("The sign-in service did not confirm who you are. Try again.") from error


def account_of(connection: Connection, person: Person) -> Account | None:
    """The account an administrator made for this person; at their first sign-in it is found by name, and linked.

    None where there is none: an account is never made by signing in, and one with a password is never linked.
    """
    known = accounts.account_of_subject(connection, person.subject)
    if known is not None:
        return known
    named = accounts.account_named(connection, person.name)
    if named is None or named.password_hash is not None or named.oidc_subject is not None:
        return None
    accounts.link_subject(connection, named.id, person.subject)
    return named
