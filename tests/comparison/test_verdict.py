"""Ranks, limits and verdicts by hand-sized numbers."""

import math

import numpy as np
import pytest

from saccade.comparison.measured import drawn_scores
from saccade.comparison.row import Row, broken, broken_before_training, ranked
from saccade.comparison.settings import CompareSettings, count_of
from saccade.comparison.speed import Speed
from saccade.comparison.verdict import spread, verdict_of
from saccade.core.errors import UsageError
from saccade.metrics.headline import Resampling, weighted_mean

A, B = Row("a", score=0.8), Row("b", score=0.7)


def names(rows: tuple[Row, ...]) -> str:
    return "".join(row.name for row in rows)


def test_rows_are_ranked_by_score_and_those_that_cannot_win_stand_below() -> None:
    over, failed = Row("c", score=0.9, over=("12 ms of at most 10 ms",)), Row("d", error="no such trunk")
    assert names(ranked([failed, B, over, A], "top1")) == "abcd"
    assert names(ranked([A, B], "error")) == "ba"  # of an error less is better
    quick, slow = (Row(name, score=0.5, ms=Speed(ms, ms, ms, 3)) for name, ms in (("q", 1.0), ("s", 2.0)))
    assert names(ranked([slow, quick], "top1")) == "qs"


def test_limits_are_broken_by_what_is_above_them() -> None:
    settings = CompareSettings(max_ms=10, max_mb=100, max_params="2M")
    row = Row("a", ms=Speed(10.1, 9, 12, 3), mb=100.7, parameters=2_000_000)
    assert broken(row, settings) == ("10.1 ms of at most 10 ms", "101 MB of at most 100 MB")
    assert broken(Row("a", ms=Speed(10, 9, 12, 3), mb=100, parameters=2_000_000), settings) == ()
    # 30 million numbers of four bytes are 114 times 2^20 bytes.
    assert broken_before_training(30_000_000, settings) == (
        "30.0 M parameters of at most 2 M",
        "114 MB of weights alone, of at most 100 MB",
    )
    assert broken_before_training(30_000_000, CompareSettings()) == ()


@pytest.mark.parametrize(("text", "number"), [("5M", 5_000_000), ("300k", 300_000), ("1.5B", 1_500_000_000), ("7", 7)])
def test_numbers_of_parameters_are_read(text: str, number: int) -> None:
    assert count_of(text) == number


@pytest.mark.parametrize("text", ["", "M", "-5M", "5MM", "nan", "inf", "5 apples"])
def test_what_is_no_number_of_parameters_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as 5M"):
        count_of(text)


def test_an_interval_over_runs_is_students() -> None:
    # Mean 2, deviation 1, t of two degrees of freedom 4.303: 2 ± 4.303 / sqrt(3).
    assert spread([1.0, 2.0, 3.0]) == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-3)
    assert spread([1.0]) is None
    assert spread([0.5, 0.5]) is None


def test_differences_are_taken_pair_by_pair() -> None:
    """Folds that are hard for both tell two apart whose own scores overlap by far."""
    first = Row("a", score=0.6, run_scores=(0.3, 0.6, 0.9))
    second = Row("b", score=0.5, run_scores=(0.21, 0.50, 0.79))
    found = verdict_of([first, second], "miou")
    assert (found.winner, found.second, found.told_apart) == ("a", "b", True)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(0.1 - 4.3027 * 0.01 / math.sqrt(3), abs=1e-4)
    mixed = Row("b", score=0.5, run_scores=(0.9, 0.3, 0.3))
    found = verdict_of([first, mixed], "miou")
    assert found.told_apart is False
    assert "not told apart" in found.sentence


def test_differences_over_pictures_use_the_same_draws() -> None:
    right = {"a": np.array([1.0, 1, 1, 1, 0, 0, 1, 1]), "b": np.array([1.0, 1, 1, 0, 0, 0, 1, 1])}
    drawn = {
        name: drawn_scores(Resampling(8, lambda counts, hits=hits: weighted_mean(hits, counts), 8))
        for name, hits in right.items()
    }
    assert len(drawn["a"]) == 1000
    # a is right wherever b is: in no draw can it be worse.
    assert min(one - other for one, other in zip(drawn["a"], drawn["b"], strict=True)) == 0
    assert drawn["a"] == drawn_scores(Resampling(8, lambda counts: weighted_mean(right["a"], counts), 8))
    costly = drawn_scores(Resampling(8, lambda counts: weighted_mean(right["a"], counts), 100_000))
    assert costly == drawn["a"][: len(costly)]
    assert 200 <= len(costly) < 1000
    rows = [Row(name, score=float(hits.mean()), resampled=drawn[name]) for name, hits in right.items()]
    assert verdict_of(rows, "top1").told_apart is False  # one picture of eight


def test_nothing_is_said_to_be_sure_where_nothing_tells() -> None:
    found = verdict_of([A, B], "top1")
    assert found.told_apart is None
    assert found.difference == pytest.approx(0.1)
    assert "nothing tells how sure" in found.sentence
    alike = [Row(name, score=0.5, run_scores=(0.4, 0.6)) for name in "ab"]
    assert verdict_of(alike, "top1").told_apart is None
    assert verdict_of(alike, "top1").sentence.endswith(
        "; the difference is the same in all 2 runs, which tells of no interval (more --seeds may)"
    )
    undefined = [Row(name, score=0.5, run_scores=(None, 0.6)) for name in "ab"]
    assert "nothing tells how sure" in verdict_of(undefined, "top1").sentence
    assert verdict_of([A], "top1").second is None
    assert verdict_of([Row("a", error="x")], "top1").winner is None
    lower = verdict_of([Row("a", score=0.1), Row("b", score=0.3)], "error")
    assert lower.difference == pytest.approx(0.2)
