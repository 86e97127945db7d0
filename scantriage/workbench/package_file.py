"""Handing out the package of a referral."""

from __future__ import annotations

import hashlib

from fastapi import HTTPException
from fastapi.responses import Response

from scantriage.store.referrals import Referral
from scantriage.workbench.context import Workbench
from scantriage.workbench.language import N_

_NOT_YET = N_("The package of this referral is not made yet, or its time is up.")
_CHANGED = N_("The package of this referral is not the one that was made. A supervisor has to look at it.")


def package_answer(here: Workbench, referral: Referral) -> Response:
    """The zip as an answer; HTTPException where there is none, or it is not what was made."""
    if referral.package is None:
        raise HTTPException(404, _NOT_YET)
    try:
        content = here.places.package(referral.id).read_bytes()
    except FileNotFoundError:
        raise HTTPException(404, _NOT_YET) from None
    if hashlib.sha256(content).hexdigest() != referral.sha256:
        raise HTTPException(500, _CHANGED)
    headers = {"Content-Disposition": f'attachment; filename="referral-{referral.id}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)
