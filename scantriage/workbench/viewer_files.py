"""The viewer's modules under an address that changes with them, so that a browser asks for them once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static" / "viewer"
_A_YEAR_S = 31_536_000


def _digest() -> str:
    files = sorted(_FOLDER.iterdir())
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()[:16]


ADDRESS = f"/viewer/{_digest()}"
# all of them: fetched at once, where a browser would find them only one behind the other
MODULES = tuple(sorted(file.name for file in _FOLDER.glob("*.js")))


class ViewerFiles(StaticFiles):
    """Serves the modules and the style sheet; what lies under this address never changes."""

    def __init__(self) -> None:
        """Serve the folder that comes with the program."""
        super().__init__(directory=_FOLDER)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, to be kept."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = f"public, max-age={_A_YEAR_S}, immutable"
        return response
