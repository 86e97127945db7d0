"""How the work is dealt out and how long what is kept of people stays, as the supervisor sets it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from scantriage.errors import ActRefused
from scantriage.store import audit, preferences
from scantriage.store.preferences import RETENTION_DAYS, Preferences
from scantriage.workbench.access.signed_in import SignedIn, signed_in
from scantriage.workbench.context import Here
from scantriage.workbench.render import page

router = APIRouter(prefix="/preferences")
Supervisor = Annotated[SignedIn, Depends(signed_in("supervisor"))]


async def _fields(request: Request, _who: Supervisor) -> FormData:
    return await request.form()


@dataclass(frozen=True, slots=True)
class PreferencesPage:
    """The preferences in force; saved: they were just kept."""

    in_force: Preferences
    saved: bool
    trouble: str = ""


@router.get("")
def show_preferences(request: Request, here: Here, who: Supervisor, saved: bool = False) -> Response:
    """The preferences in force."""
    return _show(request, here, who, saved=saved)


@router.post("")
def save_preferences(
    request: Request, here: Here, who: Supervisor, given: Annotated[FormData, Depends(_fields)]
) -> Response:
    """Put other preferences in force; the trail keeps what they were before."""
    try:
        wanted = Preferences(
            four_eyes_priority=_number(given, "four_eyes_priority"),
            random_share=_number(given, "random_percent") / 100,
            tip_share=_number(given, "tip_percent") / 100,
            skips_per_day=int(_number(given, "skips_per_day")),
            assignment_minutes=int(_number(given, "assignment_minutes")),
            retention_days={kind: int(_number(given, f"days_{kind}")) for kind in RETENTION_DAYS},
        )
    except ActRefused as refusal:
        return _show(request, here, who, trouble=refusal.sentence)
    with here.database.writing() as connection:
        facts = {"before": asdict(preferences.load(connection)), "after": asdict(wanted)}
        preferences.save(connection, wanted)
        audit.append(
            connection, actor=audit.actor_of(who.account_id), kind="preferences_changed", at=here.clock(), facts=facts
        )
    return RedirectResponse("/preferences?saved=true", 303)


def _number(given: FormData, name: str) -> float:
    try:
        value = float(str(given.get(name, "")))
    except ValueError:
        value = math.nan
    if not abs(value) < 1e6:  # also false for what is not a number
        raise ActRefused("Every field holds a number.", setting=name)
    return value


def _show(request: Request, here: Here, who: SignedIn, *, saved: bool = False, trouble: str = "") -> HTMLResponse:
    with here.database.reading() as connection:
        in_force = preferences.load(connection)
    return page(
        request, "preferences.html", PreferencesPage(in_force, saved, trouble), who, status=422 if trouble else 200
    )
