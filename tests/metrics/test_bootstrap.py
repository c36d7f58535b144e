"""Intervals by resampling the pictures, against closed forms; resampled scores against the scores themselves."""

import csv
import io
import math

import numpy as np
import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.metrics.bootstrap import LEAST, MOST, interval_of
from saccade.metrics.classify.classification import Classification, MultiLabel
from saccade.metrics.detect.detection import Detection
from saccade.metrics.headline import Resampling, weighted_mean
from saccade.metrics.localize.localization import Localization
from saccade.metrics.picture_scores import PictureScores, beside
from saccade.metrics.scores import telling
from saccade.metrics.segment.segmentation import Segmentation

CLASSES = ("ant", "bee", "cat")


def mean_of(values) -> Resampling:
    return Resampling(len(values), lambda counts: weighted_mean(np.asarray(values, float), counts), len(values))


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def labels(count=60):
    metric, draw = Classification(CLASSES), chance()
    for number in range(count):
        truth = Annotation(label=torch.randint(0, 3, (), generator=draw))
        metric.update(Annotation(label_scores=torch.rand(3, generator=draw)), truth, f"{number}.png")
    return metric


def many_labels(count=40):
    metric, draw = MultiLabel(CLASSES), chance()
    for number in range(count):
        truth = Annotation(labels=torch.randint(-1, 2, (3,), generator=draw))
        scores = (torch.rand(3, generator=draw) * 8).round() / 8  # many ties
        metric.update(Annotation(label_scores=scores, labels=torch.zeros(3)), truth, f"{number}.png")
    return metric


def boxes(count, draw, scored=True):
    corner = torch.rand(count, 2, generator=draw) * 40
    rows = torch.cat([corner, corner + 5 + 30 * torch.rand(count, 2, generator=draw)], 1)
    scores = torch.rand(count, generator=draw) if scored else None
    return Instances(boxes=rows, labels=torch.randint(0, 3, (count,), generator=draw), scores=scores)


def objects(count=25, told_apart=True):
    metric, draw = Detection(CLASSES, told_apart=told_apart), chance()
    for number in range(count):
        truth = boxes(4, draw, scored=False)
        shift = torch.randn(4, 4, generator=draw)
        near = Instances(boxes=truth.boxes + shift, labels=truth.labels, scores=torch.rand(4, generator=draw))
        guess = boxes(3, draw)
        both = Instances(
            *(torch.cat([getattr(near, name), getattr(guess, name)]) for name in ("boxes", "labels", "scores"))
        )
        metric.update(Annotation(instances=both), Annotation(instances=truth), f"{number}.png")
    return metric


def places(count=20):
    metric, draw = Localization(CLASSES), chance()
    for number in range(count):
        truth = Annotation(label=torch.tensor(1), instances=boxes(1, draw, scored=False))
        metric.update(Annotation(label_scores=torch.rand(3), instances=boxes(2, draw)), truth, f"{number}.png")
    return metric


def pixels(count=12):
    metric, draw = Segmentation(CLASSES), chance()
    for number in range(count):
        guess, truth = (Annotation(semantic=torch.randint(0, 2, (5, 7), generator=draw)) for _ in range(2))
        metric.update(guess, truth, f"{number}.png")
    return metric


METRICS = {
    "labels": labels,
    "many": many_labels,
    "boxes": objects,
    "proposals": lambda: objects(told_apart=False),
    "places": places,
    "pixels": pixels,
}


@pytest.mark.parametrize("make", METRICS.values(), ids=METRICS)
def test_the_resample_of_all_pictures_once_has_the_score_itself(make):
    metric = make()
    headline = metric.headline()
    every = np.ones((2, headline.resampling.pictures), np.int64)
    assert headline.resampling.scores(every) == pytest.approx([metric.result()[headline.names[0]]] * 2, abs=1e-9)


@pytest.mark.parametrize("make", [labels, objects, pixels], ids=["labels", "boxes", "pixels"])
def test_a_picture_that_is_drawn_twice_counts_as_two(make):
    """The halves of a set in another metric: the pictures of the first half alone, each twice."""
    metric = make()
    resampling = metric.headline().resampling
    half = resampling.pictures // 2
    counts = np.zeros((1, resampling.pictures), np.int64)
    counts[0, :half] = 2
    assert resampling.scores(counts) == pytest.approx([make(half).result()[metric.headline().names[0]]], abs=1e-9)


@pytest.mark.parametrize(("right", "count"), [(70, 100), (140, 200), (30, 60)])
def test_the_interval_of_an_accuracy_is_the_binomial_one(right, count):
    """The sum over a resample is binomial: its quantiles are known, and the normal approximation is near."""
    found = interval_of(mean_of([1] * right + [0] * (count - right)), resamples=20_000)
    share = right / count
    half = 1.959964 * math.sqrt(share * (1 - share) / count)
    assert (found.low, found.high) == pytest.approx((share - half, share + half), abs=0.6 / count + 0.006)

    def quantile(level):
        below, hits = 0.0, -1
        while below < level:
            hits += 1
            below += math.comb(count, hits) * share**hits * (1 - share) ** (count - hits)
        return hits / count

    assert (found.low, found.high) == pytest.approx((quantile(0.025), quantile(0.975)), abs=1.01 / count)


def test_one_seed_gives_one_interval_and_costly_scores_are_resampled_less_often():
    values = np.random.default_rng(0).random(50)
    assert interval_of(mean_of(values)) == interval_of(mean_of(values))
    assert interval_of(mean_of(values)) != interval_of(mean_of(values), seed=1)
    assert interval_of(mean_of(values)).resamples == MOST
    costly = Resampling(50, mean_of(values).scores, work=10**9)
    assert interval_of(costly).resamples == LEAST


@pytest.mark.parametrize("make", METRICS.values(), ids=METRICS)
def test_an_interval_holds_the_score(make):
    metric = make()
    found, score = interval_of(metric.headline().resampling), metric.result()[metric.headline().names[0]]
    assert 0 <= found.low < score < found.high <= 1
    assert found.high - found.low < 0.5


def test_where_nothing_varies_or_nothing_is_known_there_is_no_interval():
    assert interval_of(mean_of([1.0])) is None
    assert interval_of(mean_of([np.nan] * 9)) is None
    assert interval_of(mean_of([1.0] * 9)) is None
    assert Classification(CLASSES).headline().resampling is None
    assert interval_of(Detection(CLASSES).headline().resampling) is None


def test_a_classifier_is_held_against_chance():
    metric = Classification(CLASSES)
    for number, label in enumerate((0, 0, 0, 1)):
        metric.update(Annotation(label_scores=torch.rand(3)), Annotation(label=torch.tensor(label)), str(number))
    assert metric.headline().note == "by chance 33.3 %; always the most frequent class 75.0 %"


def test_each_picture_has_its_row():
    metric = Classification(CLASSES)
    metric.update(Annotation(label_scores=torch.tensor([0.2, 0.5, 0.3])), Annotation(label=torch.tensor(2)), "a, b.png")
    rows = list(csv.DictReader(io.StringIO(metric.by_picture().as_csv())))
    assert rows == [
        {"id": "a, b.png", "truth": "cat", "prediction": "bee", "correct": "0", "rank": "2", "score": "0.5",
         "true_score": "0.3"}
    ]  # fmt: skip


def test_boxes_are_counted_picture_by_picture_from_the_best_threshold_on():
    metric = Detection(("cell",))
    a, b, away = [0.0, 0, 10, 10], [50.0, 0, 60, 10], [80.0, 80, 90, 90]

    def rows(places, scores=None):
        zeros = torch.zeros(len(places), dtype=torch.int64)
        given = None if scores is None else torch.tensor(scores)
        return Annotation(instances=Instances(boxes=torch.tensor(places), labels=zeros, scores=given))

    metric.update(rows([a, b], [0.9, 0.8]), rows([a, b]), "whole")
    metric.update(rows([a, away], [0.9, 0.85]), rows([a, b]), "half")
    told = metric.by_picture()
    assert told.ids == ("whole", "half")
    assert told.columns == {"objects": [2, 2], "matched": [2, 1], "missed": [0, 1], "false": [0, 1]}
    assert "0.800" in told.note


def test_tables_of_pictures_stand_beside_one_another_by_name():
    one, other = PictureScores(("b", "a"), {"x": [1, 2]}), PictureScores(("a",), {"y": [0.5]})
    assert beside([one, other]).as_csv() == "id,x,y\na,2,0.5\nb,1,\n"
    with pytest.raises(ConfigError, match="two for 'x'"):
        beside([one, one])


def test_scores_that_say_nothing_more_are_left_out_of_tables():
    scores = {"top1": 0.5, "top5": 1.0, "error": 0.5, "auc": 0.6}
    assert list(telling(scores, 2)) == ["top1", "auc"]
    assert list(telling(scores, 6)) == ["top1", "top5", "auc"]
    assert list(telling({"error": 0.5}, 2)) == ["error"]
