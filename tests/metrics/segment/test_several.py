"""IoU and Dice of masks of several classes a pixel, against counts by hand."""

from dataclasses import replace

import pytest
import torch

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.metrics.evaluator import Evaluator
from saccade.metrics.families import choose
from saccade.metrics.segment.several import SeveralSegmentation

NAMES = ("a", "b", "c")
DRAW = torch.Generator().manual_seed(2)


def drawn(share: float, count: int = 3) -> Annotation:
    layers = torch.rand(count, 17, 23, generator=DRAW) < share
    return Annotation(semantic_masks=Masks.from_dense(layers))


def test_scores_are_those_of_all_pixels_that_are_known() -> None:
    metric, right, true, told = SeveralSegmentation(NAMES), [0] * 3, [0] * 3, [0] * 3
    for number in range(5):
        prediction, truth = drawn(0.5), drawn(0.3)
        unknown = torch.rand(17, 23, generator=DRAW) < 0.2 if number % 2 else None
        sought = torch.tensor([True, number != 3, True])
        truth = replace(truth, semantic_masks_unknown=unknown, semantic_sought=sought)
        guess, wanted = prediction.semantic_masks.dense(), truth.semantic_masks.dense()
        for label in range(3):
            for y in range(17):
                for x in range(23):
                    if sought[label] and (unknown is None or not unknown[y, x]):
                        right[label] += int(guess[label, y, x] and wanted[label, y, x])
                        true[label] += int(wanted[label, y, x])
                        told[label] += int(guess[label, y, x])
        assert 0 < metric.update(prediction, truth, str(number)) < 1
    ious = [r / (t + g - r) for r, t, g in zip(right, true, told, strict=True)]
    dices = [2 * r / (t + g) for r, t, g in zip(right, true, told, strict=True)]
    assert metric.result() == pytest.approx({"miou": sum(ious) / 3, "dice": sum(dices) / 3})
    # Two halves are the whole, and the headline's own counts give the same score.
    again = SeveralSegmentation(NAMES)
    again.merge([metric.state()])
    assert again.result() == metric.result()
    ones = torch.ones(1, 5, dtype=torch.int64).numpy()
    assert again.headline().resampling.scores(ones)[0] == pytest.approx(sum(ious) / 3)
    assert set(again.by_picture().columns) == {"picture_iou"}


def test_classes_that_nobody_shows_or_sought_say_nothing() -> None:
    metric = SeveralSegmentation(NAMES)
    nothing = Annotation(semantic_masks=Masks.empty((4, 4), 3))
    assert metric.update(nothing, nothing, "empty") is None
    assert metric.result() == {"miou": None, "dice": None}
    full = Annotation(semantic_masks=Masks.from_dense(torch.ones(3, 4, 4)))
    metric.update(full, replace(full, semantic_sought=torch.tensor([True, False, False])), "one")
    assert metric.result() == {"miou": 1.0, "dice": 1.0}
    assert metric.sections()


def test_masks_of_other_classes_or_sizes_are_refused() -> None:
    for other in (drawn(0.5, 2), Annotation(semantic_masks=Masks.empty((4, 4), 3))):
        with pytest.raises(DataError, match="picture one"):
            SeveralSegmentation(NAMES).update(other, drawn(0.5), "one")


def test_the_family_is_chosen_by_fields() -> None:
    gives = frozenset({"semantic_masks", "semantic_mask_scores"})
    found = choose(gives, frozenset({"semantic_masks", "semantic"}), {"semantic": NAMES})
    assert [type(one) for one in found] == [SeveralSegmentation]
    evaluator = Evaluator(found, NAMES)
    evaluator.update(drawn(0.5), drawn(0.5), "one")
    assert set(evaluator.scores()) == {"miou", "dice"}
