"""Style sheets and modules under an address that changes with them, so that a browser asks for each once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
_A_YEAR_S = 31_536_000


def _digest() -> str:
    files = sorted(path for path in _FOLDER.rglob("*") if path.is_file())
    told = b"".join(str(file.relative_to(_FOLDER)).encode() + file.read_bytes() for file in files)
    return hashlib.sha256(told).hexdigest()[:16]


ADDRESS = f"/static/{_digest()}"
# all of them: fetched at once, where a browser would find them only one behind the other
VIEWER_MODULES = tuple(sorted(file.name for file in _FOLDER.glob("viewer/*.js")))


class KeptFiles(StaticFiles):
    """Serves the folder that comes with the program; what lies under this address never changes."""

    def __init__(self) -> None:
        """Serve that folder."""
        super().__init__(directory=_FOLDER)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, to be kept."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = f"public, max-age={_A_YEAR_S}, immutable"
        return response
