"""The page of a container: what an analyst is told of it, what an overseer is, and what is drawn on it."""

import re

import pytest
from made_container import lay
from made_queue import SECRETS, number

from scantriage.store import assignments, audit
from scantriage.workbench.blinded import blinded
from scantriage.workbench.pages.evidence_bars import WIDTH, evidence_bars
from scantriage.workbench.pages.viewer_commands import COMMANDS

BOX = {"id": "a-box-of-mine", "shape": "box", "points_m": [[1.0, 1.0], [2.0, 2.0]]}


@pytest.fixture(autouse=True)
def database(workbench):
    lay(workbench)
    return workbench.database


def given_to(browser):
    """The assignment that *next* lays before somebody."""
    return re.fullmatch(r"/work/([\w-]+)", browser.submit("/work/next").headers["location"])[1]


def kinds(database):
    with database.reading() as connection:
        return [entry.kind for entry in audit.entries(connection)]


def test_an_analyst_sees_what_was_found_and_nothing_that_names_it(client_for):
    ana = client_for("analyst")
    text = ana.get(f"/work/{given_to(ana)}").text
    assert "added: about that." in text
    assert "bananas" in text
    for secret in (*SECRETS, number(1), number(1)[4:10], "MSCU1234567", "SCAN-", "digest-"):
        assert secret not in text


def test_the_browser_is_told_at_once_what_to_fetch_first(client_for):
    ana = client_for("analyst")
    assignment = given_to(ana)
    fetched = re.findall(r'rel="preload" href="([^"]+)" as="fetch"', ana.get(f"/work/{assignment}").text)
    tiles = [f"/views/{assignment}/{name}/0/{col}.bin?halved=1" for name in ("origin", "rescan") for col in (0, 1)]
    assert fetched == [f"/views/{assignment}/meta.json", *tiles, f"/views/{assignment}/blind/0/0.bin?halved=1"]
    assert all(ana.get(address).status_code == 200 for address in fetched)


def test_a_view_is_written_into_the_trail(client_for, database):
    ana = client_for("analyst")
    ana.get(f"/work/{given_to(ana)}")
    assert kinds(database).count("container_viewed") == 1


def test_an_assignment_of_somebody_else_or_of_nobody_is_not_there(client_for):
    ana, ben = client_for("analyst"), client_for("analyst")
    assignment = given_to(ana)
    for address in (f"/work/{assignment}", "/work/unheard-of", f"/work/{assignment}/annotations"):
        assert ben.get(address).status_code == 404
    assert ben.post(f"/work/{assignment}/coming", headers={"X-CSRF": ben.csrf}).status_code == 404


def test_a_decided_assignment_leads_on_to_what_may_be_known(client_for):
    ana = client_for("analyst")
    assignment = given_to(ana)
    form = {"verdict": "release", "request_key": "the-key-of-one-form", "release_because": "same"}
    ana.submit(f"/work/{assignment}/decide", form)
    assert ana.get(f"/work/{assignment}").headers["location"] == f"/work/{assignment}/decided"


def test_what_comes_next_is_reserved_and_its_page_stays_shut_until_then(client_for, database):
    ana = client_for("analyst")
    assignment = given_to(ana)
    views = ana.post(f"/work/{assignment}/coming", headers={"X-CSRF": ana.csrf}).json()["views"]
    again = ana.post(f"/work/{assignment}/coming", headers={"X-CSRF": ana.csrf}).json()["views"]
    assert views == again
    coming = views.rpartition("/")[2]
    assert ana.get(f"/work/{coming}").status_code == 404
    assert ana.get(f"{views}/meta.json").status_code == 200
    with database.reading() as connection:
        assert assignments.find(connection, coming).container_id == number(2)
    # two containers, both taken by one analyst: nobody else gets the one that is only reserved
    assert client_for("analyst").submit("/work/next").headers["location"] == "/work?done=true"


def test_a_supervisor_sees_its_number_and_its_firms(client_for, database):
    text = client_for("supervisor").get(f"/containers/{number(1)}").text
    for told in (*SECRETS, number(1)):
        assert told in text
    assert "data-decision" not in text
    assert kinds(database).count("container_viewed") == 1
    assert client_for("auditor").get("/containers/NOSU0000000").status_code == 404


def test_what_is_drawn_is_kept_once_and_taken_away_once(client_for):
    ana = client_for("analyst")
    address = f"/work/{given_to(ana)}/annotations"
    headers = {"X-CSRF": ana.csrf}
    for _ in range(2):
        assert ana.post(address, json=BOX, headers=headers).status_code == 201
    assert ana.get(address).json()["annotations"] == [BOX | {"text": ""}]
    assert ana.delete(f"{address}/{BOX['id']}", headers=headers).status_code == 200
    assert ana.delete(f"{address}/{BOX['id']}", headers=headers).status_code == 404
    assert ana.get(address).json()["annotations"] == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"points_m": [[1.0, 1.0]]}, 409), ({"shape": "circle"}, 422), ({"points_m": [[1e9, 0], [1, 1]]}, 409),
        ({"id": "x"}, 409), ({"shape": "text", "points_m": [[1, 1]]}, 409), ({"more": 1}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_an_annotation_is_refused(client_for, changed, status):
    ana = client_for("analyst")
    answer = ana.post(f"/work/{given_to(ana)}/annotations", json=BOX | changed, headers={"X-CSRF": ana.csrf})
    assert answer.status_code == status


def test_an_overseer_sees_what_was_drawn(client_for):
    ana = client_for("analyst")
    ana.post(f"/work/{given_to(ana)}/annotations", json=BOX, headers={"X-CSRF": ana.csrf})
    drawn = client_for("auditor").get(f"/containers/{number(1)}/annotations").json()["annotations"]
    assert [one["id"] for one in drawn] == [BOX["id"]]


def test_bars_begin_where_the_last_one_ended_and_end_at_the_priority():
    evidence = [
        {"name": "added_cargo", "contribution": 3.0, "sentence": "Added."},
        {"name": "base_rate", "contribution": -5.0, "sentence": "Rare."},
        {"name": "reefer", "contribution": -0.5, "sentence": "As it was."},
    ]
    bars = evidence_bars(evidence)
    assert [bar.sentence for bar in bars] == ["Rare.", "Added.", "As it was."]
    assert [bar.base for bar in bars] == [True, False, False]
    assert bars[-1].chance == pytest.approx(1 / (1 + 2.718281828 ** (5.0 - 3.0 + 0.5)))
    assert bars[0].width == WIDTH
    assert bars[1].left == pytest.approx(0)
    assert bars[2].left + bars[2].width == pytest.approx(bars[1].left + bars[1].width)
    assert evidence_bars([]) == ()


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("ECGYE-TSTU0000017-1: only 1 of 2.", "…: only 1 of 2."),
        ("The rescan SCAN-17.tif is dated 1 May.", "The rescan … is dated 1 May."),
        ("Like MSCU1234567.", "Like …."),
        ("At 3.4 to 4.0 m, 0.2 to 0.7 m high (3.7 σ).", "At 3.4 to 4.0 m, 0.2 to 0.7 m high (3.7 σ)."),
        ("It is other-scan-9 again.", "It is … again."),
    ],
)
def test_sentences_keep_their_sense_and_lose_their_names(told, left):
    assert blinded(told, {"container_id": "TSTU0000017", "origin_scan": "other-scan-9", "rescan": None}) == left


def test_no_two_commands_share_a_key():
    keys = [key for group in COMMANDS for command in group.commands for key in command.keys]
    assert len(keys) == len(set(keys))
