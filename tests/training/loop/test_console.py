"""What the person who waits reads: one line an epoch, what a validation takes, and no more."""

import re

import pytest

import saccade as sc
from helpers import TinyDataset
from saccade.training.loop.console import Console, announced
from saccade.training.loop.epoch_news import EpochNews, Pace, clock
from small_runs import train


def test_an_epoch_is_one_line_with_headline_loss_speed_and_time():
    scores = {"loss": 0.4, "AP50": 0.5, "AP": 0.25, "AR1": 0.1, "voc_ap": None}
    news = EpochNews(3, 120, 0.51234, scores, ("AP50", "AP"), "", True, 38.04, 151.0, 3661.0)
    assert news.line == (
        "epoch 3  step 120  loss 0.5123  val loss 0.4000  AP50 0.5000  AP 0.2500  best  38 pictures/s  "
        "2:31, 1:01:01 left"
    )
    assert EpochNews(0, 1, 0.5, elapsed=2.0).line == "epoch 0  step 1  loss 0.5000  0:02"
    assert "(on 5 of 9 pictures)" in EpochNews(0, 1, 0.5, scores, ("AP",), "on 5 of 9 pictures").line


def test_a_long_validation_says_what_it_takes_and_how_to_make_it_shorter():
    assert announced(77, 95.0, 200.0) == "validating on 77 pictures: about 1:35"
    assert announced(77, 95.0, None) == "validating on 77 pictures: about 1:35"
    assert announced(77, 900.0, 20.0).endswith(
        "longer than the 0:20 of training before it; fewer pictures take less: --val 0.1"
    )


def test_clocks_and_pace():
    assert [clock(s) for s in (0.0, 59.6, 3600.0, -3.0)] == ["0:00", "1:00", "1:00:00", "0:00"]
    assert Pace(10.0, 30).speed(15.0) == 6.0
    assert Pace(10.0, 0).speed(15.0) is None
    assert Pace(10.0, 5).speed(10.0) is None


@pytest.fixture
def quick_clock(monkeypatch):
    """A clock of the console that goes on by five seconds with each look at it."""
    now = iter(range(0, 10**6, 5))
    monkeypatch.setattr("saccade.training.loop.console.time.monotonic", lambda: float(next(now)))


def test_progress_is_told_while_validating(quick_clock, capfd):
    console = Console(True)
    for done in range(0, 41, 2):
        console.measuring(done, 40, trained=10.0)
    told = [line.strip() for line in capfd.readouterr().err.splitlines()]
    assert re.fullmatch(
        r"validating on 40 pictures: about \d+:\d\d, longer than the 0:10 of training before it; .*", told[0]
    )
    assert len(told) > 2
    assert all(re.fullmatch(r"validating \d+/40 pictures, \d+:\d\d left", line) for line in told[1:])


def test_a_long_epoch_gives_signs_of_life(quick_clock, capfd):
    console = Console(True)
    for step in range(20):
        console.step(f"epoch 0  step {step}  loss 1.0", step / 20, 60.0)
    told = capfd.readouterr().err.splitlines()
    assert 2 <= len(told) < 10
    assert all(line.endswith("%, 1:00 left") for line in told)


def test_a_training_tells_each_validated_epoch_in_one_line_by_its_headline(tmp_path, capfd):
    classes = sc.open_data("scenes:count=8,size=32").classes
    network = sc.build("resnet18", classes, width=0.125)
    network.input = network.input.resized(32)
    train(tmp_path / "run", network, "scenes:count=8,size=32", val="val", epochs=2)
    told = capfd.readouterr().err
    epochs = [line for line in told.splitlines() if line.startswith("epoch ")]
    assert len(epochs) == 2
    for number, line in enumerate(epochs):
        pattern = (
            rf"epoch {number}  step \d+  loss [\d.]+  val loss [\d.]+  top1 [\d.]+  (best  )?[\d.e+]+ pictures/s  .*"
        )
        assert re.fullmatch(pattern, line), line
    assert re.search(r"best checkpoint, measured on 50 pictures: top1 [\d.]+$", told, re.MULTILINE)
    assert "top5" not in told
    assert "error" not in told


def test_without_validation_epochs_that_are_over_at_once_are_not_all_told(tmp_path, capfd):
    train(tmp_path / "run", data=TinyDataset(4), epochs=30)
    epochs = [line for line in capfd.readouterr().err.splitlines() if line.startswith("epoch ")]
    assert len(epochs) < 30
