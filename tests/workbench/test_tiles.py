"""Whose pixels are whose: tiles, pictures and originals by assignment and by number."""

import json
import re

import imagecodecs
import numpy as np
import pytest
import tifffile
from made_queue import NOW, SECRETS, number, queue_row
from made_views import made_views

from scantriage.io.views import read_facts, read_halved_tile, read_view_layer, write_views
from scantriage.scan.finding import Reading
from scantriage.scan.geometry import MetreBox
from scantriage.scan.record import ScanRecord
from scantriage.scan.views import LayerFacts
from scantriage.store import preferences, queue
from scantriage.store.preferences import Preferences
from scantriage.store.readings import ReadingKey, put_reading
from scantriage.store.scans import StoredScan, put_scan
from scantriage.store.schema import contents
from scantriage.store.tips import files_of, put_tip

N = 4
RELEASE = {"request_key": "the-key-of-one-form", "verdict": "release"}
FACTS = LayerFacts("counts", 80, 150, 0.0, 2.0, 0.01, 0.01, energy_mv=6.0, dark=100.0, air=50_000.0, flipped=False)
FILES = {f"{role}_file{more}": FACTS for role in ("origin", "rescan") for more in ("", "_2")}
ROLES = ("origin", "rescan")


def scan_counts(place, role):
    return np.random.default_rng([place, role == "rescan"]).integers(0, 65536, (2, 80, 150), dtype=np.uint16)


def keep_scan(connection, places, place, role):
    """A scan file of a container, kept as ingestion keeps it; its SHA-256 and id."""
    sha256, scan_id = f"{place:02d}{role}".ljust(64, "0"), f"SCAN-{role}-{number(place)}"
    path = places.scan(sha256, ".tif")
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, scan_counts(place, role), photometric="minisblack")
    record = ScanRecord(scan_id, (number(place),), role, "ECGYE", NOW, sha256, "raw")
    where = path.relative_to(places.root)
    values = {"sha256": sha256, "path": str(where), "n_bytes": 1, "kept_at": "2026-10-01T12:00:00Z"}
    known = {column.name for column in contents.columns}
    connection.execute(contents.insert().values({name: value for name, value in values.items() if name in known}))
    put_scan(connection, StoredScan(record, where, f"{scan_id}.tif", "used"), at=NOW)
    return sha256


@pytest.fixture(autouse=True)
def workspace(workbench):
    """Four containers with their views and scans."""
    places = workbench.places
    with workbench.database.writing() as connection:
        queue.replace_queue(connection, [queue_row(place) for place in range(1, N + 1)], NOW)
        preferences.save(connection, Preferences(random_share=0.0, tip_share=0.0, four_eyes_priority=1.0))
        for place in range(1, N + 1):
            digest = f"digest-{place}"
            sha256s = [keep_scan(connection, places, place, role) for role in ROLES]
            put_reading(connection, ReadingKey(number(place), digest, *sha256s), Reading("compared"), at=NOW)
            places.views(digest).parent.mkdir(parents=True, exist_ok=True)
            write_views(places.views(digest), made_views(rows=66, seed=place, files=FILES))
            places.thumbnail(digest).write_bytes(imagecodecs.jpeg_encode(np.zeros((80, 240), np.uint8)))
    return workbench


@pytest.fixture
def views_of(workspace):
    return lambda place: workspace.places.views(f"digest-{place}")


def given_to(browser):
    """The assignment that *next* lays before somebody, and the place of its container in the queue."""
    answer = browser.submit("/work/next")
    return re.fullmatch(r"/work/([\w-]+)", answer.headers["location"])[1]


def entries(workspace, kind):
    with workspace.database.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT actor, container_id, facts FROM audit_entries WHERE kind = ?", (kind,)
        )
        return [(actor, container_id, json.loads(facts)) for actor, container_id, facts in found]


def codes_of(answer, facts, tile, row, col):
    rows, cols = min(tile, facts["rows"] - row * tile), min(tile, facts["cols"] - col * tile)
    return np.frombuffer(answer.content, "<u2").reshape(rows, cols)


def test_the_tiles_are_the_views(client_for, views_of):
    ana = client_for("analyst")
    address = f"/views/{given_to(ana)}"
    told = ana.get(f"{address}/meta.json").json()
    assert told["tile"] == read_facts(views_of(1)).tile
    for name, facts in told["layers"].items():
        if facts["quantity"] == "counts":
            continue
        written = read_view_layer(views_of(1), name).codes
        for row in range(-(-facts["rows"] // told["tile"])):
            for col in range(-(-facts["cols"] // told["tile"])):
                answer = ana.get(f"{address}/{name}/{row}/{col}.bin")
                assert answer.headers["content-type"] == "application/octet-stream"
                assert int(answer.headers["content-length"]) == len(answer.content)
                here = np.s_[row * told["tile"] :, col * told["tile"] :]
                part = codes_of(answer, facts, told["tile"], row, col)
                assert np.array_equal(part, written[here][: part.shape[0], : part.shape[1]])


def test_meta_says_what_the_viewer_needs(client_for):
    ana = client_for("analyst")
    told = ana.get(f"/views/{given_to(ana)}/meta.json").json()
    assert told["size"] == {"length_m": 12.192, "height_m": 2.591}
    assert told["blind"] == {
        "1": "origin_unseen", "2": "origin_not_penetrated", "4": "rescan_unseen", "8": "rescan_not_penetrated"
    }  # fmt: skip
    assert told["dual"] == {"origin": {"attenuation": [0.0, 1.0], "organic": [0.0, 1.2]}}
    assert told["layers"]["origin"]["hardening"] == 0.027
    assert "hardening" not in told["layers"]["rescan"]
    assert told["layers"]["rescan_file_2"] == {
        "quantity": "counts", "rows": 80, "cols": 150, "x0_m": 0.0, "top_m": 2.0, "dx_m": 0.01, "dz_m": 0.01,
        "scale": 1.0, "offset": 0.0, "energy_mv": 6.0, "dark": 100.0, "air": 50_000.0, "flipped": False,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "plane"), [("_file", 0), ("_file_2", 1)])
@pytest.mark.parametrize("role", ROLES)
def test_the_originals_are_the_files_own_counts(client_for, role, name, plane):
    ana = client_for("analyst")
    answer = ana.get(f"/views/{given_to(ana)}/{role}{name}/0/0.bin")
    assert np.array_equal(np.frombuffer(answer.content, "<u2").reshape(80, 150), scan_counts(1, role)[plane])


def test_originals_that_are_no_longer_kept_are_not_offered(client_for, workspace):
    ana = client_for("analyst")
    address = f"/views/{given_to(ana)}"
    for path in workspace.places.root.glob("scans/*/*origin*"):
        path.unlink()
    assert {name for name in ana.get(f"{address}/meta.json").json()["layers"] if name.endswith("file")} == {
        "rescan_file"
    }
    assert ana.get(f"{address}/origin_file/0/0.bin").status_code == 404


def test_an_analysts_tiles_are_nobody_elses(client_for):
    ana, ben, sam, kim = (client_for(role) for role in ("analyst", "analyst", "supervisor", "auditor"))
    adi, pam = client_for("administrator"), client_for("partner", sites=("ECGYE",))
    address = f"/views/{given_to(ana)}"
    for rest in ("meta.json", "origin/0/0.bin", "origin_file/0/0.bin", "picture.jpg", "thumb.jpg"):
        assert ana.get(f"{address}/{rest}").status_code == 200
        assert ben.get(f"{address}/{rest}").status_code == 404
        assert sam.get(f"{address}/{rest}").status_code == 404
        for other in (kim, adi, pam):
            assert other.get(f"{address}/{rest}").status_code == 403


def test_who_is_not_signed_in_sees_nothing(client_for, browser):
    address = f"/views/{given_to(client_for('analyst'))}"
    for path in (f"{address}/origin/0/0.bin", f"/containers/{number(1)}/views/meta.json"):
        assert browser.get(path, headers={"sec-fetch-dest": "empty"}).status_code == 401


def test_overseers_see_every_container_and_others_none(client_for, views_of):
    for role in ("supervisor", "auditor"):
        one = client_for(role)
        address = f"/containers/{number(3)}"
        answer = one.get(f"{address}/views/origin/0/0.bin")
        tile = read_facts(views_of(3)).tile
        assert np.array_equal(
            np.frombuffer(answer.content, "<u2").reshape(66, -1), read_view_layer(views_of(3), "origin").codes[:, :tile]
        )
        for rest in ("views/meta.json", "views/picture.jpg", "thumb.jpg"):
            assert one.get(f"{address}/{rest}").status_code == 200
        assert one.get(f"/containers/{number(99)}/views/meta.json").status_code == 404
        assert one.get(f"/containers/{number(99)}/thumb.jpg").status_code == 404
    for role in ("analyst", "administrator", "partner"):
        for rest in ("views/meta.json", "views/origin/0/0.bin", "views/picture.jpg", "thumb.jpg"):
            assert client_for(role).get(f"/containers/{number(3)}/{rest}").status_code == 403


def test_what_is_over_is_over(client_for):
    ana = client_for("analyst")
    first = given_to(ana)
    ana.submit(f"/work/{first}/skip", {"reason": "I know the shipper."})
    assert ana.get(f"/views/{first}/meta.json").status_code == 404
    second = given_to(ana)
    assert ana.get(f"/views/{second}/meta.json").status_code == 200
    assert ana.submit(f"/work/{second}/decide", RELEASE).status_code == 303
    assert ana.get(f"/views/{second}/origin/0/0.bin").status_code == 404


def test_the_next_containers_pictures_can_be_fetched_ahead(client_for, views_of):
    ana = client_for("analyst")
    coming = ana.post(f"/work/{given_to(ana)}/coming", headers={"X-CSRF": ana.csrf}).json()["views"]
    answer = ana.get(f"{coming}/blind/0/0.bin")
    assert answer.headers["cache-control"] == "private, max-age=900, immutable"
    assert np.frombuffer(answer.content, "<u2").size == read_view_layer(views_of(2), "blind").codes.size


def test_a_tile_is_also_given_halved(client_for, views_of):
    ana = client_for("analyst")
    answer = ana.get(f"/views/{given_to(ana)}/origin/0/1.bin?halved=1")
    assert answer.headers["cache-control"] == "private, max-age=900, immutable"
    assert answer.content == read_halved_tile(views_of(1), "origin", 0, 1).tobytes()


def test_a_container_that_may_be_read_anew_is_not_cached(client_for):
    answer = client_for("supervisor").get(f"/containers/{number(1)}/views/meta.json")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "rest",
    [
        "origin/9/0.bin", "origin/0/9.bin", "nothing/0/0.bin", "origin_file_3/0/0.bin", "origin_filex/0/0.bin",
        "_file/0/0.bin", "..%2f..%2fscantriage.db/0/0.bin", "..%5c../0/0.bin", "%00/0/0.bin", "origin/0/0.tif",
        "picture.jpg?layer=..%2f..%2fscantriage.db", "picture.jpg?layer=nothing",
        "origin_file/0/0.bin?halved=1", "meta.json/..%2f",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(client_for, rest):
    ana = client_for("analyst")
    assert ana.get(f"/views/{given_to(ana)}/{rest}").status_code == 404


@pytest.mark.parametrize(
    "rest",
    [
        "origin/-1/0.bin", "origin/0/-1.bin", "origin/1e9/0.bin", "origin/99999999999999999999/0.bin",
        "origin/x/0.bin", "origin/0/0.bin?halved=2", "picture.jpg?px=100000", "picture.jpg?px=0",
        "picture.jpg?metres=0&x=1&z=1",
        "picture.jpg?low=2&high=1", "picture.jpg?low=nan", "picture.jpg?x=nan&z=0&metres=1",
        "picture.jpg?x=inf&z=0&metres=1", f"{'a' * 200}/0/0.bin",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_422(client_for, rest):
    ana = client_for("analyst")
    assert ana.get(f"/views/{given_to(ana)}/{rest}").status_code == 422


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "' OR 1=1 --", "digest-1", "TSTU0000013"])
def test_no_other_name_is_an_assignment(client_for, name):
    ana = client_for("analyst")
    given_to(ana)
    for rest in ("meta.json", "origin/0/0.bin", "picture.jpg", "thumb.jpg"):
        assert ana.get(f"/views/{name}/{rest}").status_code in (404, 405)


def test_nothing_names_the_container_to_an_analyst(client_for, workspace):
    ana = client_for("analyst")
    address = f"/views/{given_to(ana)}"
    names = [number(1), "SCAN-", "digest-1", "01origin", "ECGYE", str(workspace.places.root), *SECRETS]
    layers = list(ana.get(f"{address}/meta.json").json()["layers"])
    for rest in ("meta.json", "picture.jpg", "thumb.jpg", "nothing/0/0.bin", *(f"{name}/0/0.bin" for name in layers)):
        answer = ana.get(f"{address}/{rest}")
        said = answer.content + str(answer.headers).encode()
        assert not [name for name in names if name.encode() in said]
        assert not {"etag", "last-modified", "content-disposition"} & answer.headers.keys()


def test_a_look_is_in_the_trail_once_in_a_session(client_for, workspace):
    ana, sam = client_for("analyst"), client_for("supervisor")
    assignment = given_to(ana)
    for rest in ("meta.json", "origin/0/0.bin", "picture.jpg"):
        ana.get(f"/views/{assignment}/{rest}")
        sam.get(f"/containers/{number(2)}/views/{rest}")
    looks = entries(workspace, "pictures_viewed")
    assert [(container_id, facts.get("assignment")) for _, container_id, facts in looks] == [
        (number(1), assignment),
        (number(2), None),
    ]
    client_for("auditor").get(f"/containers/{number(2)}/views/rescan/0/0.bin")
    assert len(entries(workspace, "pictures_viewed")) == 3


def test_a_projected_load_is_shown_in_views_and_original(client_for, workspace):
    """And the answer has the same form as that of a container without one."""
    ana, ben = client_for("analyst"), client_for("analyst")
    plain = ana.get(f"/views/{given_to(ana)}/meta.json")
    views, thumbnail, rescan = files_of(workspace.places.projected("ab12"))
    views.parent.mkdir(parents=True)
    shown = made_views(rows=66, seed=77, files=FILES)
    write_views(views, shown)
    thumbnail.write_bytes(b"\xff\xd8\xff thumb")
    changed = scan_counts(50, "rescan")
    tifffile.imwrite(rescan, changed, photometric="minisblack")
    with workspace.database.writing() as connection:
        tip_id = put_tip(
            connection, container_id=number(2), reading_digest="digest-2", zone="cargo", mass_kg=30.0,
            box=MetreBox(1.0, 2.0, 0.5, 1.0), row={"outcome": "compared", "findings": [], "evidence": []},
            views=views.relative_to(workspace.places.root), at=NOW,
        )  # fmt: skip
    assignment = given_to(ben)
    with workspace.database.writing() as connection:
        connection.exec_driver_sql("UPDATE assignments SET tip_id = ? WHERE id = ?", (tip_id, assignment))
    address = f"/views/{assignment}"
    told = ben.get(f"{address}/meta.json")
    assert told.json() == plain.json()
    assert told.headers.keys() == plain.headers.keys()
    tile = read_facts(views).tile
    origin = ben.get(f"{address}/origin/0/0.bin").content
    assert origin == shown.layers["origin"].codes[:, :tile].tobytes()
    assert ben.get(f"{address}/rescan_file/0/0.bin").content == changed[0].tobytes()
    assert ben.get(f"{address}/thumb.jpg").content == b"\xff\xd8\xff thumb"


def test_the_server_draws_where_the_browser_cannot(client_for):
    ana = client_for("analyst")
    address = f"/views/{given_to(ana)}/picture.jpg"
    whole = imagecodecs.jpeg_decode(ana.get(address).content)
    assert whole.shape[1:] == (1400, 3)
    part = ana.get(f"{address}?layer=rescan&x=6&z=1.5&metres=2&px=600&linear=1&invert=1&low=0.1&high=0.9")
    assert part.headers["content-type"] == "image/jpeg"
    assert imagecodecs.jpeg_decode(part.content).shape == (200, 600, 3)


def test_a_container_without_views_has_none(client_for, workspace):
    for kept in (workspace.places.views("digest-1"), workspace.places.thumbnail("digest-1")):
        kept.unlink()
    ana = client_for("analyst")
    address = f"/views/{given_to(ana)}"
    for rest in ("meta.json", "origin/0/0.bin", "picture.jpg", "thumb.jpg"):
        assert ana.get(f"{address}/{rest}").status_code == 404
