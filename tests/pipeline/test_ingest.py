import hashlib
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from scantriage.errors import UnusableInput
from scantriage.pipeline.day_plan import plan_day
from scantriage.pipeline.ingest import check_deliveries, ingest
from scantriage.scan.quality import Flag
from scantriage.store.deliveries import all_problems, latest_manifest
from scantriage.store.events import all_events
from scantriage.store.scans import all_scans
from scantriage.store.workspace import Workspace

BOX, OTHER_BOX = "HLBU1527916", "TEMU6943080"


@pytest.fixture
def workspace(tmp_path):
    with Workspace.open(tmp_path / "workspace") as opened:
        yield opened


@pytest.fixture
def take(workspace, inline_engine):
    """Take a delivery in, and give the workspace's plan."""

    def take_in(delivery):
        root = delivery if isinstance(delivery, Path) else delivery.root
        ingest(root, workspace, engine=inline_engine, progress=lambda *_: None)
        return plan_day(workspace.database)

    return take_in


def everything(workspace):
    """All that a workspace knows, and all its files."""
    with workspace.database.reading() as connection:
        tables = ("contents", "scans", "scan_containers", "delivered_files", "problems", "manifest_entries", "events")
        rows = {table: sorted(map(str, connection.exec_driver_sql(f"SELECT * FROM {table}"))) for table in tables}  # noqa: S608
    return rows, sorted(path for path in workspace.places.root.rglob("*") if path.is_file())


def known_scans(workspace):
    with workspace.database.reading() as connection:
        return {(scan.record.scan_id, scan.record.sha256): scan for scan in all_scans(connection)}


def sentences(workspace):
    with workspace.database.reading() as connection:
        return [problem.sentence for problem in all_problems(connection)]


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_pair_is_kept_by_content_with_its_sidecars_and_the_delivery_is_unchanged(workspace, take, delivery):
    origin, rescan = delivery.pair()
    before = {path: path.read_bytes() for path in delivery.root.rglob("*")}
    (container,) = take(delivery).containers
    assert (container.pairing.origin.record.sha256, container.pairing.rescan.record.sha256) == (
        sha256(origin), sha256(rescan),
    )  # fmt: skip
    for image in (origin, rescan):
        kept = workspace.places.scan(sha256(image), ".tif")
        assert kept.read_bytes() == image.read_bytes()
        (sidecar,) = kept.parent.glob(f"{kept.stem}-*.json")
        assert sidecar.read_bytes() == image.with_suffix(".json").read_bytes()
    assert {path: path.read_bytes() for path in delivery.root.rglob("*")} == before


def test_the_same_delivery_twice_does_nothing(workspace, take, delivery):
    delivery.pair()
    delivery.scan("origin", OTHER_BOX).with_suffix(".json").write_text("{")
    delivery.manifest({"container_id": BOX, "goods": "bananas"}, {"container_id": "nonsense", "goods": ""})
    take(delivery)
    before = everything(workspace)
    take(delivery)
    assert everything(workspace) == before


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_of_a_delivery_brings_the_same_scans_and_leaves_no_scratch(workspace, take, delivery, kind):
    delivery.pair(folder="deep/inside")
    archive = delivery.root.parent / f"delivery.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as content:
            for path in delivery.root.rglob("*"):
                content.write(path, path.relative_to(delivery.root))
    else:
        with tarfile.open(archive, "w") as content:
            content.add(delivery.root, "delivery")
    from_archive = take(archive)
    assert take(delivery).containers == from_archive.containers
    assert not workspace.places.incoming.exists()


def test_an_id_that_comes_back_with_other_content_is_kept_and_not_used(workspace, take, delivery, second_delivery):
    first, _ = delivery.pair()
    second = second_delivery.scan("origin", seed=1)
    take(delivery)
    (container,) = take(second_delivery).containers
    assert container.pairing.origin.record.sha256 == sha256(first)
    assert container.flags == (Flag.SCAN_CONFLICT,)
    assert known_scans(workspace)[second.stem, sha256(second)].state == "conflict"
    assert workspace.places.scan(sha256(second), ".tif").exists()
    (sentence,) = sentences(workspace)
    assert sentence == f"{second.name} came under the id of another scan, {second.stem}, and is not used."


def test_two_scans_of_two_containers_under_one_id_leave_none_forgotten(take, delivery):
    delivery.scan("origin", BOX, scan_id="same", folder="a")
    delivery.scan("origin", OTHER_BOX, scan_id="same", folder="b", seed=1)
    first, second = take(delivery).containers
    assert first.settled is None
    assert second.settled.outcome == "unprocessable"
    assert "same.tif came under the id of another scan" in second.settled.reason


def test_a_truncated_scan_is_not_used_and_the_whole_one_that_comes_later_is(take, delivery, second_delivery):
    broken, _ = delivery.pair()
    broken.write_bytes(broken.read_bytes()[:-2000])
    whole = second_delivery.scan("origin")
    (container,) = take(delivery).containers
    assert container.settled.outcome == "unprocessable"
    assert broken.name in container.settled.reason
    (container,) = take(second_delivery).containers
    assert container.settled is None
    assert container.pairing.origin.record.sha256 == sha256(whole)


def test_a_scan_that_turns_out_damaged_gives_its_id_to_the_good_one_that_comes_later(
    workspace, take, delivery, second_delivery
):
    broken, _ = delivery.pair(compression="zlib")
    content = bytearray(broken.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 500] = bytes(500)
    broken.write_bytes(content)
    whole = second_delivery.scan("origin")
    (container,) = take(delivery).containers
    assert container.settled is None  # its header is in order
    (container,) = take(second_delivery).containers
    assert container.pairing.origin.record.sha256 == sha256(whole)
    assert known_scans(workspace)[whole.stem, sha256(broken)].trouble.startswith(broken.name)
    with workspace.database.reading() as connection:
        assert "ScanSetAside" in [event.kind for event in all_events(connection)]
    (again,) = take(delivery).containers
    assert again.pairing.origin.record.sha256 == sha256(whole)


def test_a_scan_that_does_not_match_its_checksum_is_put_in_quarantine(workspace, take, delivery):
    _, rescan = delivery.pair()
    delivery.checksums()
    rescan.write_bytes(rescan.read_bytes()[:-1] + b"x")
    (container,) = take(delivery).containers
    assert container.settled.outcome == "unprocessable"
    assert container.settled.reason == f"{rescan.name} does not match its checksum in SHA256SUMS."
    assert Flag.CHECKSUM_MISMATCH in container.pairing.rescan.record.flags
    assert workspace.places.quarantined(sha256(rescan), ".tif").exists()
    assert not workspace.places.scan(sha256(rescan), ".tif").exists()


def test_a_scan_leaves_quarantine_when_it_comes_with_the_right_checksum(workspace, take, delivery):
    _, rescan = delivery.pair()
    delivery.checksums()
    sums = delivery.root / "SHA256SUMS"
    right = sums.read_text()
    sums.write_text(right.replace(sha256(rescan), "0" * 64))
    take(delivery)
    sums.write_text(right)
    (container,) = take(delivery).containers
    assert container.settled is None
    assert workspace.places.scan(sha256(rescan), ".tif").exists()
    assert not workspace.places.quarantined(sha256(rescan), ".tif").exists()


def test_a_sidecar_that_does_not_match_its_checksum_makes_its_scan_unusable(take, delivery):
    image = delivery.scan("origin")
    delivery.checksums()
    sidecar = image.with_suffix(".json")
    sidecar.write_text(sidecar.read_text().replace("ECGYE", "ECPSJ"))
    (container,) = take(delivery).containers
    assert container.settled.reason == f"{sidecar.name} does not match its checksum in SHA256SUMS."


@pytest.mark.parametrize("content", [b"", b"garbage " * 100, b"II*\0" + b"\xff" * 50])
def test_a_container_whose_only_scan_is_garbage_is_unprocessable_and_the_file_is_named(take, delivery, content):
    image = delivery.scan("origin")
    image.write_bytes(content)
    delivery.scan("origin", OTHER_BOX)
    broken, good = take(delivery).containers
    assert broken.settled.outcome == "unprocessable"
    assert image.name in broken.settled.reason
    assert good.settled is None


def test_a_sidecar_that_cannot_be_read_names_its_container_by_the_file_name(take, delivery):
    image = delivery.scan("origin", scan_id=f"ECGYE-{BOX}-1")
    image.with_suffix(".json").write_text("not JSON")
    (container,) = take(delivery).containers
    assert container.container_id == BOX
    assert f"{image.stem}.json is not JSON" in container.settled.reason


def test_a_scan_without_sidecar_and_a_sidecar_without_scan_are_reported_for_their_containers(take, delivery):
    alone = delivery.scan("origin", BOX)
    alone.with_suffix(".json").unlink()
    lost = delivery.scan("origin", OTHER_BOX, scan_id="nameless")
    lost.unlink()
    first, second = take(delivery).containers
    assert "has no sidecar" in first.settled.reason
    assert (second.container_id, second.settled.reason) == (OTHER_BOX, "nameless.json has no scan beside it.")


def test_a_file_that_may_not_be_read_is_reported(take, delivery):
    image = delivery.scan("origin")
    image.chmod(0)
    if os.access(image, os.R_OK):
        pytest.skip("root may read everything")
    (container,) = take(delivery).containers
    assert "cannot be read" in container.settled.reason


def test_one_scan_of_two_boxes_is_kept_once_for_both(workspace, take, delivery):
    delivery.scan("origin", container_id=None, container_ids=[BOX, OTHER_BOX])
    assert [container.container_id for container in take(delivery).containers] == [BOX, OTHER_BOX]
    assert len(known_scans(workspace)) == 1


def test_one_recording_under_both_roles_is_kept_once_and_known_as_the_same(workspace, take, delivery):
    origin, rescan = delivery.pair()
    shutil.copyfile(origin, rescan)
    (container,) = take(delivery).containers
    assert container.settled.outcome == "not_comparable"
    assert container.settled.flags == (Flag.SAME_CONTENT,)
    assert len(list((workspace.places.root / "scans").rglob("*.tif"))) == 1


def test_a_manifest_row_without_scan_is_counted_and_a_broken_row_reported(workspace, take, delivery):
    delivery.scan("origin")
    delivery.manifest({"container_id": BOX, "goods": "x"}, {"container_id": OTHER_BOX}, {"container_id": "nonsense"})
    plan = take(delivery)
    assert plan.without_scan == (OTHER_BOX,)
    assert plan.containers[0].manifest.goods == "x"
    assert any("nonsense" in sentence for sentence in sentences(workspace))


def test_a_manifest_that_does_not_match_its_checksum_is_not_used(workspace, take, delivery):
    delivery.scan("origin")
    delivery.manifest({"container_id": BOX, "goods": "bananas"})
    delivery.checksums()
    delivery.manifest({"container_id": BOX, "goods": "empty"})
    (container,) = take(delivery).containers
    assert container.manifest is None
    assert sentences(workspace) == ["manifest.csv does not match its checksum in SHA256SUMS and is not used."]


def test_a_manifest_that_is_no_table_is_reported_and_the_scans_go_on(workspace, take, delivery):
    delivery.scan("origin")
    (delivery.root / "manifest.csv").write_bytes(b"\0\1\2")
    assert len(take(delivery).containers) == 1
    assert any("manifest.csv" in sentence for sentence in sentences(workspace))


def test_the_manifest_of_a_later_delivery_replaces_the_row(workspace, take, delivery, second_delivery):
    delivery.manifest({"container_id": BOX, "goods": "bananas"})
    second_delivery.manifest({"container_id": BOX, "goods": "coffee"})
    take(delivery)
    take(second_delivery)
    take(delivery)
    with workspace.database.reading() as connection:
        assert latest_manifest(connection)[BOX].goods == "coffee"


def test_facts_that_were_missing_are_added_when_a_scan_comes_again(workspace, take, delivery, second_delivery):
    delivery.scan("origin")
    second_delivery.scan("origin", dark_level=400.0)
    take(delivery)
    take(second_delivery)
    take(delivery)
    ((_, scan),) = known_scans(workspace).items()
    assert scan.record.dark_level == 400.0
    assert sentences(workspace) == []


def test_a_different_description_of_the_same_recording_is_reported_and_not_taken_over(
    workspace, take, delivery, second_delivery
):
    image = delivery.scan("origin", dark_level=400.0)
    second_delivery.scan("origin", dark_level=0.0)
    take(delivery)
    take(second_delivery)
    ((_, scan),) = known_scans(workspace).items()
    assert scan.record.dark_level == 400.0
    assert sentences(workspace) == [
        f"{image.name} came with another description of scan {image.stem}; the first one is used."
    ]


def test_a_scanner_profile_of_the_workspace_fills_what_sidecars_leave_out(workspace, take, delivery):
    workspace.places.scanners.mkdir()
    (workspace.places.scanners / "GYE-1.toml").write_text("column_pitch_mm = 4.5")
    delivery.scan("origin", scanner_id="GYE-1")
    (container,) = take(delivery).containers
    assert container.pairing.origin.record.column_pitch_mm == 4.5


def test_a_wrong_scanner_profile_is_reported_once_and_harms_no_scan(workspace, take, delivery):
    workspace.places.scanners.mkdir()
    (workspace.places.scanners / "GYE-1.toml").write_text("column_pitch = 4.5")
    delivery.pair(scanner_id="GYE-1")
    (container,) = take(delivery).containers
    assert container.settled is None
    assert len(sentences(workspace)) == 1


def test_a_delivery_without_anything_is_refused(take, delivery):
    (delivery.root / "readme.txt").write_text("hello")
    with pytest.raises(UnusableInput, match="holds no scan"):
        take(delivery)


def test_what_cannot_be_a_delivery_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(UnusableInput, match="There is no delivery"):
        check_deliveries([tmp_path / "nowhere"], tmp_path / "workspace")
    for inside in (tmp_path, tmp_path / "workspace"):
        with pytest.raises(UnusableInput, match="must not be changed"):
            check_deliveries([tmp_path], inside)
    assert list(tmp_path.iterdir()) == []
