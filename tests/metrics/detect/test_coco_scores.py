"""COCO's scores by the worked example, and against plain loops."""

import json

import numpy as np
import pytest
import torch

from saccade.core.errors import DataError, UsageError
from saccade.metrics.detect.coco_scores import coco


def truth_of(boxes, labels, crowd=None, images=1):
    return {
        "images": [{"id": 1 + k, "width": 640, "height": 480, "file_name": f"{k}.jpg"} for k in range(images)],
        "categories": [{"id": label, "name": str(label)} for label in sorted(set(labels))],
        "annotations": [
            {
                "id": 1 + k,
                "image_id": 1 + k % images,
                "category_id": label,
                "bbox": list(box),
                "area": box[2] * box[3],
                "iscrowd": 0 if crowd is None else crowd[k],
            }
            for k, (box, label) in enumerate(zip(boxes, labels, strict=True))
        ],
    }


def results_of(boxes, labels, scores, images=1):
    return [
        {"image_id": 1 + k % images, "category_id": label, "bbox": list(box), "score": score}
        for k, (box, label, score) in enumerate(zip(boxes, labels, scores, strict=True))
    ]


def test_right_wrong_right_right_wrong_of_four_objects(tmp_path):
    places = [(100 * k, 0, 50, 50) for k in range(6)]
    truth = truth_of(places[:4], [1] * 4)
    results = results_of([places[0], places[4], places[1], places[2], places[5]], [1] * 5, [0.9, 0.8, 0.7, 0.6, 0.5])
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "results.json").write_text(json.dumps(results))
    scores = coco(tmp_path / "truth.json", tmp_path / "results.json")
    assert scores["AP50"] == pytest.approx(0.628713, abs=1e-6)
    assert scores["AR1"] == 0.25
    assert scores["AR100"] == 0.75
    assert scores["APs"] is None


def plain_ap(truth, results, overlap):
    """COCO's average precision at one overlap, by the plainest loops."""
    values = []
    for label in {row["category_id"] for row in truth["annotations"]}:
        ranked, objects = [], 0
        for image in truth["images"]:
            wanted = [r for r in truth["annotations"] if (r["image_id"], r["category_id"]) == (image["id"], label)]
            found = [r for r in results if (r["image_id"], r["category_id"]) == (image["id"], label)]
            objects += len(wanted)
            free = list(range(len(wanted)))
            for prediction in sorted(found, key=lambda r: -r["score"]):
                overlaps = {k: plain_iou(prediction["bbox"], wanted[k]["bbox"]) for k in free}
                best = max(overlaps, key=overlaps.__getitem__, default=None)
                hit = best is not None and overlaps[best] >= overlap
                free = [k for k in free if not hit or k != best]
                ranked.append((prediction["score"], hit))
        hits = [hit for _, hit in sorted(ranked, key=lambda pair: -pair[0])]
        points = [(sum(hits[: k + 1]) / objects, sum(hits[: k + 1]) / (k + 1)) for k in range(len(hits))]
        reached = [max((p for r, p in points if r >= point), default=0.0) for point in np.linspace(0, 1, 101)]
        values.append(sum(reached) / 101)
    return sum(values) / len(values)


def plain_iou(first, second):
    sides = [min(a[k] + a[k + 2], b[k] + b[k + 2]) - max(a[k], b[k]) for k in (0, 1) for a, b in [(first, second)]]
    common = max(sides[0], 0) * max(sides[1], 0)
    return common / (first[2] * first[3] + second[2] * second[3] - common)


@pytest.mark.parametrize("seed", range(4))
def test_it_equals_plain_loops_on_random_boxes(seed):
    draw = torch.Generator().manual_seed(seed)
    places = torch.rand(24, 2, generator=draw) * 400
    truth_boxes = torch.cat([places, 10 + torch.rand(24, 2, generator=draw) * 150], 1)
    guess_boxes = truth_boxes + torch.randn(24, 4, generator=draw) * 8
    guess_boxes[:, 2:].clamp_(min=1)
    labels = torch.randint(1, 4, (24,), generator=draw).tolist()
    truth = truth_of(truth_boxes.tolist(), labels, images=3)
    results = results_of(guess_boxes.tolist(), labels, torch.rand(24, generator=draw).tolist(), images=3)
    scores = coco(truth, results)
    assert scores["AP50"] == pytest.approx(plain_ap(truth, results, 0.5), abs=1e-9)
    assert scores["AP75"] == pytest.approx(plain_ap(truth, results, 0.75), abs=1e-9)
    every = [plain_ap(truth, results, overlap) for overlap in np.linspace(0.5, 0.95, 10)]
    assert scores["AP"] == pytest.approx(sum(every) / 10, abs=1e-9)


def test_a_crowd_swallows_guesses_without_blame():
    truth = truth_of([(0, 0, 50, 50), (200, 200, 200, 200)], [1, 1], crowd=[0, 1])
    results = results_of([(0, 0, 50, 50), (250, 250, 40, 40), (300, 300, 40, 40)], [1] * 3, [0.5, 0.9, 0.8])
    assert coco(truth, results)["AP"] == pytest.approx(1.0)


def test_no_results_score_zero_and_arguments_stay_as_they_were():
    truth, results = truth_of([(0, 0, 50, 50)], [1]), results_of([(0, 0, 50, 50)], [1], [0.5])
    before = json.dumps([truth, results])
    assert coco(truth, [])["AP"] == 0.0
    assert coco(truth, results)["AP"] == pytest.approx(1.0)
    assert json.dumps([truth, results]) == before


def test_results_of_other_pictures_and_unknown_kinds_are_refused():
    truth = truth_of([(0, 0, 50, 50)], [1])
    with pytest.raises(DataError, match="found image_id 7"):
        coco(truth, [{"image_id": 7, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1.0}])
    with pytest.raises(UsageError, match="kind 'bbox', 'segm', 'keypoints' or 'boundary', found"):
        coco(truth, [], kind="mask")  # pyright: ignore[reportArgumentType]
