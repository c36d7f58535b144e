"""Repeated trainings: as many pictures of each class to learn from, and how far the scores vary."""

import json
from statistics import mean, stdev

import pytest

import saccade as sc
from made import save_picture
from saccade.cli import main
from saccade.core.errors import ConfigError, UsageError
from saccade.data.datasets.picture import classes_of
from saccade.data.datasets.splits.folds import balanced
from saccade.training.repeat import last_scores, repeat
from saccade.training.run import Run


@pytest.fixture
def photos(tmp_path):
    """Nine pictures of ants and six of bees."""
    for seed, (name, count) in enumerate((("ant", 9), ("bee", 6))):
        for number in range(count):
            save_picture(tmp_path / "photos" / name / f"{number}.png", seed=100 * seed + number)
    return tmp_path / "photos"


def test_as_many_of_each_class_are_learnt_from(photos) -> None:
    data = sc.open_data(photos)
    learnt, measured = balanced(data, 4, seed=1)
    assert sorted(min(classes_of(learnt, index)) for index in range(len(learnt))) == [0] * 4 + [1] * 4
    names = [{side.id(index) for index in range(len(side))} for side in (learnt, measured)]
    assert len(names[1]) == 7
    assert names[0] | names[1] == {data.id(index) for index in range(15)}
    other, _ = balanced(data, 4, seed=2)
    assert {other.id(index) for index in range(8)} != names[0]
    with pytest.raises(ConfigError, match=r"more than 6 pictures of each class.*6 of 'bee'"):
        balanced(data, 6)


def test_mean_and_deviation_are_those_of_the_last_checkpoints(tmp_path) -> None:
    values = {3: 0.5, 4: 0.9, 5: 0.7}

    def train(seed: int, out) -> Run:
        out.mkdir(parents=True)
        epoch = {"epoch": 0, "at_step": 2, "loss": 1.0, "top1": 0.99, "val_pictures": 4}
        last = {**epoch, "epoch": 1, "at_step": 4, "top1": values[seed], "auc": None if seed == 4 else 0.5}
        (out / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in (epoch, last)))
        return Run(out, 4, {"top1": 0.99})

    repeats = repeat(train, 3, tmp_path / "all", seed=3)
    assert repeats.scores == {"top1": (0.5, 0.9, 0.7)}
    assert repeats.spread["top1"] == pytest.approx((mean(values.values()), stdev(values.values())))
    told = json.loads((tmp_path / "all" / "repeats.json").read_text())
    assert told["top1"]["values"] == [0.5, 0.9, 0.7]
    with pytest.raises(UsageError, match="two repetitions"):
        repeat(train, 1, tmp_path / "one")


def test_the_command_repeats_and_goes_on(photos, tmp_path, capsys) -> None:
    words = ["train", "lenet5", "--data", str(photos), "--fold", "4/class", "--steps", "1", "--batch", "8"]
    words += ["--workers", "0", "--seed", "7", "--repeat", "2", "--out", str(tmp_path / "runs")]
    assert main(words) == 0
    told = capsys.readouterr().out
    runs = [tmp_path / "runs" / f"repeat-{number}" for number in (1, 2)]
    assert all(last_scores(run)["top1"] <= 1 for run in runs)
    found = json.loads((tmp_path / "runs" / "repeats.json").read_text())
    recall = found["mean_class_recall"]
    assert [line.split() for line in told.splitlines() if line.strip().startswith("mean_class_recall")] == [
        ["mean_class_recall", f"{recall['mean']:.4f}", "±", f"{recall['sd']:.4f}"]
    ]
    assert main(words) == 1  # the folder is taken
    assert main([*words, "--resume"]) == 0
