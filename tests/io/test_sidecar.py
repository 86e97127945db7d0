import json
from datetime import UTC, datetime

import pytest

from scantriage.errors import InvalidSidecar
from scantriage.io.sidecar import MAX_SIDECAR_BYTES, read_sidecar

FULL = {
    "scan_id": "ECGYE-HLBU1527916-20261001T025954Z",
    "container_id": "HLBU1527916",
    "role": "origin",
    "site": "ECGYE",
    "scanner_id": "GYE-gantry-1",
    "acquired_at": "2026-10-01T02:59:54Z",
    "energies_mev": [6.0, 4.0],
    "column_pitch_mm": 4.5,
    "dark_level": 400.0,
    "geometry": {
        "layout": "plane",
        "source_distance_m": 5.42,
        "source_height_m": 1.7,
        "source_side": "left",
        "view_height_m": [0.1, 5.2],
    },
}
REQUIRED = ("scan_id", "container_id", "role", "site", "acquired_at")


@pytest.fixture
def sidecar(tmp_path):
    """Write a sidecar from fields or text, and return its path."""

    def write(content):
        path = tmp_path / "scan.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def refusal_of(path):
    with pytest.raises(InvalidSidecar) as refusal:
        read_sidecar(path)
    assert refusal.value.sentence.startswith("scan.json ")
    return refusal.value.sentence


def test_a_full_sidecar_is_understood(sidecar):
    fields = read_sidecar(sidecar(FULL))
    assert fields.containers == ("HLBU1527916",)
    assert (fields.scan_id, fields.role, fields.site) == (FULL["scan_id"], "origin", "ECGYE")
    assert fields.acquired_at == datetime(2026, 10, 1, 2, 59, 54, tzinfo=UTC)
    assert fields.energies_mev == (6.0, 4.0)
    assert fields.geometry.as_fan().view_height_m == (0.1, 5.2)
    assert fields.unknown == {}


def test_the_required_fields_are_enough(sidecar):
    fields = read_sidecar(sidecar({name: FULL[name] for name in REQUIRED}))
    assert (fields.scanner_id, fields.energies_mev, fields.geometry) == (None, None, None)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_field_is_named(sidecar, name):
    sentence = refusal_of(sidecar({key: value for key, value in FULL.items() if key != name}))
    assert f"has no {name}." in sentence


def test_two_containers_are_listed_from_the_front_of_the_truck(sidecar):
    fields = {key: value for key, value in FULL.items() if key != "container_id"}
    pair = ["MSCU1243697", "HLBU1527916"]
    assert read_sidecar(sidecar(fields | {"container_ids": pair})).containers == tuple(pair)
    assert "container_ids" in refusal_of(sidecar(fields | {"container_ids": [*pair, "TEMU6943080"]}))
    assert "twice" in refusal_of(sidecar(fields | {"container_ids": [pair[0], pair[0]]}))
    assert "not among" in refusal_of(sidecar(FULL | {"container_ids": [pair[0]]}))


def test_unknown_fields_are_kept_and_ignored(sidecar):
    odd = {"operator": "X", "nested": {"deep": [1, 2]}}
    assert read_sidecar(sidecar(FULL | odd)).unknown == odd


def test_a_byte_order_mark_is_no_obstacle(sidecar):
    assert read_sidecar(sidecar("\ufeff" + json.dumps(FULL))).site == "ECGYE"


@pytest.mark.parametrize("number", ["HLBU1527910", "hlbu 152791-0"])
def test_a_wrong_check_digit_is_kept(sidecar, number):
    assert read_sidecar(sidecar(FULL | {"container_id": number})).containers == ("HLBU1527910",)


@pytest.mark.parametrize("zone", ["+02:00", "Z"])
def test_moments_are_in_utc(sidecar, zone):
    moment = read_sidecar(sidecar(FULL | {"acquired_at": f"2026-10-01T02:59:54.5{zone}"})).acquired_at
    hour, day = (0, 1) if zone == "+02:00" else (2, 1)
    assert moment == datetime(2026, 10, day, hour, 59, 54, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scan_id", 5),
        ("scan_id", ""),
        ("scan_id", "../../etc/passwd"),
        ("scan_id", ".hidden"),
        ("scan_id", "a/b"),
        ("scan_id", "a\\b"),
        ("scan_id", "a\n"),
        ("scan_id", "a\x00b"),
        ("scan_id", "<script>"),
        ("scan_id", "x" * 129),
        ("container_id", "ABC"),
        ("container_id", 1527916),
        ("container_id", "HLBU1527916 HLBU1527916"),
        ("role", "source"),
        ("site", "Guayaquil"),
        ("site", ["ECGYE"]),
        ("acquired_at", "yesterday"),
        ("acquired_at", "2026-10-01T02:59:54"),
        ("acquired_at", "2026-13-01T02:59:54Z"),
        ("acquired_at", "0001-01-01T00:00:00+14:00"),
        ("acquired_at", 1790823594),
        ("acquired_at", "1790823594"),
        ("scanner_id", "a/../b"),
        ("energies_mev", [4.0, 6.0]),
        ("energies_mev", "6"),
        ("energies_mev", []),
        ("energies_mev", [6000.0]),
        ("column_pitch_mm", "4.5"),
        ("column_pitch_mm", 0),
        ("column_pitch_mm", True),
        ("column_pitch_mm", 10**400),
        ("dark_level", -1),
        ("dark_level", {}),
        ("geometry", "plane"),
        ("geometry", {"layout": "plane"}),
    ],
)
def test_a_wrong_field_is_named(sidecar, field, value):
    assert field in refusal_of(sidecar(FULL | {field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [("source_side", "middle"), ("source_distance_m", 0.5), ("view_height_m", [5.2, 0.1]), ("view_height_m", [1.0])],
)
def test_a_geometry_that_cannot_be_is_refused(sidecar, field, value):
    assert "geometry" in refusal_of(sidecar(FULL | {"geometry": FULL["geometry"] | {field: value}}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "not json",
        "[1]",
        "null",
        '"text"',
        "[" * 100_000,
        '{"a":' * 960 + "1" + "}" * 960,
        json.dumps(FULL).replace("400.0", "NaN"),
        json.dumps(FULL).replace("400.0", "Infinity"),
        json.dumps(FULL | {"odd": 1}).replace('"odd": 1', '"odd": -Infinity'),
        json.dumps(FULL).replace("400.0", "1e999"),
        json.dumps(FULL).replace("400.0", "9" * 5_000),
        json.dumps(FULL).replace("GYE-gantry-1", "\\ud800"),
        json.dumps(FULL) + " " * MAX_SIDECAR_BYTES,
    ],
    ids=range(15),
)
def test_what_is_no_sidecar_is_refused_in_a_sentence(sidecar, text):
    assert len(refusal_of(sidecar(text))) < 250


def test_a_missing_or_binary_file_is_refused(tmp_path):
    path = tmp_path / "scan.json"
    assert refusal_of(path) == "scan.json is missing."
    path.write_bytes(b"\xff\xfe\x00{}")
    assert refusal_of(path) == "scan.json is not JSON (it is not UTF-8)."
