"""Ports and source sites: what each can open in a day, and where its referrals go."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from scantriage.errors import ActRefused
from scantriage.store.workbench_schema import sites

_LOCODE = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")
_MOST_OPENINGS = 10_000


@dataclass(frozen=True, slots=True)
class Site:
    """A port or source site.

    code: UN/LOCODE. openings_per_day: none: as the settings say. push_to: an https:// address or an absolute
    folder; none: the partner fetches its referrals. push_secret: sent along, so that the receiver knows us.
    """

    code: str
    name: str
    openings_per_day: int | None = None
    push_to: str | None = None
    push_secret: str | None = None


def all_sites(connection: Connection, codes: Collection[str] = ()) -> list[Site]:
    """Every site, or those with these codes, by code."""
    wanted = select(*(sites.c[one.name] for one in fields(Site))).order_by(sites.c.code)
    return [Site(**row) for row in connection.execute(wanted).mappings() if not codes or row["code"] in codes]


def site_of(connection: Connection, code: str) -> Site | None:
    """The site with this code."""
    return next(iter(all_sites(connection, (code,))), None)


def save_site(connection: Connection, site: Site) -> None:
    """Keep the site, new or changed. Raises ActRefused, in one sentence, for what cannot be."""
    if not is_locode(site.code):
        raise ActRefused("A site is written as a UN/LOCODE, such as NLRTM.", setting="code")
    if not 1 <= len(site.name) <= 100:
        raise ActRefused("The name of a site has 1 to 100 characters.", setting="name")
    if site.openings_per_day is not None and not 0 <= site.openings_per_day <= _MOST_OPENINGS:
        raise ActRefused("Openings a day are 0 to 10000.", setting="openings_per_day")
    if site.push_to is not None and not _may_be_pushed_to(site.push_to):
        raise ActRefused("Referrals go to an https:// address or to an absolute folder.", setting="push_to")
    kept = insert(sites).values(**asdict(site))
    connection.execute(kept.on_conflict_do_update(index_elements=[sites.c.code], set_=asdict(site)))


def remove_site(connection: Connection, code: str) -> bool:
    """Forget what is kept of the site; whether there was one."""
    return connection.execute(delete(sites).where(sites.c.code == code)).rowcount == 1


def is_locode(text: str) -> bool:
    """Whether it has the form of a UN/LOCODE."""
    return _LOCODE.fullmatch(text) is not None


def _may_be_pushed_to(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname) and parts.username is None
    path = PurePosixPath(text)
    return path.is_absolute() and ".." not in path.parts
