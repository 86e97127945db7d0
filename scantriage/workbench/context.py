"""What every page needs: the workspace, the clock, and what guards the doors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from scantriage.settings import Settings
from scantriage.store.database import Database
from scantriage.store.places import Places
from scantriage.workbench.access.limits import Limits
from scantriage.workbench.access.oidc import Provider
from scantriage.workbench.access.passwords import Passwords


@dataclass(frozen=True, slots=True)
class Workbench:
    """One workbench on one workspace; it hangs on ``app.state.workbench``."""

    places: Places
    database: Database
    clock: Callable[[], datetime]  # now, with a time zone
    settings: Settings
    passwords: Passwords
    limits: Limits
    provider: Provider | None  # of OpenID Connect, where one is configured


def the_workbench(request: Request) -> Workbench:
    """The workbench that this request came to."""
    here: Workbench = request.app.state.workbench
    return here


Here = Annotated[Workbench, Depends(the_workbench)]
