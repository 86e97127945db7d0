"""Where each role works: the links at the top of every page."""

from __future__ import annotations

from dataclasses import dataclass

from scantriage.store.accounts import Role
from scantriage.workbench.language import N_


@dataclass(frozen=True, slots=True)
class Link:
    """A page that this role may open; `label` is English, and translated where it is shown."""

    url: str
    label: str


# the first is where somebody of this role arrives
NAVIGATION: dict[Role, tuple[Link, ...]] = {
    "analyst": (Link("/work", N_("Work")),),
    "supervisor": (
        Link("/queue", N_("Queue")),
        Link("/outcomes", N_("Outcomes")),
        Link("/referrals", N_("Referrals")),
        Link("/monitoring", N_("Monitoring")),
        Link("/preferences", N_("Preferences")),
    ),
    "auditor": (
        Link("/queue", N_("Queue")),
        Link("/outcomes", N_("Outcomes")),
        Link("/referrals", N_("Referrals")),
        Link("/monitoring", N_("Monitoring")),
        Link("/audit", N_("Audit")),
    ),
    "administrator": (Link("/accounts", N_("Accounts")), Link("/sites", N_("Sites"))),
    "partner": (Link("/partner", N_("Referrals to you")),),
}


def first_page(role: Role) -> str:
    """Where somebody of this role arrives."""
    links = NAVIGATION[role]
    return links[0].url if links else "/account"
