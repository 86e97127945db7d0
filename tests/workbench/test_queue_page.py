import re
from dataclasses import replace
from datetime import timedelta

import pytest
from made_queue import NOW, SECRETS, number, queue_row

from scantriage.store import audit, queue
from scantriage.store.openings import openings_of_the_day
from scantriage.store.sites import Site, save_site


@pytest.fixture
def database(app):
    return app.state.workbench.database


@pytest.fixture
def supervisor(client_for, database):
    with database.writing() as connection:
        queue.replace_queue(connection, [queue_row(place) for place in range(1, 131)], NOW)
        save_site(connection, Site("NLRTM", "Rotterdam", openings_per_day=5))
    return client_for("supervisor")


def shown(text):
    return re.findall(r'href="/containers/([A-Z0-9]+)"', text)


def test_paging_shows_every_container_once_and_most_urgent_first(supervisor):
    seen, link = [], "/queue"
    while link:
        text = supervisor.get(link).text
        seen += shown(text)
        following = re.search(r'<a href="([^"]+)" rel="next"', text)
        link = following and following[1].replace("&amp;", "&")
    assert seen == [number(place) for place in range(1, 131)]


def test_unasked_the_queue_shows_what_waits_and_all_of_it_when_asked(supervisor, database):
    with database.writing() as connection:
        queue.set_state(connection, number(1), "digest-1", "referred", at=NOW)
    assert number(1) not in shown(supervisor.get("/queue").text)
    everything = supervisor.get("/queue?state=").text
    assert shown(everything)[0] == number(1)
    following = re.search(r'<a href="([^"]+)" rel="next"', everything)[1].replace("&amp;", "&")
    assert "state=&" in following


def test_filters_hold_over_pages_and_are_counted(supervisor):
    text = supervisor.get("/queue?zone=floor").text
    assert shown(text) == [number(place) for place in range(1, 131) if place % 4 == 2]
    assert supervisor.get("/queue/counts?zone=floor").json()["total"] == 33
    assert supervisor.get("/queue/counts?zone=floor&age=day").json()["total"] == len(
        [place for place in range(1, 131) if place % 4 == 2 and place <= 24]
    )
    assert shown(supervisor.get("/queue?place=BEANR&zone=roof").text) == []


def test_a_line_is_drawn_where_a_ports_openings_end(supervisor):
    text = supervisor.get("/queue").text
    # Rotterdam acts on every third container and can open five: the fifth is of rank 15
    row_before = text[: text.index("openings of NLRTM: 5 of 5")]
    assert shown(row_before)[-1] == number(15)
    # Vlissingen has the program's 18, and its eighteenth is of rank 52: on the next page
    assert "openings of NLVLI" not in text
    assert "openings of NLVLI" in supervisor.get(f"/queue?after=50.{number(50)}").text


def test_a_port_that_is_asked_for_less_has_no_line(supervisor, database):
    with database.writing() as connection:
        save_site(connection, Site("NLRTM", "Rotterdam", openings_per_day=500))
    assert "openings of NLRTM" not in supervisor.get("/queue").text


def test_a_port_whose_openings_are_given_is_named_at_the_beginning(supervisor, database):
    with database.writing() as connection:
        save_site(connection, Site("NLRTM", "Rotterdam", openings_per_day=0))
    text = supervisor.get("/queue").text
    assert text.index("No opening of NLRTM is left today: 0 of 0 given.") < text.index(number(1))


@pytest.mark.usefixtures("supervisor")
def test_what_is_decided_needs_no_opening_any_more(database):
    with database.writing() as connection:
        queue.set_state(connection, number(3), "digest-3", "released", at=NOW)
        (rotterdam,) = [
            port
            for port in openings_of_the_day(connection, {"NLRTM": 5}, otherwise=18, at=NOW)
            if port.place == "NLRTM"
        ]
    assert (rotterdam.n_used, rotterdam.n_left, rotterdam.last_rank) == (0, 5, 18)


def test_only_the_supervisor_finds_a_container_by_its_number(client_for, supervisor, database):
    answer = supervisor.submit("/queue/find", {"number": f" {number(77).lower()[:4]} {number(77)[4:]} "})
    assert answer.headers["location"] == f"/containers/{number(77)}"
    missed = supervisor.submit("/queue/find", {"number": "<script>alert(1)</script>"})
    assert missed.status_code == 404
    assert "<script>alert" not in missed.text
    auditor = client_for("auditor")
    assert auditor.get("/queue").status_code == 200
    assert 'action="/queue/find"' not in auditor.get("/queue").text
    assert auditor.submit("/queue/find", {"number": number(77)}).status_code == 403
    with database.reading() as connection:
        kinds = [entry.kind for entry in audit.entries(connection)]
    assert kinds.count("container_searched") == 2
    assert kinds.count("refused") == 1


@pytest.mark.parametrize("role", ["analyst", "administrator", "partner"])
def test_nobody_else_sees_the_queue(client_for, role):
    someone = client_for(role)
    for path in ("/queue", "/queue/counts"):
        assert someone.get(path).status_code == 403


def test_script_in_paperwork_is_text(supervisor, database):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    row = replace(queue_row(1), vessel=evil, why=evil, flow="<b>-<i>", zone="<u>")
    with database.writing() as connection:
        queue.replace_queue(connection, [row], NOW)
    text = supervisor.get("/queue").text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_time_left_is_told_in_days_and_hours(supervisor, database):
    rows = [
        replace(queue_row(place), due_at=(NOW + timedelta(minutes=minutes)).isoformat())
        for place, minutes in enumerate((45, 200, 1530, -90, 30_000), start=1)
    ]
    with database.writing() as connection:
        queue.replace_queue(connection, rows, NOW)
    text = supervisor.get("/queue").text
    for words in (">45 min<", ">3 h 20 min<", ">1 d 1 h<", "1 h 30 min ago", ">20 d<"):
        assert words in text
    assert SECRETS[0] in text


@pytest.mark.parametrize("after", ["x", "1", "999999999999.A", "1.", "0.TSTU0000001", "-1.A"])
def test_a_made_up_place_in_the_queue_does_no_harm(supervisor, after):
    assert supervisor.get("/queue", params={"after": after}).status_code == 200
