"""From nothing to a model: examples, training, calibration, card; and every way in which that ends early."""

import errno
from dataclasses import replace

import numpy as np
import pytest
import torch
from made_maps import example

from scantriage import cli
from scantriage.compare.maps import CHANNELS
from scantriage.errors import CannotLearn, NotComparable
from scantriage.io.weights import read_entry
from scantriage.learn.example import read_example, write_example
from scantriage.pipeline import examples, learn_run
from scantriage.pipeline.engines import Failure
from scantriage.pipeline.examples import (
    AS_FOUND_SHARE,
    HARD_PLACES,
    HARD_SHARE,
    LABELS,
    MASS_KG,
    ExampleOrder,
    drawn_wish,
    make_example,
)
from scantriage.pipeline.model import load_model
from scantriage.simulate.contents import Stash, Wish
from scantriage.simulate.pair import simulate_pair

FIRST = learn_run.FIRST_SEED["train"]
EMPTY_BOX = Wish(label="added", place="floor", mass_kg=150.0, size_type="22G1", commodity="empty")


class CountingEngine:
    """Does the job of learn_run in this process, and counts; the job may be another one."""

    def __init__(self, job=None):
        self.job, self.done = job, []

    def __call__(self, *_limits):
        return self

    def run(self, job, orders):
        for order in orders:
            self.done.append(order)
            yield order, (self.job or job)(order)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Few and small pairs, as many held back as trained on."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(learn_run, "HELD_BACK_SHARE", 1.0)
    monkeypatch.setattr(learn_run, "LEAST", 2)
    monkeypatch.setattr(examples, "SCALE", (0.15, 0.16))
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def engine(monkeypatch):
    def with_job(job=None):
        made = CountingEngine(job)
        monkeypatch.setattr(learn_run, "Engine", made)
        return made

    return with_job


def write_made(order):
    """An example that was never simulated, every second one with a load."""
    label = "added" if order.seed % 2 else "clean"
    write_example(order.path, example(seed=order.seed, label=label, net_kg=30.0 * (order.seed % 2)))


def learn(tmp_path, *, n_pairs=8, n_epochs=1, models="models", work="work", onward=False):
    return learn_run.learn(
        tmp_path / work, tmp_path / models, n_pairs=n_pairs, n_epochs=n_epochs, n_workers=1, onward=onward,
        progress=lambda *_: None,
    )  # fmt: skip


def test_a_model_is_made_from_nothing_but_a_folder(tmp_path, engine, monkeypatch):
    # so few and small that they teach little
    monkeypatch.setattr(examples, "LABELS", {"added": 1.0})
    monkeypatch.setattr(learn_run, "LEAST", 1)
    engine()
    left_out = learn(tmp_path, n_pairs=6)
    assert len(left_out) <= 4
    made = sorted(path.name for path in (tmp_path / "work" / "examples").glob("*.npz"))
    assert len(made) == 12 - len(left_out)
    one = read_example(tmp_path / "work" / "examples" / made[0])
    opinion = load_model(tmp_path / "models")(one.maps)
    assert opinion.places.shape == one.masks[:, one.maps.inside].shape
    assert np.isfinite(opinion.pair)


def test_run_again_it_makes_nothing_anew_and_gives_the_same_model(tmp_path, engine):
    engine(write_made)
    learn(tmp_path, n_epochs=2)
    again = engine(write_made)
    learn(tmp_path, n_epochs=2, models="again")
    assert again.done == []
    first, second = ((tmp_path / name / "comparison.safetensors").read_bytes() for name in ("models", "again"))
    assert first == second


def test_no_container_is_both_trained_on_and_held_back(tmp_path, engine):
    """A seed is a container with its load and what the voyage did to it, whichever scanners see it."""
    made = engine(write_made)
    learn(tmp_path, n_pairs=20)
    trained, held_back = (
        {order.seed for order in made.done if order.split == split} for split in ("train", "held_out")
    )
    assert (len(trained), len(held_back)) == (20, 20)
    assert not trained & held_back
    most = {order.seed for order in learn_run.orders_of(tmp_path, learn_run.MOST_PAIRS) if order.split == "train"}
    assert max(most) + 1 == learn_run.FIRST_SEED["held_out"]


def test_what_goes_on_from_a_model_takes_pairs_that_it_has_not_seen_and_says_so(tmp_path, engine):
    first = engine(write_made)
    learn(tmp_path)
    before = read_entry(tmp_path / "models", "comparison")
    second = engine(write_made)
    learn(tmp_path, work="more", n_pairs=6, onward=True)
    after = read_entry(tmp_path / "models", "comparison")
    third = engine(write_made)
    learn(tmp_path, work="still more", onward=True)
    seeds = [{order.seed for order in made.done if order.split == "train"} for made in (first, second, third)]
    assert [len(some) for some in seeds] == [8, 6, 8]
    assert seeds[0] | seeds[1] | seeds[2] == set(range(FIRST, FIRST + 22))
    assert (before.n_pairs, after.n_pairs) == (8, 14)
    assert before.sha256 != after.sha256
    assert f"--onward` from the model {after.sha256[:16]}" in (tmp_path / "models" / "comparison.md").read_text()


def test_nothing_goes_on_from_nothing(tmp_path):
    with pytest.raises(CannotLearn, match=r"models holds no model to go on from; learn without --onward\.$"):
        learn(tmp_path, onward=True)


def test_more_pairs_than_seeds_are_not_asked_for(tmp_path):
    with pytest.raises(CannotLearn, match="1000001 pairs are too many; ask for 1000000 at most"):
        learn(tmp_path, n_pairs=1_000_001)


def test_only_examples_that_are_missing_are_made(tmp_path, engine):
    engine(write_made)
    learn(tmp_path)
    missing = tmp_path / "work" / "examples" / f"train-{FIRST + 3}.npz"
    missing.unlink()
    again = engine(write_made)
    learn(tmp_path)
    assert [order.path for order in again.done] == [missing]


def test_the_card_tells_what_the_model_was_made_from(tmp_path, engine):
    engine(write_made)
    learn(tmp_path, n_epochs=2)
    card = (tmp_path / "models" / "comparison.md").read_text()
    assert "2 epochs, seed 0" in card
    assert "8 simulated pairs by 400 random scanners (4 clean, 4 added)" in card
    assert "8 simulated pairs by 100 other scanners" in card
    assert "| 20 kg net and more | 4 |" in card
    assert "| 0 |" in card
    assert "| 1 |" in card


def test_pairs_that_cannot_be_compared_are_left_out_and_not_tried_again(tmp_path, engine, monkeypatch):
    def refused(_case):
        raise NotComparable("Too little can be compared.")

    def job(order):
        return make_example(order) if order.seed == FIRST + 1 else write_made(order)

    monkeypatch.setattr(examples, "simulate_pair", lambda seed, **_: seed)
    monkeypatch.setattr(examples, "read_case", refused)
    monkeypatch.setattr(examples, "DISPLAY_SHARE", 0.0)
    engine(job)
    said = learn(tmp_path)
    assert said == [f"Pair {FIRST + 1} (train): Too little can be compared."]
    again = engine(job)
    assert learn(tmp_path) == said
    assert again.done == []


def test_a_fault_of_ours_is_told_and_tried_again(tmp_path, engine):
    def job(order):
        return Failure("late", "took too long") if order.seed == FIRST else write_made(order)

    engine(job)
    assert learn(tmp_path, n_pairs=9) == [f"Pair {FIRST} (train): took too long"]
    again = engine(job)
    learn(tmp_path, n_pairs=9)
    assert len(again.done) == 1


@pytest.mark.parametrize(
    ("n_pairs", "job", "said"),
    [
        (3, write_made, "2 clean and 1 changed pairs to train on are too few; 2 of each are needed"),
        (8, lambda _: Failure("crashed", "stopped its worker"), "0 clean and 0 changed pairs to train on"),
        (8, lambda _: Failure("crashed", "stopped its worker"), "16 were left out, such as this one: Pair 500000"),
        (8, lambda _: "Too little can be compared.", "Too little can be compared."),
        (8, lambda order: write_made(order) if order.split == "train" else "No.", "pairs held back are too few"),
        (8, lambda _: Failure("raised", "No space left on device", disk_full=True), "The disk is full: "),
    ],
)
def test_too_few_examples_end_it_in_one_sentence(tmp_path, engine, n_pairs, job, said):
    engine(job)
    with pytest.raises(CannotLearn) as ended:
        learn(tmp_path, n_pairs=n_pairs)
    assert said in ended.value.sentence
    assert "\n" not in ended.value.sentence
    assert not (tmp_path / "models" / "manifest.json").exists()


def test_a_disk_that_fills_up_in_an_epoch_is_named_by_its_folder(tmp_path, engine, monkeypatch):
    """Where nothing more can be written, the system names no file."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    engine(write_made)
    monkeypatch.setattr(learn_run, "train", full)
    with pytest.raises(CannotLearn) as ended:
        learn(tmp_path)
    assert ended.value.sentence == f"The disk is full: {tmp_path / 'work'}."


def test_a_damaged_example_ends_it_in_one_sentence(tmp_path, engine):
    engine(write_made)
    learn(tmp_path)
    path = tmp_path / "work" / "examples" / f"train-{FIRST}.npz"
    path.write_bytes(b"")
    with pytest.raises(CannotLearn, match="is damaged or of another version; delete it"):
        learn(tmp_path)


def test_another_number_of_pairs_in_the_same_folder_is_refused(tmp_path, engine):
    engine(write_made)
    learn(tmp_path)
    with pytest.raises(CannotLearn, match=r"pairs 8, not 12.*delete it, or learn in another folder"):
        learn(tmp_path, n_pairs=12)


@pytest.mark.parametrize("blocked", ["work", "models"])
def test_a_folder_that_cannot_be_made_is_told_before_hours_of_work(tmp_path, engine, blocked):
    (tmp_path / blocked).write_text("a letter")
    made = engine(write_made)
    with pytest.raises(CannotLearn, match=f"{blocked} cannot be used"):
        learn(tmp_path)
    assert made.done == []


@pytest.fixture
def told(monkeypatch):
    """What the command asks for."""
    told = {}

    def run(folder, models, **options):
        told.update(options, folder=folder, models=models)
        return [f"Pair {k} (train): No." for k in range(25)]

    monkeypatch.setattr(learn_run, "learn", run)
    return told


def command(monkeypatch, *words):
    monkeypatch.setattr(cli.sys, "argv", ["scantriage", "learn", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)


def test_the_command_says_where_the_model_is_and_what_was_left_out(tmp_path, monkeypatch, capsys, told):
    command(monkeypatch, tmp_path, "--models", tmp_path / "m")
    said = capsys.readouterr()
    assert said.out.strip() == f"Model and card: {tmp_path / 'm'}"
    assert "scantriage: 5 more were left out." in said.err
    assert (told["folder"], told["n_pairs"], told["n_epochs"], told["onward"]) == (tmp_path, 22_000, 15, False)


def test_onward_is_passed_on_with_how_often_each_pair_is_seen(tmp_path, monkeypatch, told):
    command(monkeypatch, tmp_path, "--onward", "--epochs", 9)
    assert (told["onward"], told["n_epochs"]) == (True, 9)


@pytest.mark.parametrize(("display_share", "seed"), [(0.0, 2), (1.0, 22)])
def test_an_example_marks_the_load_where_the_comparison_shows_it(tmp_path, monkeypatch, display_share, seed):
    """150 kg on the floor of an empty box: most of what the comparison finds added lies where it was put."""
    monkeypatch.setattr(examples, "SCALE", (0.25, 0.26))
    monkeypatch.setattr(examples, "DISPLAY_SHARE", display_share)
    monkeypatch.setattr(
        examples, "simulate_pair", lambda seed, **options: simulate_pair(seed, **options | {"wish": EMPTY_BOX})
    )
    order = ExampleOrder(seed, "train", tmp_path)
    assert make_example(order) is None
    made = read_example(order.path)
    assert (made.label, made.place, made.commodity) == ("added", "floor", "empty")
    assert made.masks[0].any()
    assert not made.masks[1].any()
    added = np.maximum(made.maps.channels[CHANNELS.index("mass_kg")], 0)
    # a box of 5 % of the cells at most, its edges blurred by what registration leaves
    assert (made.masks[0] == 1).mean() < 0.05
    assert added[made.masks[0] == 1].sum() > 0.4 * added.sum()
    assert 20 < made.net_kg[0] <= 150


def test_of_each_container_there_is_a_pair_to_which_something_was_done_and_one_to_which_nothing_was(
    tmp_path, monkeypatch
):
    cases = []
    monkeypatch.setattr(examples, "DISPLAY_SHARE", 0.0)
    monkeypatch.setattr(examples, "LABELS", {"added": 1.0})
    monkeypatch.setattr(examples, "MOST_FURTHER", {"train": 0})
    monkeypatch.setattr(
        examples, "simulate_pair", lambda *args, **options: cases.append(simulate_pair(*args, **options)) or cases[-1]
    )
    for seed in (44, 45, 46):
        make_example(ExampleOrder(seed, "train", tmp_path))
    done, nothing, other = cases
    assert (done.truths[0].label, nothing.truths[0].label) == ("added", "clean")
    assert np.array_equal(done.origin.counts, nothing.origin.counts)
    assert done.rescan.scanner == nothing.rescan.scanner
    assert not np.array_equal(done.rescan.counts, nothing.rescan.counts)
    assert other.origin.counts.shape != done.origin.counts.shape


def test_pairs_to_learn_from_hold_more_where_least_is_found():
    wishes = [drawn_wish(np.random.default_rng(seed), 5) for seed in range(2000)]
    for label, share in LABELS.items():
        assert np.mean([wish.label == label for wish in wishes]) == pytest.approx(share, abs=0.04)
    for place in HARD_PLACES:
        asked = np.mean([wish.place == place for wish in wishes])
        assert asked == pytest.approx(HARD_SHARE / len(HARD_PLACES), abs=0.03)
    masses = [wish.mass_kg for wish in wishes if wish.mass_kg is not None]
    assert len(masses) == pytest.approx(len(wishes) * (1 - AS_FOUND_SHARE), rel=0.05)
    assert MASS_KG[0] <= min(masses) < np.exp(np.log(MASS_KG).mean()) < max(masses) <= MASS_KG[1]
    assert {len(wish.further) for wish in wishes} == set(range(6))


def test_each_of_many_loads_is_marked_with_its_own_number_and_mass(tmp_path, monkeypatch):
    monkeypatch.setattr(examples, "SCALE", (0.25, 0.26))
    monkeypatch.setattr(examples, "DISPLAY_SHARE", 0.0)
    two = replace(EMPTY_BOX, place="front_wall", mass_kg=80.0, further=(Stash("doors", 60.0),))
    monkeypatch.setattr(
        examples, "simulate_pair", lambda seed, **options: simulate_pair(seed, **options | {"wish": two})
    )
    order = ExampleOrder(2, "train", tmp_path)
    assert make_example(order) is None
    made = read_example(order.path)
    assert made.net_kg == pytest.approx((80, 60), abs=3)
    first, second = ((made.masks == number).any(axis=0) for number in (1, 2))
    middle = made.masks.shape[2] // 2
    assert first[:, :middle].any()
    assert not first[:, middle:].any()
    assert second[:, middle:].any()
    assert not second[:, :middle].any()


def test_what_is_held_back_has_one_load_as_containers_in_a_port_have(tmp_path, monkeypatch):
    asked = []

    def simulated(seed, **options):
        asked.append((options["split"], len(options["wish"].further)))
        return simulate_pair(seed, **options)

    monkeypatch.setattr(examples, "simulate_pair", simulated)
    for seed in range(0, 12, 2):
        for split in ("train", "held_out"):
            make_example(ExampleOrder(seed, split, tmp_path))
    assert max(n for split, n in asked if split == "train") > 1
    assert max(n for split, n in asked if split == "held_out") == 0
