"""Contours against plain counts of the benchmark's definition, and numbers by hand."""

from math import hypot

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.morphology import thin
from torch import Tensor

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.metrics.families import THOROUGH, choose
from saccade.metrics.segment.contour_counts import THRESHOLDS, counts_of
from saccade.metrics.segment.contour_scores import average_precision, best_f, f_measure
from saccade.metrics.segment.contours import Contours
from saccade.metrics.segment.matching import nearest_matching
from saccade.metrics.segment.thinning import thinned

Places = list[tuple[int, int]]


def most_pairs(found: Places, wanted: Places, reach: float) -> int:
    """Augmenting paths, one pixel after the other."""
    of: dict[int, int] = {}

    def seek(row: int, seen: set[int]) -> bool:
        for column, place in enumerate(wanted):
            if column in seen or hypot(found[row][0] - place[0], found[row][1] - place[1]) > reach + 1e-9:
                continue
            seen.add(column)
            if column not in of or seek(of[column], seen):
                of[column] = row
                return True
        return False

    return sum(seek(row, set()) for row in range(len(found)))


def places(drawn: np.ndarray) -> Places:
    return [(int(y), int(x)) for y, x in np.argwhere(drawn)]


def rows(*which: int, height: int = 30, width: int = 40) -> Tensor:
    """Horizontal lines across a picture whose diagonal is 50 pixels."""
    drawn = torch.zeros(height, width)
    drawn[list(which)] = 1
    return drawn


@pytest.mark.parametrize("people", [1, 3])
def test_counts_are_those_of_the_definition(people: int) -> None:
    draw = np.random.default_rng(people)
    guess = gaussian_filter(draw.random((14, 18)), 1.0)
    guess = ((guess - guess.min()) / np.ptp(guess)).astype(np.float32)
    drawn = [thin(gaussian_filter(draw.random((14, 18)), 1.0) > 0.53) for _ in range(people)]
    found = counts_of(guess, drawn, tolerance=0.1)
    reach = 0.1 * hypot(14, 18)
    for column in (5, 29, 44, 59, 74, 95):
        line = thin(guess >= np.float32((column + 1) / 100))
        each = [most_pairs(places(line), places(one), reach) for one in drawn]
        assert found[0, column] == sum(each)
        assert found[1, column] == sum(int(one.sum()) for one in drawn)
        assert found[3, column] == line.sum()
        # Whom a pixel is matched with is free; at most as many are right as if people shared one great matching.
        together = [(y + 1000 * person, x) for person, one in enumerate(drawn) for y, x in places(one)]
        near = [[hypot(y - v % 1000, x - u) <= reach + 1e-9 for v, u in together] for y, x in places(line)]
        reachable = sum(any(row) for row in near)
        assert max(each) <= found[2, column] <= min(sum(each), reachable)
        if people == 1:
            assert found[2, column] == each[0]


def test_precision_recall_and_f_by_hand() -> None:
    """40 of 80 found pixels are right and all of one person's 40 are found, none of the other's 40."""
    guess = rows(5, 15) * 0.8
    counts = counts_of(guess, [rows(5) > 0, rows(25) > 0], tolerance=0.02)
    assert counts[:, THRESHOLDS.index(0.5)].tolist() == [40, 80, 40, 80]
    assert counts[:, THRESHOLDS.index(0.9)].tolist() == [0, 80, 0, 0]
    found = sc.metrics.contours([(guess, [rows(5) > 0, rows(25) > 0])], tolerance=0.02)
    assert found["ods"] == found["ois"] == pytest.approx(0.5)
    # Recalls 0 and .5, precisions 0 and .5, and a straight line between: .01 · (0 + .01 + … + .5).
    assert found["ap"] == pytest.approx(sum(range(51)) / 100 / 100)


def test_what_one_person_drew_is_right_and_pixels_count_once() -> None:
    """Two people drew the same line, and one of them another: precision 1, recall 2 of 3 lines."""
    counts = counts_of(rows(5), [rows(5) > 0, rows(5, 20) > 0])
    assert counts[:, 0].tolist() == [80, 120, 40, 40]
    assert float(f_measure(counts)[0]) == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))


def test_a_perfect_map_has_all_scores_of_one() -> None:
    drawn = rows(4, 18) > 0
    assert sc.metrics.contours([(drawn.float(), [drawn, drawn])]) == {"ods": 1.0, "ois": 1.0, "ap": 1.0}
    assert sc.metrics.contours([(drawn.numpy().astype(float), [drawn.numpy()])])["ods"] == 1.0


def test_lines_are_right_within_the_tolerance_alone() -> None:
    """.04 of 50 pixels are 2."""
    drawn = [rows(10) > 0]
    assert sc.metrics.contours([(rows(12), drawn)], tolerance=0.04)["ods"] == 1
    assert sc.metrics.contours([(rows(13), drawn)], tolerance=0.04)["ods"] == 0
    # .0075 of 500 pixels are 3.75.
    far = torch.zeros(300, 400)
    far[103] = 1
    wanted = [far.roll(-3, 0) > 0]
    assert sc.metrics.contours([(far, wanted)])["ods"] == 1
    assert sc.metrics.contours([(far.roll(1, 0), wanted)])["ods"] == 0


def test_thick_lines_are_thinned() -> None:
    thick = rows(9, 10, 11)
    counts = counts_of(thick, [rows(10) > 0])
    assert counts[3, 0] < 50
    assert counts[3, 0] == thin(thick.numpy() > 0).sum()


@pytest.mark.parametrize("smooth", [0.0, 1.0, 3.0])
def test_thin_lines_are_those_of_scikit_image(smooth: float) -> None:
    draw = np.random.default_rng(0)
    for share in (0.2, 0.5, 0.8):
        noise = gaussian_filter(draw.random((50, 61)), smooth)
        drawn = noise < np.quantile(noise, share)
        given = drawn.copy()
        assert np.array_equal(thinned(drawn), thin(drawn))
        assert np.array_equal(drawn, given)
    for shape in ((1, 7), (5, 1), (4, 4)):
        assert np.array_equal(thinned(np.ones(shape, bool)), thin(np.ones(shape, bool)))


def test_one_threshold_for_all_pictures_or_one_for_each() -> None:
    """The first picture is best at .5, where a false line of .3 is gone; the second below .3, where its true one is."""
    first = rows(5) * 0.8 + rows(20) * 0.3
    second = rows(5) * 0.2
    drawn = [rows(5) > 0]
    found = sc.metrics.contours([(first, drawn), (second, drawn)])
    assert found["ois"] == 1
    # Up to .2: 80 of 120 found pixels are right, all 80 are found. From .21 to .3: 40 of 80, 40 of 80. Then 40 of 40.
    assert found["ods"] == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))


def test_the_best_f_lies_also_between_two_thresholds() -> None:
    """Precisions .5 and 1 with recalls 1 and .2: of 100 points on the line between, the best by trying each."""
    counts = np.array([[100, 20], [100, 100], [100, 20], [200, 20]])
    between = [(0.5 + 0.5 * s, 1 - 0.8 * s) for s in np.linspace(0, 1, 100)]
    expected = max(2 * p * r / (p + r) for p, r in between)
    assert float(best_f(counts)) == pytest.approx(expected)
    assert float(best_f(counts)) > float(f_measure(counts).max()) + 0.002
    assert float(best_f(np.stack([counts, counts[:, [1, 1]]], 1))[1]) == pytest.approx(f_measure(counts[:, 1]))


def test_average_precision_by_hand() -> None:
    """Recalls .2, .6 and 1 with precisions 1, .8 and .4; below .2 there is none, and the benchmark takes 0."""
    counts = np.array([[100, 60, 20], [100, 100, 100], [100, 60, 20], [250, 75, 20]])
    grid = np.linspace(0, 1, 101)
    rising = [1 - (r - 0.2) * 0.5 if r <= 0.6 else 0.8 - (r - 0.6) for r in grid]
    expected = sum(p for r, p in zip(grid, rising, strict=True) if r > 0.199) / 100
    assert average_precision(counts) == pytest.approx(expected)
    assert average_precision(counts[:, 1:2]) == pytest.approx(0.6 * 0.8)


def test_a_threshold_takes_what_is_as_probable() -> None:
    for dtype in (torch.float32, torch.float64):
        counts = counts_of(rows(5).to(dtype) * 0.3, [rows(5) > 0])
        assert counts[3, THRESHOLDS.index(0.3)] == 40
        assert counts[3, THRESHOLDS.index(0.31)] == 0


def test_of_several_that_may_be_matched_the_nearest_is() -> None:
    line = np.argwhere(rows(10).numpy())
    both = np.argwhere(rows(9, 12).numpy())
    matched = nearest_matching(both, line, 4.0)
    assert (both[matched][:, 0] == 9).all()
    assert matched.sum() == 40
    assert nearest_matching(line, both, 4.0).all()
    assert not nearest_matching(line, both[:0], 4.0).any()
    assert nearest_matching(both[:0], line, 4.0).shape == (0,)


def test_nobody_and_nothing() -> None:
    nothing = {"ods": None, "ois": None, "ap": None}
    assert sc.metrics.contours([]) == nothing
    assert sc.metrics.contours([(rows(5), [rows() > 0])]) == nothing
    assert sc.metrics.contours([(rows(), [rows(5) > 0])]) == {"ods": 0.0, "ois": 0.0, "ap": 0.0}


def test_what_is_no_pictures_is_refused() -> None:
    with pytest.raises(UsageError, match="one a person"):
        sc.metrics.contours([(rows(5), [])])
    with pytest.raises(UsageError, match="one a person"):
        sc.metrics.contours([(rows(5), [rows(5)[:-1]])])
    with pytest.raises(UsageError, match="probabilities"):
        sc.metrics.contours([(rows(5) * 2, [rows(5)])])
    with pytest.raises(UsageError, match="probabilities"):
        sc.metrics.contours([(rows(5) * torch.nan, [rows(5)])])
    with pytest.raises(UsageError, match="tolerance"):
        sc.metrics.contours([], tolerance=-1)


def pair(guess: Tensor, *drawn: Tensor) -> tuple[Annotation, Annotation]:
    return Annotation(contours=guess[None]), Annotation(contours=torch.stack(drawn))


def test_the_metric_says_the_same_and_adds_what_others_counted() -> None:
    pictures = [
        (rows(5) * 0.8 + rows(20) * 0.3, [rows(5), rows(20)]),
        (rows(5) * 0.2, [rows(5), rows(6)]),
    ]
    whole, parts = Contours(UNTOLD_CONTOURS), [Contours(UNTOLD_CONTOURS) for _ in pictures]
    for number, (guess, drawn) in enumerate(pictures):
        for metric in (whole, parts[number]):
            wrong = metric.update(*pair(guess, *drawn), str(number))
            assert wrong == pytest.approx(1 - float(f_measure(counts_of(guess, drawn)).max()))
    parts[0].merge([parts[1].state()])
    direct = sc.metrics.contours(pictures)
    expected = {"ods": direct["ods"], "ois": direct["ois"], "contour_ap": direct["ap"]}
    assert whole.result() == parts[0].result() == expected
    assert whole.by_picture().ids == ["0", "1"]
    resampling = whole.headline().resampling
    assert resampling is not None
    assert resampling.scores(np.array([[1, 1], [2, 0]]))[0] == pytest.approx(expected["ods"])
    alone = sc.metrics.contours(pictures[:1])["ods"]
    assert resampling.scores(np.array([[2, 0]]))[0] == pytest.approx(alone)
    assert len(whole.sections()) == 1
    assert Contours(UNTOLD_CONTOURS).result() == {"ods": None, "ois": None, "contour_ap": None}


def test_maps_of_classes_are_taken_together() -> None:
    guess, drawn = rows(5, 20), [rows(5), rows(20)]
    people, classes = Contours(UNTOLD_CONTOURS), Contours(("cat", "dog"))
    for metric in (people, classes):
        metric.update(*pair(guess, *drawn), "a")
    assert classes.result()["ods"] == 1
    # Of two people each drew half of what is found: all of it is right, and all that they drew is found.
    assert people.result()["ods"] == 1
    assert people.state()[1][0][1, 0] == classes.state()[1][0][1, 0] == 80


def test_an_evaluation_measures_contours_where_they_are_told_and_drawn() -> None:
    gives = frozenset({"contours"})
    fields = frozenset({"contours", "semantic"})
    for lines, by_person in ((UNTOLD_CONTOURS, True), (("cat", "dog"), False)):
        metric = choose(gives, fields, {"semantic": ("cat",), "contours": lines}, THOROUGH)[0]
        assert isinstance(metric, Contours)
        assert metric.by_person == by_person
    assert choose(gives, frozenset({"semantic"}), ("cat",), THOROUGH) == []
