"""COCO's tables beside pycocotools' own: crowds, areas, ignored objects, none at all, too many predictions."""

import contextlib
import io
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.detect.coco_scores import coco, tables
from saccade.metrics.detect.detection import Detection
from saccade.metrics.sections import Curves
from section_parts import parts, table

pytest.importorskip("pycocotools", reason="the reference is an extra")

CLASSES = 3
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100")


def reference(truth, results):
    """pycocotools' own tables and first nine numbers, None in place of -1."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO()
        annotated.dataset = {name: [dict(row) for row in rows] for name, rows in truth.items()}
        annotated.createIndex()
        # It cannot load an empty list of results.
        predicted = annotated.loadRes([dict(row) for row in results]) if results else COCO()
        found = COCOeval(annotated, predicted, "bbox")
        found.evaluate()
        found.accumulate()
        found.summarize()
    return found.eval, [None if value == -1 else value for value in found.stats[:9]]


def made(seed, most=8):
    """Truth and results of a few pictures: objects of all sizes, crowds, ignored ones, guesses near and far, ties."""
    draw = random.Random(seed)
    truth, results = [], []
    for image in range(draw.randrange(4)):
        for _ in range(draw.randrange(most)):
            side = draw.choice([8, 31, 32, 60, 96, 120])
            box = [draw.uniform(0, 100), draw.uniform(0, 100), side * draw.uniform(0.8, 1.2), side]
            row = {"image_id": image, "category_id": draw.randrange(CLASSES), "bbox": box, "id": 1 + len(truth)}
            extra = {"ignore": draw.randrange(2)} if draw.random() < 0.2 else {}
            size = draw.choice([box[2] * box[3], 1024, 9216, box[2] * box[3] / 2])
            truth.append({**row, **extra, "area": size, "iscrowd": int(draw.random() < 0.2)})
            for _ in range(draw.randrange(3)):
                moved = [value + draw.gauss(0, 3) for value in box]
                label = row["category_id"] if draw.random() < 0.8 else draw.randrange(CLASSES)
                score = draw.choice([draw.random(), 0.5])
                moved[2:] = [max(value, 1.0) for value in moved[2:]]
                results.append({"image_id": image, "category_id": label, "bbox": moved, "score": score})
    categories = [{"id": label, "name": str(label)} for label in range(CLASSES)]
    images = [{"id": k, "width": 300, "height": 300} for k in range(4)]
    return {"images": images, "categories": categories, "annotations": truth}, results


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_all_tables_are_pycocotools_own(seed):
    truth, results = made(seed)
    want, numbers = reference(truth, results)
    found = tables(truth, results, "bbox")
    np.testing.assert_allclose(found.precision, want["precision"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.recall, want["recall"], rtol=0, atol=1e-12)
    assert coco(truth, results) == pytest.approx(dict(zip(NAMES, numbers, strict=True)), abs=1e-12)


def test_a_hundred_guesses_of_each_class_and_picture_count_and_no_more():
    # The right predictions come late: places 90 to 109 of class 0, and 50 to 59 of class 1, of one picture.
    place = [[25.0 * (k % 20), 25.0 * (k // 20), 20.0, 20.0] for k in range(130)]
    objects = {0: range(90, 110), 1: range(50, 60)}
    annotations = [
        {"image_id": 0, "category_id": label, "bbox": place[k], "area": 400.0, "iscrowd": 0}
        for label, places in objects.items() for k in places
    ]  # fmt: skip
    for number, row in enumerate(annotations, 1):
        row["id"] = number
    truth = {
        "images": [{"id": 0, "width": 500, "height": 500}],
        "categories": [{"id": label, "name": str(label)} for label in (0, 1)],
        "annotations": annotations,
    }
    results = [
        {"image_id": 0, "category_id": label, "bbox": place[k], "score": 1 - k / 200}
        for label, count in ((0, 130), (1, 70)) for k in range(count)
    ]  # fmt: skip
    _, numbers = reference(truth, results)
    scores = coco(truth, results)
    assert scores == pytest.approx(dict(zip(NAMES, numbers, strict=True)), abs=1e-12)
    assert scores["AR100"] == pytest.approx((10 / 20 + 1) / 2)
    metric = Detection(("a", "b"))
    metric.update(as_annotation(results), as_annotation(annotations), "0")
    own = metric.result()
    assert {name: own[name] for name in NAMES} == pytest.approx(scores, abs=1e-12)
    assert table(metric)["box_recall"] == pytest.approx([0.5, 1.0])


def as_annotation(rows):
    boxes = torch.tensor([row["bbox"] for row in rows])
    boxes[:, 2:] += boxes[:, :2]
    labels = torch.tensor([row["category_id"] for row in rows])
    scores = torch.tensor([row["score"] for row in rows]) if "score" in rows[0] else None
    return Annotation(instances=Instances(boxes=boxes, labels=labels, scores=scores))


@pytest.mark.parametrize("seed", [1, 2, 4, 5, 7])
def test_precision_against_recall_sums_up_to_coco_s_ap(seed):
    truth, results = made(seed, most=12)
    metric = Detection(tuple(map(str, range(CLASSES))))
    for image in range(4):
        rows = [[row for row in part if row["image_id"] == image] for part in (results, truth["annotations"])]
        prediction, shown = [as_annotation(part).instances if part else Instances() for part in rows]
        crowd = torch.tensor([bool(row["iscrowd"]) for row in rows[1]])
        columns = shown.columns() | ({"crowd": crowd} if len(shown) else {})
        metric.update(Annotation(instances=prediction), Annotation(instances=Instances(**columns)), str(image))
    scores, own = metric.result(), table(metric)["AP50"]
    loose, strict = ({curve.name: curve.area for curve in family.curves} for family in parts(metric, Curves))
    assert [loose.get(str(label)) for label in range(CLASSES)] == [pytest.approx(value, abs=1e-12) for value in own]
    assert mean_defined([*strict.values()]) == pytest.approx(scores["AP75"], abs=1e-12)
