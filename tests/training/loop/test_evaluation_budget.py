"""What --minutes leave for evaluation: all pictures where they fit, fewer where they would not, and never silently."""

import pytest

from helpers import TinyDataset
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop.evaluation_budget import DRAWN, REPORT_SECONDS, EvaluationBudget
from saccade.training.loop.validation import Validator
from small_runs import lines, train

TEN_MINUTES = EvaluationBudget(600.0, 1000)


def test_steps_and_epochs_measure_everything_whatever_it_takes():
    free = EvaluationBudget(None, 1000)
    assert (free.on_the_way(99.0), free.at_the_end(99.0), free.reserve(99.0, 1000)) == (1000, 1000, 0.0)
    assert free.is_due(99.0, 1000, 0.0, 0.0)


def test_quick_pictures_are_all_measured():
    assert (TEN_MINUTES.on_the_way(0.01), TEN_MINUTES.at_the_end(0.01)) == (1000, 1000)
    assert TEN_MINUTES.reserve(0.01, 1000) == pytest.approx(0.01 * (1000 + DRAWN + 1000) + REPORT_SECONDS)
    assert TEN_MINUTES.drawn(0.01, 60.0) is None


@pytest.mark.parametrize("each", [0.1, 0.5, 1.0, 5.0, 60.0])
@pytest.mark.parametrize("seconds", [60.0, 600.0, 7200.0])
def test_the_end_takes_a_quarter_at_most_or_one_picture(seconds, each):
    budget = EvaluationBudget(seconds, 1000)
    count, report = budget.at_the_end(each), min(REPORT_SECONDS, seconds / 8)
    drawn = min(budget.drawn(each, 0.0) or DRAWN, DRAWN)
    assert count == 1 or each * count + report <= seconds / 4 + 1e-6
    assert each * drawn <= max(seconds / 8, 2 * each)
    assert count == 1000 or each * (1.5 * (count + 2) + DRAWN) > seconds / 4 - report
    assert budget.reserve(each, None) <= seconds / 2


def test_what_is_left_bounds_the_end_but_an_eighth_is_always_there():
    assert TEN_MINUTES.at_the_end(0.1, 600.0) == 1000
    assert TEN_MINUTES.at_the_end(0.1, 100.0) == 940 - DRAWN
    assert TEN_MINUTES.at_the_end(0.1, -5.0) == TEN_MINUTES.at_the_end(0.1, 81.0) == 750 - DRAWN
    assert TEN_MINUTES.drawn(100.0, 60.0) == 2
    assert TEN_MINUTES.drawn(10.0, 206.0) == 20
    assert TEN_MINUTES.drawn(10.0, -5.0) == 7
    assert TEN_MINUTES.drawn(1.0, 60.0) is None


def test_validations_on_the_way_take_an_eighth_at_most_and_come_after_thrice_their_time():
    assert TEN_MINUTES.on_the_way(0.1) == 750
    assert TEN_MINUTES.on_the_way(9.0) == 8
    assert TEN_MINUTES.on_the_way(10.0) == 0  # fewer would choose by luck
    assert EvaluationBudget(600.0, 3).on_the_way(20.0) == 3
    assert not TEN_MINUTES.is_due(0.1, 750, trained=224.0, spent=224.0)
    assert TEN_MINUTES.is_due(0.1, 750, trained=225.0, spent=225.0)
    assert not TEN_MINUTES.is_due(0.1, 750, trained=225.0, spent=550.0)


def each_takes(monkeypatch, rehearsed, measured):
    """What evaluating a picture takes, in place of a clock's word."""
    monkeypatch.setattr(Validator, "rehearse", lambda self, train_state, most: rehearsed)
    monkeypatch.setattr(Validator, "each", property(lambda self: measured, lambda self, each: None), raising=False)


def test_a_run_says_on_how_many_pictures_it_measured(tmp_path, monkeypatch, capfd):
    each_takes(monkeypatch, 1.0, 1.0)
    run = train(tmp_path / "run", val=TinyDataset(40), minutes=0.02)
    told = capfd.readouterr().err
    assert "to evaluate all 40 validation pictures takes about 0:40, more than a quarter of --minutes" in told
    assert "best checkpoint, measured on 1 of 40 pictures" in told
    assert "note: the report draws 2 pictures" in told
    assert all(line.get("val_pictures", 1) == 1 for line in lines(tmp_path / "run"))
    assert run.scores["loss"] is not None


def test_where_there_is_time_a_run_of_minutes_is_measured_whole(tmp_path, monkeypatch, capfd):
    each_takes(monkeypatch, 0.0, 0.0)
    train(tmp_path / "run", val=TinyDataset(40), minutes=0.02)
    told = capfd.readouterr().err
    assert "best checkpoint, measured on 40 pictures" in told
    assert "note: " not in told.replace("note: no training picture", "")


def test_validations_of_a_part_see_the_same_pictures_and_fewer_are_among_more(tmp_path, monkeypatch):
    seen = []
    call = Validator.__call__

    def noted(self, train_state, signals, pictures=None, told=None):
        for count in (5, 9, 5, 40):
            call(self, train_state, signals, count, told)
            seen.append([self.measured.id(place) for place in range(len(self.measured))])
            assert self.evaluation.pictures == count
            assert self.evaluation.of_pictures == (None if count == 40 else 40)
        return call(self, train_state, signals, pictures, told)

    monkeypatch.setattr(Validator, "__call__", noted)
    train(tmp_path / "run", val=TinyDataset(40), steps=1)
    five, nine, again, whole = seen[:4]
    assert five == again
    assert set(five) < set(nine) < set(whole)


def test_a_run_of_steps_is_measured_whole(tmp_path, capfd):
    train(tmp_path / "run", val=TinyDataset(40), steps=2)
    assert "measured on 40 pictures" in capfd.readouterr().err
    assert RunFolder(tmp_path / "run").metrics.read_text().count('"val_pictures": 40') == 1
