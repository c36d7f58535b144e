"""Two data sets of which each annotates one of two classes teach a detector both, where they say which was sought."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.classes.chosen import class_subset, rename_classes
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.scenes import Scenes
from saccade.metrics.detect.detection import Detection
from saccade.metrics.detect.matches import coco_matches
from saccade.metrics.detect.overlaps import Overlaps, picture_of
from saccade.network.system import System

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

ROUND = dict.fromkeys(("disc", "ring", "crescent", "heart", "figure"), "round")
KINDS = ROUND | dict.fromkeys(("square", "triangle", "star", "cross"), "pointed")
CLASSES = ("round", "pointed")
SIZE, MEASURED, BATCH = 128, 150, 16
# Factors of red, green and blue.
WARM, COLD, WHITE = (1.0, 0.75, 0.5), (0.5, 0.75, 1.0), (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Case:
    """A detector that learns within minutes of one core.

    Attributes:
        system: Its name.
        options: Its own options, and how it is trained.
        count: Pictures of each series.
        steps: Steps of AdamW.
    """

    system: str
    options: dict[str, Any]
    count: int
    steps: int


# The trunk stands still, so that its features are kept and a step costs a tenth.
STANDING = {"trunk": "efficientnet_lite0", "pretrained": True, "neck_channels": 64, "freeze": ("trunk",)}
SIGMOID = Case("retinanet", {**STANDING, "finest": 12.0, "augment": "none", "lr": 1e-3}, 800, 900)
SMALL_VGG = {"trunk": "vgg16_bn", "variant": "torchvision", "width": 0.125, "augment": "none,flip=0.5", "lr": 2e-3}
SOFTMAX = Case("ssd300", SMALL_VGG, 400, 200)


class Held:
    """Pictures and boxes in memory.

    Args:
        data: The pictures.
        told: Whether it is told which classes were sought, or left out as if nobody had said it.
    """

    classes, fields = CLASSES, frozenset({"instances.boxes", "instances.labels"})

    def __init__(self, data: Dataset, *, told: bool = True) -> None:
        samples = [data[index] for index in range(len(data))]
        self.samples = [replace(sample, truth=_boxes(sample.truth, told)) for sample in samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]


class Lit:
    """Pictures in a light of its own, as each data set has that somebody joins to another.

    Args:
        data: The pictures.
        light: Factors of red, green and blue.
    """

    def __init__(self, data: Dataset, light: tuple[float, float, float]) -> None:
        self.data, self.light, self.classes, self.fields = data, light, data.classes, data.fields

    def __getattr__(self, name: str) -> Any:
        return getattr(self.data, name)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Sample:
        sample = self.data[index]
        lit = sample.image * torch.tensor(self.light)[:, None, None]
        return replace(sample, image=lit.round().to(sample.image.dtype))


def scenes(count: int, seed: int) -> Dataset:
    return rename_classes(Scenes(count, SIZE, seed), KINDS)


def series(count: int, seeds: tuple[int, int], lights: Sequence[tuple[float, float, float]]) -> list[Dataset]:
    """Two series of pictures, each in its light."""
    return [Lit(scenes(count, seed), light) for seed, light in zip(seeds, lights, strict=True)]


def wholly(count: int, *lights: tuple[float, float, float]) -> Dataset:
    """Pictures of two series in their lights, in which everything is annotated."""
    return ConcatDataset(series(count, (1, 2), lights))


def partly(count: int, *lights: tuple[float, float, float]) -> Dataset:
    """Pictures of two series; in each the objects of one class are annotated, wherever the others are."""
    both = zip(series(count, (1, 2), lights), CLASSES, strict=True)
    return ConcatDataset([class_subset(one, [name]) for one, name in both])


def unseen(*lights: tuple[float, float, float]) -> list[Sample]:
    """Pictures to measure on, half of them in each light, in which everything is annotated."""
    return Held(ConcatDataset(series(MEASURED // 2, (9, 10), lights))).samples


def _boxes(truth: Annotation, told: bool) -> Annotation:
    rows = truth.get("instances")
    kept = replace(rows, masks=None, masked=None, keypoints=None, visible=None)
    return Annotation(instances=kept, sought=truth.sought if told else None)


def learnt(case: Case, data: Held, out: Path) -> System:
    usual: dict[str, Any] = {"optimiser": "adamw", "schedule": "cosine", "batch": BATCH, "workers": 0, "device": "cpu"}
    run = sc.train(case.system, data, out, size=SIZE, steps=case.steps, **usual, **case.options)
    return sc.load(run.path, which="last").system.eval()


@torch.no_grad()
def scores(system: System, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
    """(2,) AP50 of each class, and (2,) share of its objects that are found by predictions that score .5 or more."""
    averages, shares = [], []
    predictions: list[Annotation] = []
    for start in range(0, len(samples), BATCH):
        batch = system.batch([one.image for one in samples[start : start + BATCH]])
        predictions += batch.undo(system.decode(system.maps(batch)))
    for label in range(len(CLASSES)):
        sought = torch.arange(len(CLASSES)) == label
        metric, pictures = Detection(CLASSES), []
        for prediction, one in zip(predictions, samples, strict=True):
            metric.update(prediction, replace(one.truth, sought=sought), one.id)
            rows = prediction.get("instances")
            pictures.append(picture_of(rows[rows.scores >= 0.5], one.truth.get("instances"), sought=sought))
        matches = coco_matches(Overlaps.of(pictures))
        averages.append(metric.result()["AP50"])
        shares.append(matches.found.sum() / matches.sought.sum())
    return torch.tensor(averages), torch.tensor(shares)


@dataclass(frozen=True)
class Measured:
    """What three detectors found of the same pictures, each (2,) of both classes.

    Attributes:
        whole: AP50 of the one that saw everything.
        told: AP50 of the one that saw halves, and was told which classes were sought.
        untold: AP50 of the one that was not.
        believed: Share of the objects that `told` finds with scores of .5 or more.
        believed_untold: The same of `untold`.
    """

    whole: Tensor
    told: Tensor
    untold: Tensor
    believed: Tensor
    believed_untold: Tensor


LIGHTS = {"one light": (WHITE, WHITE), "two lights": (WARM, COLD)}


@pytest.fixture(scope="module", params=list(LIGHTS))
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """All see each annotated object as often: the halves are twice as many pictures, and take twice as many steps."""
    lights, out = LIGHTS[request.param], tmp_path_factory.mktemp("halves")
    samples = unseen(*lights)
    less = replace(SIGMOID, count=SIGMOID.count // 2, steps=SIGMOID.steps // 2)
    whole, _ = scores(learnt(less, Held(wholly(less.count, *lights)), out / "whole"), samples)
    (told, believed), (untold, believed_untold) = (
        scores(learnt(SIGMOID, Held(partly(SIGMOID.count, *lights), told=told), out / f"told-{told}"), samples)
        for told in (True, False)
    )
    return Measured(whole, told, untold, believed, believed_untold)


# AP50 of both classes on one core. In two lights: everything .749 .741, halves .783 .729, halves that nobody was told
# of .516 .489: a detector learns in which light a class is denied. In one light, on 150 other pictures: halves .821
# .771, untold .748 .659.
def test_a_detector_of_halves_is_as_good_as_one_that_saw_everything(measured: Measured) -> None:
    assert bool((measured.told > measured.whole - 0.03).all())


def test_it_is_far_above_one_that_was_not_told(measured: Measured, request: pytest.FixtureRequest) -> None:
    if "one light" in request.node.name:
        reason = "what is denied in every second picture alike scores less, and ranks well still: .07 and .11 were seen"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    assert bool((measured.told > measured.untold + 0.15).all())


def test_what_was_denied_in_every_second_picture_is_believed(measured: Measured) -> None:
    assert bool((measured.believed > measured.believed_untold + 0.2).all())


def test_halves_teach_more_where_they_say_what_was_sought(tmp_path) -> None:
    samples = Held(scenes(MEASURED, 9)).samples
    told, untold = (
        scores(
            learnt(SOFTMAX, Held(partly(SOFTMAX.count, WHITE, WHITE), told=told), tmp_path / f"told-{told}"), samples
        )[0]
        for told in (True, False)
    )
    assert bool((told > untold).all())
    assert told.mean() > 1.05 * untold.mean()
