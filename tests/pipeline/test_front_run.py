"""From nothing to a model of the front: its examples, and every way in which that ends early."""

import numpy as np
import pytest
import torch
from made_maps import example
from test_learn_run import CountingEngine

from scantriage import cli
from scantriage.errors import CannotLearn
from scantriage.io.weights import read_entry
from scantriage.learn.example import read_example, write_example
from scantriage.pipeline import front_examples, front_run, learn_run
from scantriage.pipeline.engines import Failure
from scantriage.pipeline.front_examples import (
    DRY,
    LOADED,
    MASS_KG,
    REEFERS,
    FrontOrder,
    front_wish,
    make_front_examples,
)
from scantriage.pipeline.model import load_front

NEITHER, CAME, WENT, BOTH = LOADED


@pytest.fixture(autouse=True)
def few(monkeypatch):
    threads = torch.get_num_threads()
    monkeypatch.setattr(front_run, "HELD_BACK_SHARE", 1.0)
    monkeypatch.setattr(learn_run, "LEAST", 2)
    monkeypatch.setattr(front_examples, "SCALE", (0.2, 0.21))
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def engine(monkeypatch):
    def with_job(job=None):
        made = CountingEngine(job)
        monkeypatch.setattr(front_run, "Engine", made)
        return made

    return with_job


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The pairs of one container with a load in its machinery."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front_examples, "SCALE", (0.2, 0.21))
        patch.setattr(front_examples, "REEFERS", {"22R1": 1.0})
        patch.setattr(front_examples, "DRY", {})
        patch.setattr(front_examples, "MACHINERY_SHARE", 1.0)
        patch.setattr(front_examples, "BY_CHANCE_SHARE", 0.0)
        patch.setattr(front_examples, "MASS_KG", (80.0, 81.0))
        order = FrontOrder(2_599_000, "train", tmp_path_factory.mktemp("fronts"))
        make_front_examples(order)
    return {loaded: read_example(order.path(loaded)) for loaded in LOADED}


def write_made(order):
    """Examples that were never simulated."""
    for loaded in LOADED:
        label = "clean" if loaded[0] == loaded[1] else "added"
        write_example(order.path(loaded), example(seed=order.seed, label=label))
    order.done.write_text("")


def learn(tmp_path, *, n_containers=4, n_epochs=1):
    return front_run.learn_front(
        tmp_path / "work", tmp_path / "models", n_containers=n_containers, n_epochs=n_epochs, n_workers=1,
        progress=lambda *_: None,
    )  # fmt: skip


def test_two_and_two_scans_of_a_container_make_four_pairs(made):
    assert [made[loaded].label for loaded in LOADED] == ["clean", "added", "removed", "clean"]
    assert {one.container for one in made.values()} == {2_599_000}
    assert {one.place for one in made.values()} == {"", "reefer"}


def test_the_load_is_marked_where_it_came_and_where_it_went(made):
    assert made[CAME].masks[0].any()
    assert not made[CAME].masks[1].any()
    np.testing.assert_array_equal(made[CAME].masks, made[WENT].masks[::-1])
    for loaded in (NEITHER, BOTH):
        assert not made[loaded].masks.any()
        assert made[loaded].net_kg == (0.0,)


def test_what_came_weighs_more_and_what_stands_in_both_scans_does_not(made):
    inside = made[CAME].masks[0] > 0
    kg = {loaded: float(one.maps.channels[0][inside].sum()) for loaded, one in made.items()}
    came, went, both = (kg[loaded] - kg[NEITHER] for loaded in (CAME, WENT, BOTH))
    assert came > 15
    assert went < -15
    assert abs(both) < came / 2


def test_wishes_put_loads_to_the_front():
    wishes = [front_wish(np.random.default_rng(seed)) for seed in range(400)]
    assert {wish.size_type for wish in wishes} == {*REEFERS, *DRY}
    assert all(MASS_KG[0] <= wish.mass_kg <= MASS_KG[1] for wish in wishes)
    assert all(wish.size_type in REEFERS for wish in wishes if wish.place == "reefer")
    assert {wish.place for wish in wishes} == {"reefer", "front_wall", None}


def test_run_again_it_makes_nothing_anew(tmp_path, engine):
    engine(write_made)
    assert learn(tmp_path) == []
    again = engine(write_made)
    learn(tmp_path)
    assert again.done == []
    entry = read_entry(tmp_path / "models", "front")
    assert entry.n_pairs == 4
    assert load_front(tmp_path / "models") is not None
    assert "`scantriage learn-front`" in (tmp_path / "models" / entry.card).read_text()


def test_no_container_is_both_trained_on_and_held_back(tmp_path, engine):
    made = engine(write_made)
    learn(tmp_path)
    trained, held_back = ({o.seed for o in made.done if o.split == split} for split in ("train", "held_out"))
    assert (len(trained), len(held_back)) == (4, 4)
    assert not trained & held_back


def test_what_cannot_be_compared_is_told(tmp_path, engine):
    def refused(order):
        write_made(order)
        if order.seed % 4 == 0:
            order.done.write_text("Too dark.")

    engine(refused)
    assert learn(tmp_path) == ["Container 2600000 (train): Too dark.", "Container 3600000 (held_out): Too dark."]


def test_a_full_disk_ends_it_with_one_sentence(tmp_path, engine):
    engine(lambda _: Failure("raised", "no space left", disk_full=True))
    with pytest.raises(CannotLearn, match="The disk is full"):
        learn(tmp_path)


def test_too_few_examples_are_refused(tmp_path, engine):
    engine(lambda order: order.done.write_text("Too dark."))
    with pytest.raises(CannotLearn, match=r"too few.*Too dark"):
        learn(tmp_path)


def test_its_command_asks_for_enough(tmp_path, capsys, monkeypatch):
    asked = {}
    monkeypatch.setattr(front_run, "learn_front", lambda *_, **options: asked.update(options) or ["Container 1: no."])
    monkeypatch.setattr(cli.sys, "argv", ["scantriage", "learn-front", str(tmp_path), "--containers", "100"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)
    assert (asked["n_containers"], asked["n_epochs"]) == (100, 9)
    assert "Container 1: no." in capsys.readouterr().err
