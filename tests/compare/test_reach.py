"""From which mass on a load shows: what it must follow from, and what must make no difference."""

from dataclasses import replace

import numpy as np
import pytest
from made_maps import circumstances

from scantriage.compare.maps import CHANNELS, Maps
from scantriage.compare.reach import PER_MASS, PER_SD, shows_from
from scantriage.scan.container import ContainerSize
from scantriage.scan.finding import NEVER_KG, Reading

SHAPE = (65, 100)  # of 4 by 6 cm
SIZE = ContainerSize(6.0, 2.6)


def told(*, sd_kg=1.0, cargo_g_cm2=10.0, size=SIZE, doors_known=True):
    channels = np.zeros((len(CHANNELS), *SHAPE), np.float32)
    for name, value in (("sd_kg", sd_kg), ("origin", cargo_g_cm2), ("rescan", cargo_g_cm2)):
        channels[CHANNELS.index(name)] = value
    maps = Maps(channels, circumstances(SHAPE, reefer=size.reefer))
    return shows_from(maps, size, doors_known=doors_known)


def test_what_is_known_half_as_well_must_be_so_much_heavier():
    ratio = told(sd_kg=0.5)["cargo"] / told(sd_kg=0.25)["cargo"]
    assert ratio == pytest.approx(2 ** (-PER_SD / PER_MASS), rel=0.1)  # both are told to two digits


def test_among_more_cargo_a_load_must_be_heavier():
    thin, thick = told(cargo_g_cm2=5.0), told(cargo_g_cm2=80.0)
    assert all(thin[zone] < thick[zone] for zone in thin)


def test_under_the_floor_it_must_be_heavier_than_behind_the_doors():
    shows = told()
    assert shows["door_end"] < shows["cargo"] < shows["floor"]


def test_every_zone_of_the_container_is_told_and_no_other():
    assert set(told()) == {"door_end", "cargo", "floor", "roof", "front_wall"}
    assert set(told(size=replace(SIZE, reefer=True))) == {"door_end", "cargo", "floor", "roof", "reefer_unit"}
    assert set(told(doors_known=False)) == {"door_end", "cargo", "floor", "roof"}  # either end may be the doors


def test_where_nothing_is_known_nothing_shows():
    assert set(told(sd_kg=1e4).values()) == {NEVER_KG}


def test_one_place_that_is_seen_badly_does_not_speak_for_its_zone():
    channels = np.zeros((len(CHANNELS), *SHAPE), np.float32)
    channels[CHANNELS.index("sd_kg")] = 1.0
    even = shows_from(Maps(channels, circumstances(SHAPE)), SIZE, doors_known=True)
    worse = channels.copy()
    worse[CHANNELS.index("sd_kg"), 20:30, 30:40] = 50.0
    assert shows_from(Maps(worse, circumstances(SHAPE)), SIZE, doors_known=True) == even


def test_a_reading_says_it_in_a_sentence_and_leaves_out_where_nothing_would_show():
    told = {"door_end": 12.0, "cargo": 45.0, "floor": NEVER_KG, "front_wall": NEVER_KG}
    reading = Reading("compared", shows_from_kg=told)
    assert reading.reach == (
        "A load would have shown from about 12 kg behind the doors, 45 kg in the cargo; "
        "a lighter one, or one elsewhere, may not have."
    )
    either = Reading("compared", shows_from_kg={"door_end": 12.0})  # no front is told: either end may have the doors
    assert either.reach.startswith("A load would have shown from about 12 kg at either end;")
    assert Reading("compared", shows_from_kg={"floor": NEVER_KG}).reach == ""
    assert Reading("single").reach == ""
