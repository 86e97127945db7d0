from dataclasses import replace

import numpy as np
import pytest
from made_scenes import Box, Scene, truck

from scantriage.errors import ContainerNotFound
from scantriage.locate.frame import locate
from scantriage.scan.container import ContainerSize
from scantriage.scan.geometry import FanGeometry
from scantriage.scan.image import ScanImage
from scantriage.scan.quality import Flag

# chassis put the floor at 0.8 of the view, here 520 rows
FORTY = Box(left=152.3, right=1220.7, roof=60.4, height=350)
END, ROOF, FLOOR = 2.0, 3.0, 3.0  # pixels: what registration can start from


def drop(box, tilt, n_cols=1400):
    return tilt * box.left / n_cols, tilt * box.right / n_cols


def assert_outlines(frame, box, tilt=0.0, *, floor=FLOOR):
    left, right = drop(box, tilt)
    assert frame.cols == pytest.approx((box.left, box.right), abs=END)
    assert frame.roof_rows == pytest.approx((box.roof + left, box.roof + right), abs=ROOF)
    bottom = box.roof + box.height
    assert frame.floor_rows == pytest.approx((bottom + left, bottom + right), abs=floor)


@pytest.mark.parametrize("tilt", [0.0, 14.0, -14.0])
@pytest.mark.parametrize("cargo", [0.0, 4.0])
def test_outline_of_a_forty_foot_box(tilt, cargo):
    box = Box(FORTY.left, FORTY.right, FORTY.roof, FORTY.height, cargo=cargo)
    (frame,) = locate(truck(box, tilt=tilt)).frames
    assert_outlines(frame, box, tilt)


def test_ends_are_found_to_half_a_pixel():
    errors = []
    for seed, shift in enumerate(np.linspace(0, 0.9, 10)):
        box = Box(150 + shift, 1220 + shift / 2, 60, 350)
        (frame,) = locate(truck(box, seed=seed)).frames
        errors += [frame.cols[0] - box.left, frame.cols[1] - box.right]
    assert np.max(np.abs(errors)) < 0.5
    assert np.sqrt(np.mean(np.square(errors))) < 0.25


@pytest.mark.parametrize("right", [700, 1300])
def test_the_scale_along_the_way_does_not_matter(right):
    box = Box(140, right, 60, 350)
    (frame,) = locate(truck(box)).frames
    assert_outlines(frame, box)


@pytest.mark.parametrize("gap", [0.0, 6.0, 60.0])
def test_two_twenty_foot_boxes(gap):
    front = Box(150, 690 - gap / 2, 60, 350, 6.058, doors="left")
    rear = Box(690 + gap / 2, 1230, 60, 350, 6.058)
    location = locate(truck(front, rear))
    assert len(location.frames) == 2
    for frame, box in zip(location.frames, (front, rear), strict=True):
        assert_outlines(frame, box)


def test_one_box_is_not_split_and_two_are_not_joined_against_the_sidecar():
    assert len(locate(truck(FORTY), n_containers=1).frames) == 1
    lonely = locate(truck(FORTY), n_containers=2)
    assert len(lonely.frames) == 1
    assert Flag.FRAME_UNCERTAIN in lonely.flags
    pair = Box(150, 680, 60, 350, 6.058), Box(700, 1230, 60, 350, 6.058)
    assert len(locate(truck(*pair), n_containers=2).frames) == 2


def test_mirrored_image_gives_the_mirrored_frame():
    image = truck(FORTY, tilt=8)
    mirrored = ScanImage(
        pixels=np.ascontiguousarray(image.pixels[:, ::-1]),
        variance=image.variance,
        valid=image.valid,
        penetrated=image.penetrated,
        quantity=image.quantity,
    )
    (frame,), (other,) = locate(image).frames, locate(mirrored).frames
    n_cols = image.shape[1]
    assert other.cols == pytest.approx((n_cols - frame.cols[1], n_cols - frame.cols[0]), abs=0.2)
    assert other.roof_rows == pytest.approx(frame.roof_rows[::-1], abs=0.5)
    assert other.floor_rows == pytest.approx(frame.floor_rows[::-1], abs=2)
    assert (frame.doors, other.doors) == ("right", "left")


def test_noise_and_dead_rows_leave_the_frame_where_it_is():
    image = truck(FORTY, noise=0.03, dead_rows=(20, 62, 63, 200, 405))
    before = image.pixels.copy()
    (frame,) = locate(image).frames
    assert_outlines(frame, FORTY)
    assert np.array_equal(image.pixels, before)


@pytest.mark.parametrize("middle", [300, 700, 1000])
def test_a_streak_above_the_roof_does_not_end_the_container(middle):
    scan = truck(FORTY)
    pixels = scan.pixels.copy()
    pixels[10:50, middle - 8 : middle + 8] += 0.2
    (frame,) = locate(replace(scan, pixels=pixels)).frames
    assert_outlines(frame, FORTY)


@pytest.mark.parametrize("padding", [0, 90])
def test_cut_off_end_is_flagged(padding):
    box = Box(-80.0 + padding, 1000.0, 60, 350)
    location = locate(truck(box, padded_cols=(padding, 0)))
    (frame,) = location.frames
    assert frame.cut_left
    assert not frame.cut_right
    assert Flag.CUT_OFF in location.flags
    assert frame.cols[0] == pytest.approx(padding, abs=END)
    assert frame.cols[1] == pytest.approx(1000, abs=END)


def test_whole_container_beside_padding_is_not_cut():
    location = locate(truck(FORTY, padded_cols=(60, 60)))
    assert Flag.CUT_OFF not in location.flags
    assert_outlines(location.frames[0], FORTY)


def test_bottom_padding_is_not_the_floor():
    scene = Scene()
    scene.container(FORTY)
    scene.chassis(120, 1260, FORTY.roof + FORTY.height, FORTY.row_per_m)
    scene.attenuation[490:] = 6
    (frame,) = locate(scene.image()).frames
    assert_outlines(frame, FORTY, floor=6)


@pytest.mark.parametrize("doors", ["left", "right"])
@pytest.mark.parametrize("reefer", [False, True])
def test_doors_are_at_the_end_with_leaf_and_bars(doors, reefer):
    box = Box(FORTY.left, FORTY.right, FORTY.roof, FORTY.height, doors=doors, reefer=reefer)
    location = locate(truck(box))
    assert location.frames[0].doors == doors
    assert Flag.DOORS_UNKNOWN not in location.flags


def test_doors_of_a_box_with_equal_ends_are_unknown():
    scene = Scene()
    scene.block(150, 1220, 60, 410, 0.1)
    scene.block(150, 1220, 60, 70, 0.5)
    for post in (150, 1206):
        scene.block(post, post + 14, 60, 410, 0.8)
    scene.chassis(120, 1250, 410, 135)
    location = locate(scene.image())
    assert location.frames[0].doors is None
    assert Flag.DOORS_UNKNOWN in location.flags


def test_empty_road_and_a_chassis_alone_are_no_container():
    with pytest.raises(ContainerNotFound, match="No container"):
        locate(Scene().image())
    scene = Scene()
    scene.chassis(100, 1300, 410, 135)
    with pytest.raises(ContainerNotFound, match="roof"):
        locate(scene.image())


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_constant_image_is_no_container(level):
    scene = Scene()
    scene.attenuation += level
    with pytest.raises(ContainerNotFound):
        locate(scene.image(noise=0.0))


def test_tiny_image_is_no_container():
    with pytest.raises(ContainerNotFound):
        locate(Scene(n_rows=3, n_cols=4).image())


def test_size_is_checked_by_length_and_by_height():
    box = Box(152.3, 1220.7, 60.4, 350)
    pitch_mm = 12_192 / (box.right - box.left)
    image = truck(box)
    twenty, forty = ContainerSize(6.058, 2.591), ContainerSize(12.192, 2.591)
    assert Flag.SIZE_MISMATCH not in locate(image, size=forty, column_pitch_mm=pitch_mm).flags
    assert Flag.SIZE_MISMATCH in locate(image, size=twenty, column_pitch_mm=pitch_mm).flags
    assert Flag.SIZE_MISMATCH not in locate(image, size=twenty).flags
    # a source far away sees every row at its own height
    rows_per_m = box.height / 2.591
    top = 4.2 + box.roof / rows_per_m
    far = FanGeometry("plane", 500.0, 1.0, "left", (top - 520 / rows_per_m, top))
    assert Flag.SIZE_MISMATCH not in locate(image, size=forty, geometry=far).flags
    high_cube = ContainerSize(12.192, 2.896)
    assert Flag.SIZE_MISMATCH in locate(image, size=high_cube, geometry=far).flags


def test_n_containers_is_checked():
    with pytest.raises(ValueError, match="n_containers"):
        locate(truck(FORTY), n_containers=3)
