"""Borders and calibration of pixels against counts by hand, and matchings against an oracle."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from torch import Tensor

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.metrics.sections import Curves, Table
from saccade.metrics.segment import matching
from saccade.metrics.segment.borders import RADII, Borders, distance_to_border
from saccade.metrics.segment.calibration import PixelCalibration
from saccade.metrics.segment.matching import greatest_matching


def greatest(first: np.ndarray, second: np.ndarray, reach: float) -> int:
    apart = first[:, None] - second
    near = np.hypot(apart[..., 0], apart[..., 1]) <= reach + 1e-9
    return int((maximum_bipartite_matching(csr_matrix(near), perm_type="column") >= 0).sum())


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("reach", [0.0, 1.0, 1.5, 4.2])
def test_matchings_are_the_greatest(reach: float, grown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if grown:
        monkeypatch.setattr(matching, "MOST_PAIRS", -1)
    draw = np.random.default_rng(int(reach * 10))
    for share in (0.05, 0.3, 0.6):
        sets = [np.argwhere(draw.random((17, 23)) < share * scale) for scale in (1, 1.3)]
        for first, second in (sets, sets[::-1]):
            assert greatest_matching(first, second, reach) == greatest(first, second, reach)
    assert greatest_matching(sets[0], np.zeros((0, 2), int), reach) == 0


def test_borders_of_noise_are_matched_in_bounded_time() -> None:
    draw = np.random.default_rng(0)
    sets = [np.argwhere(draw.random((120, 160)) < 0.5) for _ in "ab"]
    # Within four and a half pixels nearly every place of noise finds another.
    assert greatest_matching(sets[0], sets[1], 4.5) == min(map(len, sets))


def halves(at: int) -> Tensor:
    return (torch.arange(64).expand(64, 64) >= at).long()


def test_pixels_near_a_border_are_counted_by_their_distance_to_it() -> None:
    truth = halves(32)
    assert distance_to_border(truth)[0, 29:35].tolist() == [3, 2, 1, 1, 2, 3]
    assert distance_to_border(torch.zeros(3, 4)).isinf().all()
    metric = Borders(["left", "right"])
    assert metric.update(Annotation(semantic=halves(35)), Annotation(semantic=truth), "a") is None
    (section,) = metric.sections()
    chart, table = section.parts
    assert isinstance(chart, Curves)
    assert isinstance(table, Table)
    wrong = [min(radius, 3) for radius in RADII]
    accuracy = [1 - few / (2 * min(radius, 32)) for few, radius in zip(wrong, RADII, strict=True)]
    assert table["pixel_accuracy"] == pytest.approx(accuracy)
    assert chart.curves[0].y == pytest.approx(accuracy)
    assert chart.reach == RADII[-1]
    # Two columns on each side of the border; the tolerance of 64 x 64 is .68 pixels.
    assert metric.result() == {"boundary_f1": 0.0}


def test_parts_of_an_evaluation_add_up() -> None:
    pairs = [(halves(at), halves(32)) for at in (30, 32, 36)]
    whole, parts = Borders(["l", "r"]), [Borders(["l", "r"]) for _ in pairs]
    for at, (guess, truth) in enumerate(pairs):
        for metric in (whole, parts[at]):
            metric.update(Annotation(semantic=guess), Annotation(semantic=truth), str(at))
    parts[0].merge(part.state() for part in parts[1:])
    assert parts[0].result() == whole.result() == {"boundary_f1": pytest.approx(1 / 3)}
    assert parts[0].by_picture() == whole.by_picture()
    assert parts[0].sections()[0].parts[1] == whole.sections()[0].parts[1]


def test_confidence_is_compared_with_what_is_right() -> None:
    truth = torch.tensor([[0, 0, 1, 255]])
    scores = torch.tensor([[[0.9, 0.4, 0.3, 0.9]], [[0.1, 0.6, 0.7, 0.1]]])
    metric = PixelCalibration(["a", "b"])
    assert metric.result() == {"pixel_ece": None}
    metric.update(Annotation(semantic_scores=scores), Annotation(semantic=truth), "a")
    # Each known pixel is in a bin of its own: |1 - .9|, |0 - .6|, |1 - .7|.
    assert metric.result() == {"pixel_ece": pytest.approx((0.1 + 0.6 + 0.3) / 3)}
    other = PixelCalibration(["a", "b"])
    other.merge([metric.state(), metric.state()])
    assert other.result() == {"pixel_ece": pytest.approx(1 / 3)}
    chart = other.sections()[0].parts[0]
    assert isinstance(chart, Curves)
    assert chart.curves[0].y == (0, 1, 1)


def test_an_evaluation_of_a_segmenter_tells_both() -> None:
    data = sc.open_data("scenes:count=2,size=32", "train")
    system = sc.build("fcn8s", data.vocabularies["semantic"], trunk="resnet18", width=0.125, size=32)
    found = sc.evaluate(system, data)
    assert 0 <= (-1 if found["boundary_f1"] is None else found["boundary_f1"]) <= 1
    assert 0 <= (-1 if found["pixel_ece"] is None else found["pixel_ece"]) <= 1
