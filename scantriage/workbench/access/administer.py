"""What an administrator does to accounts, from a page or from the command line; each act is written into the trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from scantriage.errors import ActRefused
from scantriage.store import accounts, audit, sessions
from scantriage.store.accounts import Account, Role
from scantriage.workbench.access.passwords import Passwords, one_time_password


@dataclass(frozen=True, slots=True)
class Administration:
    """A transaction of somebody who administers. actor: as the trail names them. own_id: their own account, if any."""

    connection: Connection
    passwords: Passwords
    at: datetime
    actor: str
    own_id: int | None = None

    def make_account(
        self, *, name: str, display_name: str, role: Role, sites: Sequence[str], signs_in_elsewhere: bool = False
    ) -> tuple[int, str]:
        """A new account: its number, and the password for its first sign-in, empty where it signs in elsewhere.

        Raises ActRefused for a name, role or site that cannot be.
        """
        password = "" if signs_in_elsewhere else one_time_password()
        made = accounts.add_account(
            self.connection, name=name, display_name=display_name, role=role, sites=sites, at=self.at,
            password_hash=self.passwords.hash(password) if password else None,
        )  # fmt: skip
        self._note("account_made", made, role=role, sites=sorted(sites), name=name)
        return made, password

    def change(self, account: Account, *, display_name: str, role: Role, sites: Sequence[str]) -> None:
        """Set the name to show, the role and the sites; another role or other sites end its sessions."""
        if role != account.role:
            self._refuse_own(account)
        accounts.change_account(self.connection, account.id, display_name=display_name, role=role, sites=sites)
        if (role, set(sites)) != (account.role, set(account.sites)):
            sessions.revoke_all(self.connection, account.id, at=self.at)
        self._note("account_changed", account.id, role=role, sites=sorted(sites), display_name=display_name)

    def disable(self, account: Account) -> None:
        """Let nobody in with this account any more, and put out who is."""
        self._refuse_own(account)
        accounts.set_disabled(self.connection, account.id, at=self.at)
        sessions.revoke_all(self.connection, account.id, at=self.at)
        self._note("account_disabled", account.id)

    def enable(self, account: Account) -> None:
        """Let this account in again."""
        accounts.set_disabled(self.connection, account.id, at=None)
        self._note("account_enabled", account.id)

    def reset_password(self, account: Account) -> str:
        """A password for one sign-in, which also unlocks the account; its sessions end."""
        self._refuse_own(account)
        if account.password_hash is None:
            raise ActRefused("This account signs in elsewhere and has no password here.")
        password = one_time_password()
        accounts.set_password(self.connection, account.id, self.passwords.hash(password), must_change=True)
        accounts.note_success(self.connection, account.id)
        sessions.revoke_all(self.connection, account.id, at=self.at)
        self._note("password_reset", account.id)
        return password

    def reset_second_factor(self, account: Account) -> None:
        """Let its owner set up a new second factor at the next sign-in; its sessions end."""
        self._refuse_own(account)
        accounts.forget_second_factor(self.connection, account.id)
        sessions.revoke_all(self.connection, account.id, at=self.at)
        self._note("second_factor_reset", account.id)

    def end_sessions(self, account: Account) -> None:
        """Put out whoever is signed in with this account."""
        n_ended = sessions.revoke_all(self.connection, account.id, at=self.at)
        self._note("sessions_revoked", account.id, n=n_ended)

    def _refuse_own(self, account: Account) -> None:
        if account.id == self.own_id:
            raise ActRefused("This is your own account; another administrator must do that.")

    def _note(self, kind: str, account_id: int, **facts: object) -> None:
        facts = {"account": account_id} | facts
        audit.append(self.connection, actor=self.actor, kind=kind, at=self.at, facts=facts)
