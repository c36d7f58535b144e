"""Median-frequency balancing of pixels, in both definitions, on numbers that can be checked by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.heads.classify.classify import ClassifyHead
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.losses.pixels import PixelLoss
from saccade.training.feed.balance import count_pixels, median_frequency, take_pixel_losses, weigh_losses

# Two pictures of 100 pixels: 90 and 10 of the first two classes, 50 and 50 of the first and the third.
PIXELS = torch.tensor([[90, 10, 0], [50, 0, 50]])


@pytest.mark.parametrize(("whole", "wanted"), [(False, (0.714286, 5, 1)), (True, (0.357143, 5, 1))])
def test_both_definitions(whole: bool, wanted: tuple[float, ...]) -> None:
    assert median_frequency(PIXELS, whole=whole).tolist() == pytest.approx(wanted, rel=1e-5)
    unseen = torch.cat([PIXELS, torch.zeros(2, 1, dtype=torch.int64)], 1)
    assert median_frequency(unseen, whole=whole).tolist() == pytest.approx((*wanted, 1), rel=1e-5)
    assert median_frequency(torch.zeros(0, 3, dtype=torch.int64), whole=whole).tolist() == [1, 1, 1]


def test_pixels_are_counted_without_those_unknown() -> None:
    class Data:
        vocabularies = Vocabularies.of({"instances": ["x"], "semantic": ["a", "b", "c"]})

        def __len__(self) -> int:
            return 1

        def truth(self, index: int) -> Annotation:
            return Annotation(semantic=torch.tensor([[0, 2, 2], [255, 0, 2]]))

    assert count_pixels(Data()).tolist() == [[2, 0, 3]]


def test_each_kind_of_head_gets_its_own_weights() -> None:
    heads = {"pixels": PixelHead("map", torch.nn.Identity(), 3), "label": ClassifyHead("map", torch.nn.Identity(), 3)}
    both = SimpleNamespace(each_head=heads.items)
    weights = torch.tensor([0.5, 2.0, 1.0])
    assert weigh_losses(both, weights, of="semantic") == ["pixels"]
    assert heads["pixels"].class_weights.tolist() == [0.5, 2.0, 1.0]
    assert heads["label"].class_weights.tolist() == [1, 1, 1]
    assert weigh_losses(both, weights) == ["label"]


def test_heads_for_pixels_take_the_losses_that_are_asked_for() -> None:
    pixels = PixelHead("map", torch.nn.Identity(), 3, loss=PixelLoss(mean_over="pictures"))
    both = SimpleNamespace(each_head={"pixels": pixels, "label": ClassifyHead("map", torch.nn.Identity(), 3)}.items)
    assert take_pixel_losses(both, ["cross_entropy", "dice"]) == ["pixels"]
    assert pixels.costs == PixelLoss(("cross_entropy", "dice"), mean_over="pictures")


def test_a_training_says_by_what_pixels_learn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small: dict[str, Any] = {"trunk": "resnet18", "width": 0.125, "size": 32, "steps": 1, "workers": 0, "keep": False}
    sc.train("fcn8s", "scenes:count=2,size=32", tmp_path / "run", pixel_loss=("lovasz", "focal"), **small)
    assert "pixels learns by lovasz + focal" in capsys.readouterr().err
    with pytest.raises(UsageError, match="class of pixels"):
        sc.train("retinanet", "scenes:count=2,size=32", tmp_path / "boxes", pixel_loss="dice", **small)
    with pytest.raises(UsageError, match="one of cross_entropy, focal, dice, lovasz"):
        sc.train("fcn8s", "scenes:count=2,size=32", tmp_path / "none", pixel_loss=("iou",), **small)
