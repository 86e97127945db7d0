import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from scantriage.errors import UnusableInput
from scantriage.io.checksums import sha256_of
from scantriage.io.delivery import open_delivery


@pytest.fixture
def delivery(tmp_path):
    """Write files (name: content) under a folder, and return it."""

    def write(*names, **contents):
        folder = tmp_path / "delivery"
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents.get(name, name))
        return folder

    return write


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def sentences(found):
    return [problem.sentence for problem in found.problems]


def test_images_are_paired_with_sidecars_at_any_depth(delivery, scratch):
    names = ("b.png", "b.json", "origin/deep/a.tif", "origin/deep/a.json", "c.JPG", "c.json", "d.v2.tiff", "d.v2.json")
    found = open_delivery(delivery(*names), scratch)
    assert [(scan.name, scan.sidecar.name) for scan in found.scans] == [
        ("b.png", "b.json"), ("c.JPG", "c.json"), ("d.v2.tiff", "d.v2.json"), ("origin/deep/a.tif", "a.json"),
    ]  # fmt: skip
    assert found.problems == ()


def test_a_dicos_file_may_come_alone(delivery, scratch):
    found = open_delivery(delivery("a.dcs", "b.dcm", "b.json"), scratch)
    assert [(scan.name, scan.sidecar is None) for scan in found.scans] == [("a.dcs", True), ("b.dcm", False)]
    assert found.problems == ()


def test_whatever_lacks_its_partner_is_told(delivery, scratch):
    found = open_delivery(delivery("alone.tif", "sub/alone.json", "good.tif", "good.json"), scratch)
    assert [scan.name for scan in found.scans] == ["good.tif"]
    assert sentences(found) == [
        "alone.tif has no sidecar alone.json beside it.",
        "sub/alone.json has no scan beside it.",
    ]


def test_two_images_of_one_name_are_told(delivery, scratch):
    found = open_delivery(delivery("a.tif", "a.jpg", "a.json", "good.tif", "good.json"), scratch)
    assert [scan.name for scan in found.scans] == ["good.tif"]
    assert sentences(found) == ["a.jpg and a.tif share one name, so whose sidecar it is stays open."]


def test_other_and_hidden_files_are_passed_over(delivery, scratch):
    found = open_delivery(delivery("README", "truth.jsonl", ".a.tif", "__MACOSX/._a.tif", ".git/x.json"), scratch)
    assert (found.scans, found.manifests, found.problems) == ((), (), ())


def test_an_archive_inside_is_told_and_not_opened(delivery, scratch):
    assert sentences(open_delivery(delivery("more.zip"), scratch)) == [
        "more.zip is an archive inside a delivery and was not opened."
    ]


def test_the_nearest_manifest_and_profiles_count(delivery, scratch):
    folder = delivery(
        "manifest.csv", "scanners/S.toml", "x/a.tif", "x/a.json", "y/Manifest.csv", "y/scanners/S.toml", "y/z/b.tif",
        "y/z/b.json",
    )  # fmt: skip
    found = open_delivery(folder, scratch)
    assert [(scan.manifest, scan.scanners) for scan in found.scans] == [
        (folder / "manifest.csv", folder / "scanners"),
        (folder / "y/Manifest.csv", folder / "y/scanners"),
    ]
    assert found.manifests == (folder / "manifest.csv", folder / "y/Manifest.csv")


def test_checksums_are_handed_on_and_missing_files_told(delivery, scratch):
    folder = delivery("sub/a.tif", "sub/a.json", "b.tif", "b.json")
    digest = sha256_of(folder / "sub/a.tif")
    (folder / "SHA256SUMS").write_text(f"{digest}  sub/a.tif\n{'0' * 64} *sub/a.json\n{digest}  lost.tif\nnonsense\n")
    found = open_delivery(folder, scratch)
    by_name = {scan.name: scan for scan in found.scans}
    assert (by_name["sub/a.tif"].sha256, by_name["sub/a.tif"].sidecar_sha256) == (digest, "0" * 64)
    assert (by_name["b.tif"].sha256, by_name["b.tif"].sidecar_sha256) == (None, None)
    assert sentences(found) == [
        "SHA256SUMS line 4 is not a checksum and a file name.",
        "lost.tif is listed in SHA256SUMS and missing.",
    ]


def test_links_are_not_followed_out_of_the_delivery(delivery, scratch, tmp_path):
    folder = delivery("a.tif", "a.json")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.tif").touch()
    (folder / "b.tif").symlink_to(outside / "b.tif")
    (folder / "more").symlink_to(outside, target_is_directory=True)
    (folder / "ring.tif").symlink_to(folder / "ring.tif")
    found = open_delivery(folder, scratch)
    assert [scan.name for scan in found.scans] == ["a.tif"]
    assert "b.tif is a link and was not followed." in sentences(found)
    assert "more is a link and was not followed." in sentences(found)


def test_a_name_that_is_no_text_is_told(delivery, scratch):
    folder = delivery("a.tif", "a.json")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.tif")).touch()
    assert sentences(open_delivery(folder, scratch)) == ["\\udcff.tif has a name that cannot be used."]


def test_pipes_are_passed_over(delivery, scratch):
    folder = delivery("a.tif", "a.json")
    os.mkfifo(folder / "pipe.tif")
    assert [scan.name for scan in open_delivery(folder, scratch).scans] == ["a.tif"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz"])
def test_an_archive_is_a_delivery_like_its_folder(delivery, scratch, tmp_path, kind):
    folder = delivery("o/a.tif", "o/a.json", "manifest.csv", "scanners/S.toml", "../evil.tif")
    path = tmp_path / f"d.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as file:
            for each in ("o/a.tif", "o/a.json", "manifest.csv", "scanners/S.toml", "../evil.tif"):
                file.write(folder / each, each)
    else:
        with tarfile.open(path, "w" if kind == "tar" else "w:gz") as file:
            for each in ("o/a.tif", "o/a.json", "manifest.csv", "scanners/S.toml", "../evil.tif"):
                file.add(folder / each, each)
    found = open_delivery(path, scratch)
    (scan,) = found.scans
    assert scan.name == "o/a.tif"
    assert scan.image.read_text() == "o/a.tif"
    assert (scan.manifest, scan.scanners) == (scratch / "manifest.csv", scratch / "scanners")
    assert sentences(found) == [f"../evil.tif in d.{kind} leads out of the delivery and was left out."]


def test_nothing_in_a_delivery_is_touched(delivery, scratch):
    folder = delivery("a.tif", "a.json", "manifest.csv")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*")}
    folder.chmod(0o555)
    open_delivery(folder, scratch)
    folder.chmod(0o755)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*")} == before
    assert list(scratch.iterdir()) == []


def test_what_is_no_delivery_is_unusable(tmp_path, scratch):
    note = tmp_path / "note.txt"
    note.touch()
    with pytest.raises(UnusableInput, match="There is no delivery"):
        open_delivery(tmp_path / "gone", scratch)
    with pytest.raises(UnusableInput, match="neither a folder nor"):
        open_delivery(note, scratch)
