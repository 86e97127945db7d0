"""Whatever is written into the trail is named in words."""

import ast
import re
from pathlib import Path

import scantriage

PACKAGE = Path(scantriage.__file__).parent
WORDS = (PACKAGE / "workbench/templates/audit_words.html").read_text()


def kinds():
    """Names of acts in calls that write into the trail."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).rpartition(".")[2]
            if name in ("_note", "_trail", "note") or ast.unparse(call.func) in ("audit.append", "append"):
                given = [*call.args, *(word.value for word in call.keywords if word.arg == "kind")]
                yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_kind_of_entry_has_a_name():
    written = {kind for kind in kinds() if re.fullmatch(r"[a-z]+(_[a-z]+)+", kind)}
    assert {"account_made", "decision_made", "pictures_viewed", "site_changed", "container_assigned"} <= written
    assert sorted(kind for kind in written if f'"{kind}": _(' not in WORDS) == []
