from datetime import UTC, datetime

import pytest

from scantriage.errors import InvalidManifest
from scantriage.io.manifest import read_manifest

HEADER = "container_id,size_type,goods,gross_kg,eta,port_of_discharge"


@pytest.fixture
def manifest(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "manifest.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def rows(*lines, header=HEADER):
    return "\n".join([header, *lines]) + "\n"


def test_a_row_is_understood(manifest):
    text = rows("HLBU1527916,45R1,bananas,14203.5,2026-10-31T10:38:28+02:00,NLRTM")
    table = read_manifest(manifest(text))
    (entry,) = table.entries
    assert (entry.container_id, entry.size_type, entry.goods) == ("HLBU1527916", "45R1", "bananas")
    assert (entry.gross_kg, entry.port_of_discharge) == (14203.5, "NLRTM")
    assert entry.eta == datetime(2026, 10, 31, 8, 38, 28, tzinfo=UTC)
    assert (entry.vessel, entry.seal) == (None, None)
    assert table.warnings == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_every_usual_form_of_csv_is_read(manifest, delimiter, line_end, encoding):
    text = rows("HLBU1527916,22G1,café,1000,,NLRTM").replace(",", delimiter).replace("\n", line_end)
    table = read_manifest(manifest(text, encoding))
    assert [(entry.goods, entry.gross_kg) for entry in table.entries] == [("café", 1000.0)]
    assert table.warnings == ()


def test_latin_text_is_read_with_a_warning(manifest):
    table = read_manifest(manifest(rows("HLBU1527916,22G1,café,1000,,NLRTM"), "latin-1"))
    assert table.entries[0].goods == "café"
    assert len(table.warnings) == 1
    assert "is not UTF-8" in table.warnings[0]


def test_quoted_fields_may_hold_delimiters_and_lines(manifest):
    table = read_manifest(manifest(rows('HLBU1527916,22G1,"fruit, fresh\nand dried",1000,,NLRTM')))
    assert table.entries[0].goods == "fruit, fresh\nand dried"


def test_unknown_columns_and_the_case_of_names_do_not_matter(manifest):
    table = read_manifest(manifest("Container_ID , colour,GOODS\nhlbu 152791-6,red,tiles\n"))
    assert [(entry.container_id, entry.goods) for entry in table.entries] == [("HLBU1527916", "tiles")]


@pytest.mark.parametrize("gross", ["abc", '"14,5"', "-1", "nan", "inf", "1e9"])
def test_a_weight_that_is_none_is_left_out_with_a_warning(manifest, gross):
    table = read_manifest(manifest(rows(f"HLBU1527916,22G1,tiles,{gross},,NLRTM")))
    assert table.entries[0].gross_kg is None
    assert table.entries[0].goods == "tiles"
    assert len(table.warnings) == 1
    assert table.warnings[0].startswith("manifest.csv line 2: gross_kg ")


@pytest.mark.parametrize("eta", ["soon", "31-10-2026", "2026-10-31", "2026-10-31T10:38:28", "2026-02-30T00:00:00Z"])
def test_an_eta_that_is_none_is_left_out_with_a_warning(manifest, eta):
    table = read_manifest(manifest(rows(f"HLBU1527916,22G1,tiles,1000,{eta},NLRTM")))
    assert table.entries[0].eta is None
    assert [warning.startswith("manifest.csv line 2: eta ") for warning in table.warnings] == [True]


def test_a_row_without_container_number_is_a_warning_and_the_others_go_on(manifest):
    lines = (",22G1,tiles,1000,,NLRTM", "ABC,22G1,tiles,1000,,", ",,,,,", "", "HLBU1527916")
    table = read_manifest(manifest(rows(*lines)))
    assert [entry.container_id for entry in table.entries] == ["HLBU1527916"]
    assert table.warnings == (
        "manifest.csv line 2: there is no container number.",
        "manifest.csv line 3: 'ABC' is not a container number.",
    )


def test_the_later_of_two_rows_counts(manifest):
    table = read_manifest(manifest(rows("HLBU1527916,22G1,tiles,1,,", "HLBU1527916,22G1,shoes,2,,")))
    assert [entry.goods for entry in table.entries] == ["shoes"]
    assert table.warnings == ("manifest.csv line 3: HLBU1527916 is listed again; the later row counts.",)


def test_a_wrong_check_digit_is_kept(manifest):
    assert read_manifest(manifest(rows("HLBU1527910,,,,,"))).entries[0].container_id == "HLBU1527910"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"HLBU1527916,45R1\n",
        b"\x00\x01\x02",
        "container_id\nHLBU1527916\n".encode("utf-16"),
        b"\x89PNG\r\n",
    ],
    ids=["empty", "blank", "headless", "binary", "utf-16", "image"],
)
def test_what_is_no_table_is_refused(manifest, content):
    with pytest.raises(InvalidManifest, match=r"^manifest\.csv "):
        read_manifest(manifest(content))


def test_a_field_without_end_is_refused(manifest):
    with pytest.raises(InvalidManifest, match="is not a table"):
        read_manifest(manifest(rows('HLBU1527916,"' + "x" * 200_000)))
