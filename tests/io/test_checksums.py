import hashlib
import shutil
import subprocess

import pytest

from scantriage.io.checksums import read_checksums, sha256_of

DIGEST = "ab" * 32


def listed(tmp_path, text):
    path = tmp_path / "SHA256SUMS"
    path.write_text(text)
    return read_checksums(path)


def test_the_sum_of_a_file_is_that_of_its_content(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"content")
    assert sha256_of(path) == hashlib.sha256(b"content").hexdigest()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils are not at hand")
@pytest.mark.parametrize("mode", ["--text", "--binary"])
def test_what_coreutils_write_is_read(tmp_path, mode):
    names = ["a.tif", "two words.json", "back\\slash.tif", "new\nline.tif", "deep/b.tif"]
    (tmp_path / "deep").mkdir()
    for name in names:
        (tmp_path / name).write_text(name)
    run = subprocess.run(["sha256sum", mode, *names], cwd=tmp_path, capture_output=True, check=True, text=True)
    digests, sentences = listed(tmp_path, run.stdout)
    assert digests == {tmp_path / name: sha256_of(tmp_path / name) for name in names}
    assert sentences == []


@pytest.mark.parametrize("name", ["../a.tif", "/etc/passwd", "deep/../../a.tif"])
def test_a_name_that_leads_out_is_ignored_with_a_sentence(tmp_path, name):
    digests, sentences = listed(tmp_path, f"{DIGEST}  {name}\n{DIGEST}  good.tif\n")
    assert digests == {tmp_path / "good.tif": DIGEST}
    assert sentences == ["SHA256SUMS line 1 leads out of its folder and was ignored."]


def test_other_lines_are_told_and_the_good_ones_go_on(tmp_path):
    text = f"# comment\nabcd  short.tif\n\n{DIGEST.upper()} *./good.tif\r\n"
    digests, sentences = listed(tmp_path, text)
    assert digests == {tmp_path / "good.tif": DIGEST}
    assert [sentence.split(" is ")[0] for sentence in sentences] == ["SHA256SUMS line 1", "SHA256SUMS line 2"]
