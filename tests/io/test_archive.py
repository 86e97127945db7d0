import errno
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib

import pytest

from scantriage.errors import UnsafeArchive, UnusableInput, WorkspaceError
from scantriage.io import archive as archive_module
from scantriage.io.archive import FREE_BYTES, unpack

WANTED = frozenset({".tif", ".json", "manifest.csv"})
NOISE = os.urandom(4_000)


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "deep" / "scratch"
    folder.mkdir(parents=True)
    return folder


def zipped(path, entries):
    """entries: name or ZipInfo -> content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def tarred(path, members, mode="w"):
    """members: (name or TarInfo, content)."""
    with tarfile.open(path, mode) as file:
        for name, content in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return path


def unpacked(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


GOOD = {"a.tif": NOISE, "site/b.json": b"{}", "site/manifest.csv": b"container_id\n"}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_wanted_files_come_out_whole_and_others_stay_in(tmp_path, into, kind):
    content = GOOD | {"virus.exe": b"MZ", "README": b"hello"}
    path = tmp_path / f"delivery.{kind}"
    if kind == "zip":
        zipped(path, content)
    else:
        tarred(path, content.items(), "w:gz" if kind == "tar.gz" else "w")
    before = path.read_bytes()
    assert unpack(path, into, wanted=WANTED) == []
    assert unpacked(into) == GOOD
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
    "name", ["../evil.tif", "/etc/evil.tif", "site/../../evil.tif", "..\\evil.tif", "bell\x07.tif", "d/" * 40 + "x.tif"]
)
def test_a_name_that_leads_out_or_cannot_be_used_is_left_out(tmp_path, into, kind, name):
    path = tmp_path / f"delivery.{kind}"
    content = {name: b"evil", "good.tif": NOISE}
    if kind == "zip":
        zipped(path, content)
    else:
        tarred(path, content.items())
    (problem,) = unpack(path, into, wanted=WANTED)
    why = "leads out of the delivery" if "evil" in name else "has a name that cannot be used"
    assert problem.sentence.endswith(f" in delivery.{kind} {why} and was left out.")
    assert problem.sentence.isprintable()
    assert unpacked(tmp_path / "deep") == {"scratch/good.tif": NOISE}


def test_backslashes_of_windows_are_folders(tmp_path, into):
    path = zipped(tmp_path / "d.zip", {"site_a_b.tif": NOISE})
    path.write_bytes(path.read_bytes().replace(b"site_a_b.tif", b"site\\a\\b.tif"))
    assert unpack(path, into, wanted=WANTED) == []
    assert unpacked(into) == {"site/a/b.tif": NOISE}


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a link"),
        (tarfile.CHRTYPE, "is not a regular file"),
        (tarfile.FIFOTYPE, "is not a regular file"),
    ],
)
def test_links_and_devices_in_a_tar_are_left_out(tmp_path, into, kind, why):
    special = tarfile.TarInfo("a.tif")
    special.type, special.linkname = kind, "/etc/passwd"
    (problem,) = unpack(tarred(tmp_path / "d.tar", [(special, b""), ("b.tif", NOISE)]), into, wanted=WANTED)
    assert problem.sentence == f"a.tif in d.tar {why} and was left out."
    assert unpacked(into) == {"b.tif": NOISE}


def test_a_link_in_a_zip_is_left_out(tmp_path, into):
    link = zipfile.ZipInfo("a.tif")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (problem,) = unpack(zipped(tmp_path / "d.zip", {link: "/etc/passwd", "b.tif": NOISE}), into, wanted=WANTED)
    assert problem.sentence == "a.tif in d.zip is a link and was left out."
    assert unpacked(into) == {"b.tif": NOISE}


def test_an_encrypted_entry_is_left_out(tmp_path, into):
    path = zipped(tmp_path / "d.zip", {"a.tif": NOISE, "b.tif": NOISE})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # general purpose flag, bit 0, of the first central entry
    path.write_bytes(data)
    (problem,) = unpack(path, into, wanted=WANTED)
    assert problem.sentence == "a.tif in d.zip is encrypted and was left out."
    assert unpacked(into) == {"b.tif": NOISE}


def test_a_damaged_entry_is_left_out_without_a_trace(tmp_path, into):
    path = zipped(tmp_path / "d.zip", {"a.tif": NOISE, "b.tif": NOISE})
    data = bytearray(path.read_bytes())
    data[1_000] ^= 0xFF
    path.write_bytes(data)
    (problem,) = unpack(path, into, wanted=WANTED)
    assert problem.sentence.startswith("a.tif in d.zip is damaged")
    assert unpacked(into) == {"b.tif": NOISE}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_of_two_entries_with_one_name_the_first_counts(tmp_path, into, kind):
    path = tmp_path / f"d.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("a.tif", NOISE)
            with pytest.warns(UserWarning, match="Duplicate"):
                file.writestr("a.tif", b"other")
    else:
        tarred(path, [("a.tif", NOISE), ("a.tif", b"other")], "w:gz")
    (problem,) = unpack(path, into, wanted=WANTED)
    assert "has the name of another entry" in problem.sentence
    assert unpacked(into) == {"a.tif": NOISE}


def test_a_file_in_the_place_of_a_folder_is_left_out(tmp_path, into):
    path = tarred(tmp_path / "d.tar", [("a.tif", NOISE), ("a.tif/b.tif", NOISE)])
    (problem,) = unpack(path, into, wanted=WANTED)
    assert problem.path == "a.tif/b.tif"
    assert unpacked(into) == {"a.tif": NOISE}


BOMB = bytes(FREE_BYTES + 200 * 2**20)


@pytest.mark.parametrize("n_entries", [1, 8])
def test_a_zip_bomb_is_refused_as_a_whole(tmp_path, into, n_entries):
    part = BOMB[: len(BOMB) // n_entries]
    path = zipped(tmp_path / "d.zip", {f"{n}.tif": part for n in range(n_entries)})
    with pytest.raises(UnsafeArchive, match=r"^d\.zip would unpack to more than 100 times its size"):
        unpack(path, into, wanted=WANTED)
    assert unpacked(into) == {}


def test_a_zip_that_lies_about_its_size_stops_at_what_it_claims(tmp_path, into):
    path = zipped(tmp_path / "d.zip", {"a.tif": BOMB})
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", data, data.index(signature) + at, 1_000)
    path.write_bytes(data)
    (problem,) = unpack(path, into, wanted=WANTED)
    assert "is damaged" in problem.sentence
    assert unpacked(into) == {}


@pytest.mark.parametrize("name", ["a.tif", "not_wanted.bin"])
def test_a_tar_bomb_is_refused_as_a_whole(tmp_path, into, name):
    path = tarred(tmp_path / "d.tar.gz", [(name, BOMB)], "w:gz")
    with pytest.raises(UnsafeArchive, match=r"^d\.tar\.gz would unpack to more than 100 times its size"):
        unpack(path, into, wanted=WANTED)


def test_a_tar_header_that_would_fill_the_memory_is_refused(tmp_path, into):
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.XHDTYPE, 50 * 2**20
    (tmp_path / "d.tar").write_bytes(header.tobuf() + bytes(50 * 2**20))
    with pytest.raises(UnsafeArchive, match="header larger"):
        unpack(tmp_path / "d.tar", into, wanted=WANTED)


def test_a_zip_directory_that_would_fill_the_memory_is_refused(tmp_path, into):
    size = 100 * 2**20
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0)
    (tmp_path / "d.zip").write_bytes(b"PK".ljust(size, b"\0") + end)
    with pytest.raises(UnsafeArchive, match=r"^d\.zip claims a directory larger"):
        unpack(tmp_path / "d.zip", into, wanted=WANTED)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_entries_are_refused(tmp_path, into, kind, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_ENTRIES", 10)
    entries = {f"{n}.tif": b"x" for n in range(11)}
    path = tmp_path / f"d.{kind}"
    if kind == "zip":
        zipped(path, entries)
    else:
        tarred(path, entries.items())
    with pytest.raises(UnsafeArchive, match="entries"):
        unpack(path, into, wanted=WANTED)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_cut_short_gives_what_came_before(tmp_path, into, mode):
    path = tarred(tmp_path / "d.tar", [("a.tif", NOISE), ("b.tif", os.urandom(120_000))], mode)
    path.write_bytes(path.read_bytes()[:-60_000])
    (problem,) = unpack(path, into, wanted=WANTED)
    assert problem.sentence.startswith("d.tar ends early or is damaged")
    assert unpacked(into) == {"a.tif": NOISE}


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"PK\x03\x04" + NOISE, b"\x1f\x8b" + NOISE, NOISE, zlib.compress(NOISE)],
    ids=["empty", "two bytes", "zip", "gzip", "noise", "zlib"],
)
def test_what_is_no_archive_is_unusable(tmp_path, into, content):
    path = tmp_path / "delivery.zip"
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=r"^delivery\.zip "):
        unpack(path, into, wanted=WANTED)


def test_a_full_disk_is_told(tmp_path, into, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive_module, "_copy", full)
    with pytest.raises(WorkspaceError, match=r"no room on the disk to unpack d\.zip"):
        unpack(zipped(tmp_path / "d.zip", {"a.tif": NOISE}), into, wanted=WANTED)
