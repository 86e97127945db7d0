import math

import pytest
from workbench_made import NOW, decide, fill, give, number, row

from scantriage.errors import ActRefused
from scantriage.store import annotations, audit
from scantriage.store.annotations import Annotation

BOX = Annotation("drawn-0001", "box", ((1.0, 0.2), (2.5, 1.1)), "A bag?")


@pytest.fixture
def before_ann(database, people):
    fill(database, row(1))
    with database.writing() as connection:
        return give(connection, people["ann"])


@pytest.mark.parametrize(
    ("shape", "points"),
    [
        ("box", ((1.0, 0.2), (2.5, 1.1))), ("point", ((3.0, 0.5),)), ("text", ((3.0, 0.5),)),
        ("polygon", ((1.0, 0.2), (2.5, 1.1), (2.0, 0.1))),
    ],
)  # fmt: skip
def test_what_is_drawn_is_kept_as_it_was_drawn(database, before_ann, shape, points):
    drawn = Annotation("drawn-0001", shape, points, "Here")
    with database.writing() as connection:
        assert annotations.annotate(connection, before_ann.id, before_ann.account_id, drawn, at=NOW)
        (kept,) = annotations.annotations_of(connection, before_ann.id)
        assert (kept.annotation, kept.container_id) == (drawn, number(1))
        entry = list(audit.entries(connection))[-1]
        assert (entry.kind, "Here" in entry.facts) == ("annotation_made", False)


def test_sent_twice_it_is_kept_once(database, before_ann):
    with database.writing() as connection:
        kept = [annotations.annotate(connection, before_ann.id, before_ann.account_id, BOX, at=NOW) for _ in range(2)]
        assert kept == [True, False]
        assert len(annotations.annotations_of(connection, before_ann.id)) == 1


def test_taken_away_it_is_not_shown_and_not_forgotten(database, before_ann):
    with database.writing() as connection:
        annotations.annotate(connection, before_ann.id, before_ann.account_id, BOX, at=NOW)
        gone = [
            annotations.take_away(connection, before_ann.id, before_ann.account_id, BOX.id, at=NOW) for _ in range(2)
        ]
        assert gone == [True, False]
        assert annotations.annotations_of(connection, before_ann.id) == []
        assert [one.removed_at for one in annotations.annotations_on(connection, number(1))] != [None]


def test_nobody_draws_on_what_is_before_somebody_else_or_decided(database, people, before_ann):
    with database.writing() as connection:
        with pytest.raises(ActRefused, match="not before you"):
            annotations.annotate(connection, before_ann.id, people["bob"], BOX, at=NOW)
        decide(connection, before_ann)
        with pytest.raises(ActRefused, match="You have decided"):
            annotations.annotate(connection, before_ann.id, people["ann"], BOX, at=NOW)


@pytest.mark.parametrize(
    "fields",
    [
        ("drawn-0001", "circle", ((1.0, 1.0),)),
        ("drawn-0001", "box", ((1.0, 1.0),)),
        ("drawn-0001", "polygon", ((1.0, 1.0),) * 2),
        ("drawn-0001", "polygon", ((1.0, 1.0),) * 201),
        ("drawn-0001", "point", ((math.nan, 1.0),)),
        ("drawn-0001", "point", ((1e6, 1.0),)),
        ("drawn-0001", "point", ((1.0, 1.0),), "x" * 501),
        ("../../etc", "point", ((1.0, 1.0),)),
    ],
)
def test_what_is_no_annotation_is_refused(fields):
    with pytest.raises(ActRefused):
        Annotation(*fields)


def test_an_empty_text_is_refused_and_so_is_anothers_id(database, people, before_ann):
    fill(database, row(1), row(2))
    with database.writing() as connection:
        empty = Annotation("drawn-0002", "text", ((1.0, 1.0),), " ")
        with pytest.raises(ActRefused, match="Write something"):
            annotations.annotate(connection, before_ann.id, before_ann.account_id, empty, at=NOW)
        annotations.annotate(connection, before_ann.id, before_ann.account_id, BOX, at=NOW)
        other = give(connection, people["bob"])
        with pytest.raises(ActRefused, match="another annotation"):
            annotations.annotate(connection, other.id, people["bob"], BOX, at=NOW)
