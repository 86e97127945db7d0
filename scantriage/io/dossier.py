"""The dossier of a referral as PDF (PDF/A-2a and PDF/UA-1), laid out by typst.

Facts go in as JSON and are never markup; words and number formats are those of ``dossier_pages/<language>.toml``.
Only the fonts that come with typst are used, so that a dossier looks the same wherever it is made.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

_PAGES = Path(__file__).with_name("dossier_pages")
# Latin, Greek, Cyrillic and punctuation, as far as the font has them; PDF/A refuses a character without a shape
_SHOWN = (
    r"\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u0192\u0218-\u021b\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce"
    r"\u0400-\u045f\u0490-\u0491\u1e80-\u1e85\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2030\u2032\u2033"
    r"\u2039\u203a\u20ac\u2122\u2190-\u2193\u2212\u2248\u2260\u2264\u2265"
)
_SPACES = re.compile(r"[\t\n\r\f\v\u2000-\u200a\u2028\u2029\u3000]+")
_UNSHOWN = re.compile(f"[^{_SHOWN}]")


def languages() -> tuple[str, ...]:
    """The languages that there are words for."""
    return tuple(sorted(path.stem for path in _PAGES.glob("*.toml")))


def dossier(facts: Mapping[str, Any], *, language: str, pictures: Mapping[str, bytes], made_at: datetime) -> bytes:
    """The PDF. The same input gives the same bytes.

    facts: docs/referral.md, with the ``files`` and digests of the package. pictures: content by the file name that
    ``facts["pictures"]`` gives. made_at: with a time zone. typst.TypstError where facts are missing.
    """
    with tempfile.TemporaryDirectory(prefix="dossier-") as name:
        root = Path(name)
        for page in _PAGES.iterdir():
            shutil.copyfile(page, root / page.name)
        for file, content in pictures.items():
            path = root / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        compiler = typst.Compiler(str(root / "dossier.typ"), root=str(root), ignore_system_fonts=True)
        pdf = compiler.compile(
            format="pdf",
            sys_inputs={"data": json.dumps(_printable(facts), allow_nan=False), "language": language},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=made_at.replace(microsecond=0),  # typst wants whole seconds
        )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__}, not one file")
    return pdf


def _printable(thing: Any) -> Any:
    """The same with every text as it can be printed: what has no shape is named by its number, nothing is dropped."""
    if isinstance(thing, str):
        return _UNSHOWN.sub(lambda found: f"[U+{ord(found[0]):04X}]", _SPACES.sub(" ", thing))
    if isinstance(thing, Mapping):
        return {key: _printable(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_printable(value) for value in thing]
    return thing
