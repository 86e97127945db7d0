import re
from pathlib import Path

from made_pages import PAGES

from scantriage.pipeline.outcome_import import COLUMNS
from scantriage.store.preferences import RETENTION_DAYS
from scantriage.store.tokens import SCOPES, SCOPES_OF

DOCS = (Path(__file__).parents[2] / "docs" / "workbench.md").read_text()


def test_the_table_of_retention_is_the_programs():
    told = {kind: int(days) for kind, days in re.findall(r"^\| `(\w+)` \| (\d+) \|", DOCS, re.MULTILINE)}
    assert told == dict(RETENTION_DAYS)


def test_the_table_of_scopes_is_the_programs():
    rows = re.findall(r"^\| `(\w+:\w+)` \|[^|]*\| (.*?) \| ?(.*?) \| ?(.*?) ?\|$", DOCS, re.MULTILINE)
    assert [row[0] for row in rows if row[0] in SCOPES] == [row[0] for row in rows]
    told = {
        role: {row[0] for row in rows if row[place]}
        for place, role in enumerate(("supervisor", "auditor", "partner"), 1)
    }
    assert told == {role: set(SCOPES_OF[role]) for role in told}
    assert not SCOPES_OF["analyst"] | SCOPES_OF["administrator"]


def test_the_columns_of_the_table_of_outcomes_are_the_programs():
    assert ",".join(COLUMNS) in DOCS


def test_every_page_is_shown_and_its_picture_is_there():
    shown = re.findall(r"\]\(workbench/(\w+)\.png\) \| .* \| \d+ \| 0 \| \d+ \|$", DOCS, re.MULTILINE)
    assert shown == [page.name for page in PAGES]
    pictures = Path(__file__).parents[2] / "docs" / "workbench"
    assert sorted(picture.stem for picture in pictures.glob("*.png")) == sorted(shown)


def test_the_story_of_one_container_shows_all_its_pictures():
    docs = Path(__file__).parents[2] / "docs"
    shown = re.findall(r"\]\((workbench/one_container/\w+\.png)\)", (docs / "one_container.md").read_text())
    assert shown == sorted(str(picture.relative_to(docs)) for picture in docs.glob("workbench/one_container/*.png"))


def test_every_figure_of_speed_is_in_a_kept_result():
    kept = {file.stem for file in (Path(__file__).parents[2] / "benchmarks" / "results").glob("*.md")}
    named = re.findall(r"`((?:load|killed|viewer|queue)-[\w-]+)` \|$", DOCS, re.MULTILINE)
    assert named
    assert set(named) <= kept
