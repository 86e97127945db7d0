import io
import re

import pytest
from made_queue import NOW, number
from PIL import Image

from scantriage.store import audit, inspections

FIND = {
    "container_id": number(7), "result": "find", "place": "nlrtm", "inspected_at": "2026-10-01T09:30",
    "kind": "cocaine", "mass_kg": "41,5", "zone": "door_end", "note": "Two bags.", "request_key": "form-key-1",
}  # fmt: skip
TABLE = "container_id;result;place;inspected_at;kind;mass_kg;zone;note\n"


def picture(form="JPEG", size=(80, 60)):
    target, tags = io.BytesIO(), Image.Exif()
    tags[0x010F] = "SecretCamera"
    Image.new("RGB", size, "red").save(target, form, exif=tags)
    return target.getvalue()


@pytest.fixture
def supervisor(client_for):
    return client_for("supervisor")


def entries(workbench):
    with workbench.database.reading() as connection:
        return inspections.page_of_inspections(connection)


def test_a_find_is_entered_with_its_photographs(supervisor, workbench):
    photos = [("photos", ("a.jpg", picture(), "image/jpeg")), ("photos", ("b.png", picture("PNG"), "image/png"))]
    answer = supervisor.submit("/outcomes", FIND, files=photos)
    assert (answer.status_code, answer.headers["location"]) == (303, "/outcomes/1")
    (entry,) = entries(workbench)
    found = entry.outcome
    assert (found.kind, found.mass_kg, found.zone, found.place) == ("cocaine", 41.5, "door_end", "NLRTM")
    text = supervisor.get("/outcomes/1").text
    links = re.findall(r'src="(/outcomes/photos/[0-9a-f]{64}\.jpg)"', text)
    assert links
    for link in links:
        shown = supervisor.get(link)
        assert shown.headers["content-type"] == "image/jpeg"
        assert b"SecretCamera" not in shown.content
    assert "41.5 kg" in supervisor.get("/outcomes").text or "42 kg" in supervisor.get("/outcomes").text


def test_the_same_form_sent_twice_enters_once(supervisor, workbench):
    for _ in range(2):
        assert supervisor.submit("/outcomes", FIND).status_code == 303
    assert len(entries(workbench)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"container_id": "nonsense"}, {"result": "maybe"}, {"place": "X"}, {"inspected_at": "soon"},
        {"inspected_at": "2027-01-01T00:00"}, {"mass_kg": "-1"}, {"mass_kg": "many"}, {"mass_kg": "nan"},
        {"zone": "attic"}, {"result": "nothing"}, {"note": "x" * 3000}, {"kind": "x" * 200},
    ],
)  # fmt: skip
def test_what_is_no_outcome_is_refused_and_stays_in_the_form(supervisor, workbench, wrong):
    answer = supervisor.submit("/outcomes", FIND | wrong)
    assert answer.status_code == 422
    assert 'class="note bad"' in answer.text
    assert 'value="cocaine"' in answer.text or "kind" in wrong
    assert not entries(workbench)


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"<script>alert(1)</script>", picture()[:100]], ids=["empty", "gif", "html", "half"]
)
def test_what_is_no_photograph_is_refused(supervisor, workbench, content):
    answer = supervisor.submit("/outcomes", FIND, files=[("photos", ("../../x.jpg", content, "image/jpeg"))])
    assert answer.status_code == 422
    assert not entries(workbench)


def test_a_correction_counts_in_the_place_of_the_first_entry(supervisor, workbench):
    supervisor.submit("/outcomes", FIND, files=[("photos", ("a.jpg", picture(), "image/jpeg"))])
    right = FIND | {"mass_kg": "39", "request_key": "form-key-2"}
    assert supervisor.submit("/outcomes/1/correct", right).headers["location"] == "/outcomes/2"
    (standing,) = entries(workbench)
    assert (standing.id, standing.outcome.mass_kg, standing.replaces) == (2, 39.0, 1)
    assert "This entry was corrected" in supervisor.get("/outcomes/1").text
    assert "/outcomes/photos/" in supervisor.get("/outcomes/2").text
    again = supervisor.submit("/outcomes/1/correct", right | {"request_key": "form-key-3"})
    assert again.status_code == 422
    other = supervisor.submit("/outcomes/2/correct", right | {"request_key": "form-key-4", "container_id": number(8)})
    assert other.status_code == 422


def test_a_table_is_entered_row_by_row_and_once(supervisor, workbench):
    rows = [
        f"{number(1)};find;NLRTM;2026-10-01T08:00:00Z;cocaine;12,5;floor;under the planks",
        f"{number(2)};nothing;NLRTM;2026-10-01T08:00:00Z;;;;",
        "not a number;nothing;NLRTM;2026-10-01T08:00:00Z;;;;",
        f"{number(3)};find;NLRTM;yesterday;;;;",
        f"{number(4)};find;NLRTM;2026-10-01T08:00:00Z;;1,234;;",
        f"{number(5)};find;NLRTM;2026-10-01T08:00:00Z;<script>alert(1)</script>;1.5;;=cmd()",
        "",
    ]
    for expected in ("3 entered, 0 known already, 3 refused", "0 entered, 3 known already, 3 refused"):
        answer = supervisor.submit("/outcomes/import", files={"table": ("t.csv", (TABLE + "\n".join(rows)).encode())})
        assert expected in answer.text
    assert {one.outcome.container_id for one in entries(workbench)} == {number(1), number(2), number(5)}
    text = supervisor.get("/outcomes").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    with workbench.database.reading() as connection:
        assert [one.kind for one in audit.entries(connection)].count("outcomes_imported") == 2


@pytest.mark.parametrize(
    "table",
    [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", (TABLE * 2).encode()[:20],
     b"container_id,container_id,result,place,inspected_at\n",
     b"x" * (1 << 21)],
)  # fmt: skip
def test_what_is_no_table_is_refused_as_a_whole(supervisor, workbench, table):
    assert supervisor.submit("/outcomes/import", files={"table": ("t.csv", table)}).status_code in (200, 422)
    assert not entries(workbench)


def test_a_table_with_too_many_rows_enters_none(supervisor, workbench):
    rows = f"{number(1)};nothing;NLRTM;2026-10-01T08:00:00Z;;;;\n" * 5001
    assert supervisor.submit("/outcomes/import", files={"table": ("t.csv", (TABLE + rows).encode())}).status_code == 422
    assert not entries(workbench)


def test_paging_goes_through_all(supervisor):
    rows = "".join(f"{number(place)};nothing;NLRTM;2026-10-01T08:00:00Z;;;;\n" for place in range(1, 121))
    supervisor.submit("/outcomes/import", files={"table": ("t.csv", (TABLE + rows).encode())})
    seen, link = [], "/outcomes"
    while link:
        text = supervisor.get(link).text
        seen += re.findall(r'href="/outcomes/(\d+)"', text)
        following = re.search(r'href="([^"]+)" rel="next"', text)
        link = following and following[1]
    assert [int(one) for one in seen] == list(range(120, 0, -1))


def test_an_auditor_reads_and_nobody_else_comes_in(supervisor, client_for):
    supervisor.submit("/outcomes", FIND)
    auditor = client_for("auditor")
    assert auditor.get("/outcomes/1").status_code == 200
    assert "<form class" not in auditor.get("/outcomes").text
    assert auditor.submit("/outcomes", FIND).status_code == 403
    for role in ("analyst", "administrator", "partner"):
        someone = client_for(role)
        assert [someone.get(path).status_code for path in ("/outcomes", "/outcomes/1", "/outcomes/photos/x.jpg")] == [
            403
        ] * 3
        assert someone.submit("/outcomes/import").status_code == 403


@pytest.mark.parametrize("name", ["x", "../../scantriage.db", "a" * 64, "A" * 64, "a" * 63 + "%2e"])
def test_only_photographs_of_entries_are_served(supervisor, name):
    assert supervisor.get(f"/outcomes/photos/{name}.jpg").status_code == 404


@pytest.mark.parametrize("path", ["/outcomes/0", "/outcomes/-1", "/outcomes/99999999999999999999", "/outcomes/x"])
def test_an_entry_that_is_not_there(supervisor, path):
    assert supervisor.get(path).status_code in (404, 422)


def test_the_form_begins_now(supervisor):
    assert f'value="{NOW:%Y-%m-%dT%H:%M}"' in supervisor.get(f"/outcomes?container={number(3)}").text
