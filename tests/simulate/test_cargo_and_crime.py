"""Containers, loads, voyages and hidden loads as physical things."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scantriage.scan.container import size_of
from scantriage.simulate.commodities import DRY_GOODS, REEFER_GOODS, draw_load
from scantriage.simulate.concealment import PACKET_KG, hide, places_in
from scantriage.simulate.contents import Stash, Wish, draw_contents
from scantriage.simulate.solids import total_mass_kg
from scantriage.simulate.structure import build_box
from scantriage.simulate.voyage import Voyage, sail

LOADS = [("45R1", name) for name in REEFER_GOODS] + [("45G1", name) for name in DRY_GOODS]


def loaded(code, commodity, seed=0):
    rng = np.random.default_rng(seed)
    box = build_box(size_of(code), rng)
    return box, draw_load(box.room, rng, reefer=box.size.reefer, commodity=commodity), rng


# tare from makers' data sheets, kg
@pytest.mark.parametrize(("code", "tare_kg"), [
    ("22G1", 2_200), ("42G1", 3_700), ("45G1", 3_900), ("L5G1", 4_700), ("22R1", 2_900), ("45R1", 4_650),
])  # fmt: skip
def test_an_empty_container_weighs_its_tare(code, tare_kg):
    box = build_box(size_of(code), np.random.default_rng(1))
    # 20 %: what different makers differ by, and locks, seals and paint that are not modelled
    assert total_mass_kg(box.solids) == pytest.approx(tare_kg, rel=0.2)


@pytest.mark.parametrize(("code", "commodity"), LOADS)
def test_a_load_lies_in_its_room_and_may_be_carried(code, commodity):
    box, load, _ = loaded(code, commodity)
    assert 0 <= load.mass_kg <= 27_500
    for solid in load.solids:
        assert solid.x0 >= box.room.x[0] - 0.03
        assert solid.x1 <= box.room.x[1] + 0.03
        assert solid.y0 >= box.room.y[0] - 0.03
        assert solid.y1 <= box.room.y[1] + 0.03
        assert solid.z1 <= box.room.z[1] + 0.1


@pytest.mark.parametrize(("code", "commodity"), LOADS)
def test_a_voyage_moves_cargo_a_little_and_adds_no_mass(code, commodity):
    box, load, rng = loaded(code, commodity)
    voyage = Voyage(0.012, 0.01, 0.01, 0.02, 0.004, 0.01, 0.0)
    arrived = sail(load, box.room, voyage, rng)
    # dried by a per cent; straps and melt water weigh up to a few kilograms
    assert arrived.mass_kg == pytest.approx(0.99 * load.mass_kg, rel=1e-3, abs=40)
    for before, after in zip(
        sorted(load.units, key=lambda u: min(s.x0 for s in u.solids)), arrived.units, strict=False
    ):
        assert abs(after.solids[0].x0 - before.solids[0].x0) < 0.35
        assert min(s.x0 for s in after.solids) >= box.room.x[0] - 0.05
        assert max(s.x1 for s in after.solids) <= box.room.x[1] + 0.05


@pytest.mark.parametrize(
    ("code", "commodity"), [("45R1", "bananas"), ("45G1", "coffee"), ("22G1", "empty"), ("45G1", "drums")]
)
def test_a_hidden_load_has_its_mass_at_its_place(code, commodity):
    box, load, rng = loaded(code, commodity)
    for place in places_in(box, load):
        hidden = hide(box, load, place, 20.0, rng)
        assert hidden.mass_kg == pytest.approx(20.0, abs=PACKET_KG)
        assert hidden.net_kg <= hidden.mass_kg + 1e-6
        assert -0.02 <= hidden.box.x0 < hidden.box.x1 <= box.size.length_m + 0.02
        assert -0.02 <= hidden.box.z0 < hidden.box.z1 <= box.size.height_m + 0.3


def test_the_zones_are_where_their_names_say():
    box, load, rng = loaded("45R1", "bananas")
    length, height = box.size.length_m, box.size.height_m
    assert hide(box, load, "doors", 30, rng).box.x0 > length - 1.5
    assert hide(box, load, "reefer", 30, rng).box.x1 < 0.5
    assert hide(box, load, "roof", 30, rng).box.z0 > height - 0.35
    assert hide(box, load, "underfloor", 30, rng).box.z1 < 0.35


def test_what_is_hidden_in_goods_displaces_them():
    box, load, rng = loaded("45R1", "bananas")
    hidden = hide(box, load, "in_cargo", 60.0, rng)
    density = np.median([s.density for s in load.solids if s.material == "fruit"])
    # packets of 1.1 g/cm3 in fruit: net is what is denser, give or take the gaps between cartons
    assert hidden.net_kg == pytest.approx(60.0 * (1 - density / 1.1), rel=0.25)


def test_a_place_that_is_not_there_is_refused():
    box, load, rng = loaded("45G1", "empty")
    with pytest.raises(ValueError, match="offers no reefer"):
        hide(box, load, "reefer", 20.0, rng)


def test_a_wish_for_a_place_that_is_not_there_is_left_to_chance():
    wish = Wish("added", "reefer", 20.0, "45G1", "empty")
    first, again = (draw_contents(np.random.SeedSequence(4), one) for one in (wish, replace(wish, place=None)))
    assert first.hidden[1].place == again.hidden[1].place != "reefer"


@pytest.mark.parametrize("seed", range(6))
def test_what_is_hidden_beside_is_clear_of_all_else_and_shows_in_one_scan(seed):
    wish = Wish("moved", mass_kg=40.0, size_type="45G1", further=(Stash(mass_kg=30.0),) * 6)
    alone, made = (draw_contents(np.random.SeedSequence(seed), one) for one in (replace(wish, further=()), wish))
    assert made.hidden == alone.hidden
    spans = sorted((one.box.x0, one.box.x1) for one in (*made.further[0], *made.further[1]))
    assert 0 < len(spans) <= 6
    first = [(one.box.x0, one.box.x1) for one in made.hidden]
    for (_, end), (start, _) in pairwise(spans):
        assert start > end + 0.4
    assert all(start > end + 0.4 or begin > stop + 0.4 for start, stop in spans for begin, end in first)
    for end, before, after in zip((0, 1), (alone.origin, alone.rescan), (made.origin, made.rescan), strict=True):
        assert after[: len(before)] == before
        assert after[len(before) :] == tuple(solid for one in made.further[end] for solid in one.solids)
