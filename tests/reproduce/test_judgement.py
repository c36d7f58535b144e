"""Confirmed, refuted or undecided, of made numbers."""

import pytest

from saccade.reproduce.claims import Above, Agrees, Best, Times
from saccade.reproduce.found import Found
from saccade.reproduce.judgement import difference, interval, ratio


def found(**rows: tuple[float | None, ...]) -> Found:
    """Values of one measure, `score`, by row."""
    return Found({row: {"score": values} for row, values in rows.items()})


def word(claim: Above | Best | Times | Agrees, **rows: tuple[float | None, ...]) -> str:
    return claim.judge(found(**rows)).word


def test_the_interval_is_students() -> None:
    estimate = interval((1.0, 2.0, 3.0))
    reach = 4.30265 / 3**0.5
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((2, 2 - reach, 2 + reach), abs=1e-4)
    assert interval((1.0,)).low is None
    assert interval(()).value is None
    assert interval((1.0, None)).value is None


ABOVE = Above("a is better", ("a",), ("b",), "score")


def test_a_difference_counts_pair_by_pair() -> None:
    # The seeds differ by far more than the rows do: unpaired nothing would be told.
    assert word(ABOVE, a=(0.32, 0.52, 0.92), b=(0.30, 0.50, 0.89)) == "confirmed"
    assert word(ABOVE, a=(0.30, 0.50, 0.89), b=(0.32, 0.52, 0.92)) == "refuted"
    assert word(ABOVE, a=(0.32, 0.50, 0.92), b=(0.30, 0.52, 0.89)) == "undecided"


def test_what_cannot_be_told_is_undecided() -> None:
    assert word(ABOVE, a=(0.9,), b=(0.1,)) == "undecided"  # of one seed there is no interval
    assert word(ABOVE, a=(0.9, None, 0.9), b=(0.1, 0.1, 0.2)) == "undecided"
    assert word(ABOVE, a=(0.9, 0.8, 0.9)) == "undecided"
    assert word(ABOVE, a=(0.9, 0.8, 0.9), b=(0.1, 0.2)) == "undecided"
    assert ABOVE.judge(found(a=(0.9, 0.8))).found == "undefined"
    assert "no interval" in ABOVE.judge(found(a=(0.9,), b=(0.1,))).found


def test_sides_of_several_rows_are_their_means() -> None:
    claim = Above("both", ("a", "b"), ("c", "d"), "score")
    judged = claim.judge(found(a=(0.4, 0.5), b=(0.6, 0.7), c=(0.1, 0.2), d=(0.3, 0.5)))
    assert judged.value == pytest.approx(0.275)
    assert judged.about == "score of a and b less c and d"


def test_a_row_of_every_data_set_is_one_row() -> None:
    claim = Above("everywhere", ("a",), ("b",), "score")
    values = {"x: a": (0.4, 0.5), "y: a": (0.6, 0.7), "x: b": (0.1, 0.3), "y: b": (0.1, 0.1), "xa": (9.0, 9.0)}
    judged = claim.judge(found(**values))
    assert judged.value == pytest.approx((0.4 + 0.4) / 2)


def test_the_best_is_held_against_the_best_other() -> None:
    claim = Best("a is best", "a", ("b", "c"), "score")
    low = (0.10, 0.11, 0.09)
    assert word(claim, a=(0.5, 0.52, 0.49), b=low, c=(0.40, 0.41, 0.39)) == "confirmed"
    assert word(claim, a=(0.3, 0.31, 0.29), b=low, c=(0.40, 0.42, 0.39)) == "refuted"
    assert claim.judge(found(a=low, b=low, c=(0.4, 0.41, 0.39))).about.endswith("less c")
    assert word(claim, a=(0.5, 0.52, 0.49), b=low) == "undecided"


def test_a_ratio_is_held_against_its_bound() -> None:
    slow, fast = (10.0, 22.0, 9.9), (1.0, 2.0, 1.0)
    assert word(Times("slower", "a", "b", "score"), a=slow, b=fast) == "confirmed"
    assert word(Times("slower", "b", "a", "score"), a=slow, b=fast) == "refuted"
    assert word(Times("5 times", "a", "b", "score", at_least=5), a=slow, b=fast) == "confirmed"
    assert word(Times("50 times", "a", "b", "score", at_least=50), a=slow, b=fast) == "refuted"
    assert word(Times("10 times", "a", "b", "score", at_least=10), a=slow, b=fast) == "undecided"
    assert word(Times("slower", "a", "b", "score"), a=(1.0,), b=(0.1,)) == "undecided"
    assert word(Times("slower", "a", "b", "score"), a=(1.0, 2.0), b=(0.0, 1.0)) == "undecided"


def test_what_is_counted_is_certain() -> None:
    bits = Times("11 times", "a", "b", "score", at_least=5.5, exact=True)
    judged = bits.judge(found(a=(352.0,), b=(128.0,)))
    assert (judged.word, judged.found, judged.low) == ("refuted", "2.75", 2.75)
    assert word(bits, a=(1408.0,), b=(128.0,)) == "confirmed"
    assert ratio((3.0,), (2.0,), exact=True).value == 1.5


def test_counts_agree_row_by_row() -> None:
    claim = Agrees("counts", "score", {"a": 2.0, "b": 0.0}, within=0.03)
    assert word(claim, a=(2.05,), b=(0.0,)) == "confirmed"
    assert word(claim, a=(2.07,), b=(0.0,)) == "refuted"
    assert word(claim, a=(2.0,), b=(1.0,)) == "refuted"  # 0 is 0
    assert word(claim, a=(2.0,)) == "undecided"
    assert claim.judge(found(a=(2.07,), b=(0.0,))).found == "at most 3.5% apart, in a"


def test_equal_differences_tell_no_interval() -> None:
    assert difference((0.5, 0.5), (0.5, 0.5)).low is None
    assert word(ABOVE, a=(0.5, 0.5), b=(0.5, 0.5)) == "undecided"
    assert word(ABOVE, a=(0.1 + 0.2, 0.6), b=(0.2, 0.5)) == "undecided"  # equal but for rounding
