"""Regions to ignore and classes that were not sought, through every score of detection: by hand, and as COCO has it."""

import random
from dataclasses import replace

import pytest
import torch
from test_coco_parity import CLASSES, NAMES, as_annotation, made, reference

from drawn_rows import rows
from saccade.core.annotation import ANY_CLASS, Annotation, Instances
from saccade.metrics.detect.detection import Detection
from saccade.metrics.detect.errors.object_errors import verdict_of
from saccade.metrics.detect.matches import coco_matches, voc_matches
from saccade.metrics.detect.object_confusion import object_confusion
from saccade.metrics.detect.overlaps import Overlaps, picture_of

A, B, AWAY = [0, 0, 10, 10], [50, 0, 60, 10], [200, 0, 210, 10]
HALF_OUT = [90, 0, 110, 10]  # half of it lies in the region
REGION = [100, 0, 300, 100]


WITH_REGION = rows([A, B, REGION], [0, 1, ANY_CLASS], crowd=[0, 0, 1])
# Right; in the region, of either class; half in it; a quarter in it, which is too little.
GUESS = rows(
    [A, AWAY, AWAY, HALF_OUT, [85, 0, 105, 10]], [0, 0, 1, 1, 1], [0.9, 0.8, 0.7, 0.6, 0.55]
)  # fmt: skip


def test_a_region_to_ignore_spares_guesses_of_every_class_that_lie_in_it():
    of = Overlaps.of([picture_of(GUESS, WITH_REGION)])
    for matches in (coco_matches(of), voc_matches(of)):
        assert matches.counts.tolist() == [True, False, False, False, True]
        assert matches.taken.tolist() == [0, -1, -1, -1, -1]
        assert matches.sought.tolist() == [True, True, False]
        assert [one.objects for one in matches.ranked(of, 2)] == [1, 1]
    assert object_confusion(of, 2).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    verdict = verdict_of(GUESS, WITH_REGION)
    assert verdict.kinds == ("right", "ignored", "ignored", "ignored", "background")
    assert verdict.objects == ("right", "missed", "ignored")


def test_an_object_in_a_region_to_ignore_is_sought_all_the_same():
    truth = rows([AWAY, REGION], [0, ANY_CLASS], crowd=[0, 1])
    of = Overlaps.of([picture_of(rows([AWAY, AWAY], [0, 0], [0.9, 0.8]), truth)])
    for matches in (coco_matches(of), voc_matches(of)):
        assert matches.taken.tolist() == [0, -1]
        assert matches.counts.tolist() == [True, False]


def test_classes_that_were_not_sought_count_neither_way():
    # Class 1 was not sought: neither its prediction nor its object says anything; of class 0 the second prediction is
    # wrong.
    sought = torch.tensor([True, False])
    prediction = rows([A, AWAY, B, AWAY], [0, 0, 1, 1], [0.9, 0.8, 0.7, 0.6])
    truth = rows([A, B], [0, 1])
    of = Overlaps.of([picture_of(prediction, truth, sought=sought)])
    for matches in (coco_matches(of), voc_matches(of)):
        assert matches.counts.tolist() == [True, True, False, False]
        assert matches.sought.tolist() == [True, False]
    assert object_confusion(of, 2).tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]
    verdict = verdict_of(prediction, truth, sought=sought)
    assert verdict.kinds == ("right", "background", "ignored", "ignored")
    assert verdict.objects == ("right", "ignored")


def scores_of(*pictures, **options):
    metric = Detection(("a", "b"), **options)
    bad = [
        metric.update(Annotation(instances=prediction), truth, str(k)) for k, (prediction, truth) in enumerate(pictures)
    ]
    return metric, bad


def test_a_picture_is_judged_by_its_own_classes_alone():
    truth, everything = Annotation(instances=rows([A], [0])), rows([A, B], [0, 1], [0.9, 0.8])
    half = replace(truth, sought=torch.tensor([True, False]))
    _, bad = scores_of((everything, half), (everything, truth), (rows([B], [1], [0.9]), half))
    assert bad == [0.0, pytest.approx(1 / 3), 1.0]
    none_sought = Annotation(instances=rows([], []), sought=torch.tensor([False, False]))
    assert scores_of((everything, none_sought))[1] == [None]


def test_the_rest_of_the_pictures_still_tells_of_a_class():
    # Class 1 was sought in the second picture, where its prediction is right; in the first it says nothing.
    prediction = rows([A, B], [0, 1], [0.9, 0.8])
    first = Annotation(instances=rows([A], [0]), sought=torch.tensor([True, False]))
    second = Annotation(instances=rows([B], [1]), sought=torch.tensor([False, True]))
    metric, _ = scores_of((prediction, first), (prediction, second))
    scores = metric.result()
    assert [scores[name] for name in ("AP", "AP50", "AR100", "voc_ap", "voc_ap11")] == pytest.approx([1.0] * 5)
    blind = [replace(truth, sought=None) for truth in (first, second)]
    assert scores_of((prediction, blind[0]), (prediction, blind[1]))[0].result()["AP"] < 0.8


def test_that_all_was_sought_is_what_nothing_says():
    truth = Annotation(instances=WITH_REGION)
    told = replace(truth, sought=torch.tensor([True, True]))
    plain, marked = (scores_of((GUESS, shown))[0] for shown in (truth, told))
    assert plain.result() == marked.result()


def test_boxes_without_a_class_are_judged_whatever_was_sought():
    truth = Annotation(instances=WITH_REGION, sought=torch.tensor([True, False]))
    prediction = replace(rows([A, B, AWAY], [0, 0, 0], [0.9, 0.8, 0.95]), labels=None)
    metric, _ = scores_of((prediction, truth), told_apart=False)
    assert metric.result()["AP"] == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(12))
def test_scores_are_pycocotools_own_with_a_crowd_of_every_class_and_without_what_was_not_sought(seed):
    pytest.importorskip("pycocotools", reason="the reference is an extra")
    truth, results = made(seed, most=12)
    draw, metric = random.Random(seed), Detection(tuple(map(str, range(CLASSES))))
    for row in truth["annotations"]:
        row.pop("ignore", None)
    told: list[dict] = []
    left = list(results)
    for image in range(4):
        sought = torch.tensor([draw.random() < 0.6 for _ in range(CLASSES)])
        objects = [row for row in truth["annotations"] if row["image_id"] == image]
        predictions = [row for row in results if row["image_id"] == image]
        region = [draw.uniform(0, 80), draw.uniform(0, 80), 90.0, 70.0]
        shown = as_annotation([*objects, {"bbox": region, "category_id": ANY_CLASS}]).instances
        columns = {
            "crowd": torch.tensor([*(bool(row["iscrowd"]) for row in objects), True]),
            "area": torch.tensor([*(float(row["area"]) for row in objects), 6300.0]),
        }
        given = as_annotation(predictions).instances if predictions else Instances()
        metric.update(
            Annotation(instances=given), Annotation(instances=replace(shown, **columns), sought=sought), str(image)
        )
        told += [row for row in objects if sought[row["category_id"]]]
        told += [
            {"image_id": image, "category_id": label, "bbox": region, "area": 6300.0, "iscrowd": 1}
            for label in range(CLASSES)
        ]
        left = [row for row in left if row["image_id"] != image or sought[row["category_id"]]]
    for number, row in enumerate(told, 1):
        row["id"] = number
    _, numbers = reference({**truth, "annotations": told}, left)
    own = metric.result()
    assert {name: own[name] for name in NAMES} == pytest.approx(dict(zip(NAMES, numbers, strict=True)), abs=1e-9)
