"""Detection's streaming metric against COCO's and VOC's own functions, over processes, and on nothing."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.detect.coco_scores import coco
from saccade.metrics.detect.detection import Detection
from saccade.metrics.detect.voc import voc_ap
from section_parts import table

CLASSES = ("cell", "plate")


def pictures(count=4):
    """Truth and predictions of some pictures; in each a prediction that is off and one that is wrong."""
    draw = torch.Generator().manual_seed(3)
    for _ in range(count):
        places = torch.rand(5, 2, generator=draw) * 300
        boxes = torch.cat([places, places + 20 + torch.rand(5, 2, generator=draw) * 100], 1)
        labels = torch.randint(0, 2, (5,), generator=draw)
        truth = Instances(boxes=boxes, labels=labels, crowd=torch.zeros(5, dtype=torch.bool))
        moved = boxes + torch.randn(5, 4, generator=draw) * 6
        yield (
            Annotation(instances=truth),
            Annotation(instances=Instances(boxes=moved, labels=labels, scores=torch.rand(5, generator=draw))),
        )


def taken(metric, shown):
    for place, (truth, prediction) in enumerate(shown):
        metric.update(prediction, truth, str(place))
    return metric


def as_json(shown):
    images, rows, results = [], [], []
    for place, (truth, prediction) in enumerate(shown):
        images.append({"id": place, "width": 500, "height": 500, "file_name": str(place)})
        for part, out in ((truth.instances, rows), (prediction.instances, results)):
            for box, label in zip(part.boxes.double(), part.labels.tolist(), strict=True):
                x1, y1, x2, y2 = box.tolist()
                out.append({"image_id": place, "category_id": label, "bbox": [x1, y1, x2 - x1, y2 - y1]})
        for row, score in zip(results[-5:], prediction.instances.scores.tolist(), strict=True):
            row["score"] = score
    for number, row in enumerate(rows, 1):
        row |= {"id": number, "area": row["bbox"][2] * row["bbox"][3], "iscrowd": 0}
    names = [{"id": label, "name": name} for label, name in enumerate(CLASSES)]
    return {"images": images, "annotations": rows, "categories": names}, results


def test_its_scores_are_coco_s_and_voc_s():
    shown = list(pictures())
    scores = taken(Detection(CLASSES), shown).result()
    want = coco(*as_json(shown))
    assert {name: scores[name] for name in want} == pytest.approx(want)
    predictions, truths = [g.instances for _, g in shown], [t.instances for t, _ in shown]
    assert scores["voc_ap"] == voc_ap(predictions, truths)[1]
    assert scores["voc_ap11"] == voc_ap(predictions, truths, points=11)[1]


def test_two_processes_find_what_one_finds():
    shown = list(pictures())
    one, first, second = Detection(CLASSES), Detection(CLASSES), Detection(CLASSES)
    taken(one, shown)
    taken(first, shown[:2])
    first.merge([taken(second, shown[2:]).state()])
    assert first.result() == one.result()


def test_perfect_guesses_score_one_and_are_not_bad():
    metric = Detection(CLASSES)
    for truth, _ in pictures():
        rows = truth.instances
        prediction = Annotation(instances=Instances(boxes=rows.boxes, labels=rows.labels, scores=torch.ones(5)))
        assert metric.update(prediction, truth, "") == 0
    scores = metric.result()
    assert [scores[name] for name in ("AP", "AP50", "AR100", "voc_ap")] == pytest.approx([1.0] * 4)
    assert table(metric)["AP"] == pytest.approx([1.0, 1.0])


def test_without_labels_all_objects_are_of_one_class():
    metric = Detection(CLASSES, told_apart=False)
    for truth, prediction in pictures():
        metric.update(
            Annotation(instances=Instances(boxes=prediction.instances.boxes, scores=prediction.instances.scores)),
            truth,
            "",
        )
    assert metric.result()["AR100"] > 0.4
    assert "voc_ap" not in metric.result()


def test_a_thousand_proposals_count_where_nothing_tells_them_apart_and_only_a_hundred_for_precision():
    metric = Detection(CLASSES, told_apart=False)
    boxes = torch.tensor([[[90.0, 90, 99, 99]], [[0.0, 0, 10, 10]]]).repeat_interleave(torch.tensor([150, 1]), 0)[:, 0]
    truth = Annotation(instances=Instances(boxes=boxes[-1:], labels=torch.tensor([0])))
    metric.update(Annotation(instances=Instances(boxes=boxes, scores=torch.linspace(1, 0, 151))), truth, "")
    scores = metric.result()
    assert (scores["AR100"], scores["AR1000"], scores["AP"]) == (0, 1, 0)
    assert "AR1000" not in Detection(CLASSES).result()


def test_pictures_without_objects_and_guesses_leave_all_undefined():
    metric = Detection(CLASSES)
    empty = Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64), scores=torch.zeros(0))
    assert metric.update(Annotation(instances=empty), Annotation(instances=empty), "a") is None
    assert set(metric.result().values()) == {None}
    assert Detection(CLASSES).result()["AP"] is None
