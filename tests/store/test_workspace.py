import os

import pytest

from scantriage.errors import WorkspaceError
from scantriage.store.contents import keep_file, sha256_of
from scantriage.store.places import Places
from scantriage.store.workspace import Workspace


def test_a_workspace_is_made_where_there_is_none(tmp_path):
    with Workspace.open(tmp_path / "deep" / "inside") as workspace:
        assert workspace.places.database.exists()


def test_only_one_run_works_on_a_workspace_and_the_next_may_begin_when_it_ends(tmp_path):
    with Workspace.open(tmp_path), pytest.raises(WorkspaceError, match="Another run"):
        Workspace.open(tmp_path)
    with Workspace.open(tmp_path):
        pass


def test_a_workspace_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        Workspace.open(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_workspace_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(WorkspaceError, match="cannot be written"):
        Workspace.open(tmp_path / "new")


def test_pictures_never_leave_their_folder(tmp_path):
    picture = Places(tmp_path).picture("../../etc/passwd")
    assert picture.parent == tmp_path / "pictures"


def test_a_kept_file_is_whole_and_the_source_is_untouched(tmp_path):
    source = tmp_path / "scan.tif"
    source.write_bytes(b"counts" * 1000)
    target = tmp_path / "kept" / "scan.tif"
    keep_file(source, target, sha256=sha256_of(source))
    assert target.read_bytes() == source.read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["scan.tif"]


def test_a_file_that_changes_while_it_is_copied_is_not_kept(tmp_path):
    source = tmp_path / "scan.tif"
    source.write_bytes(b"counts")
    with pytest.raises(WorkspaceError, match=r"scan\.tif changed"):
        keep_file(source, tmp_path / "kept" / "scan.tif", sha256="0" * 64)
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_an_interrupted_copy_left_behind_does_no_harm(tmp_path):
    source = tmp_path / "scan.tif"
    source.write_bytes(b"counts")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "scan.tif.part").write_bytes(b"cou")
    keep_file(source, tmp_path / "kept" / "scan.tif", sha256=sha256_of(source))
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["scan.tif"]
