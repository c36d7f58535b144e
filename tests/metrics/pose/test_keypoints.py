"""Joints of every object: COCO's similarity and scores, by the worked example and against plain loops."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.core.joint_names import COCO_NAMES, COCO_SIGMAS, sigmas_by_name
from saccade.metrics.families import choose
from saccade.metrics.pose.keypoint_detection import KeypointDetection
from saccade.metrics.pose.oks import oks

JOINTS = ("nose", "left_eye", "tail", "fin")
SIGMAS = (0.026, 0.025, 0.1, 0.1)


def plain_oks(row, wanted, sigmas):
    """COCO's similarity by the plainest loops."""
    x, y, w, h = wanted["bbox"]
    values = []
    marks = wanted["keypoints"][2::3]
    for k, sigma in enumerate(sigmas):
        px, py = row["keypoints"][3 * k : 3 * k + 2]
        if any(mark > 0 for mark in marks):
            if marks[k] == 0:
                continue
            dx, dy = px - wanted["keypoints"][3 * k], py - wanted["keypoints"][3 * k + 1]
        else:
            dx = max(0, x - w - px) + max(0, px - (x + 2 * w))
            dy = max(0, y - h - py) + max(0, py - (y + 2 * h))
        values.append(math.exp(-(dx**2 + dy**2) / (2 * wanted["area"] * (2 * sigma) ** 2)))
    return sum(values) / len(values)


def plain_ap(truth, results, at, sigmas, least=0.0, most=1e10):
    """COCO's average precision of joints at one similarity, of objects of some areas, by the plainest loops."""
    values = []
    for label in [category["id"] for category in truth["categories"]]:
        ranked, objects = [], 0
        for image in truth["images"]:
            here = (image["id"], label)
            wanted = [r for r in truth["annotations"] if (r["image_id"], r["category_id"]) == here]
            found = [r for r in results if (r["image_id"], r["category_id"]) == here]
            out = [
                not any(v > 0 for v in r["keypoints"][2::3]) or r["iscrowd"] == 1 or not least <= r["area"] <= most
                for r in wanted
            ]
            objects += out.count(False)
            taken = set()
            for row in sorted(found, key=lambda r: -r["score"])[:20]:
                alike = [plain_oks(row, r, sigmas) for r in wanted]
                best = None
                for ignored in (False, True):
                    free = [
                        k
                        for k in range(len(wanted))
                        if out[k] == ignored and (k not in taken or wanted[k]["iscrowd"]) and alike[k] >= at
                    ]
                    if free and best is None:
                        best = max(free, key=lambda k: (alike[k], k))
                if best is not None:
                    taken.add(best)
                    if not out[best]:
                        ranked.append((row["score"], True))
                    continue
                xs, ys = row["keypoints"][0::3], row["keypoints"][1::3]
                area = (max(xs) - min(xs)) * (max(ys) - min(ys))
                if least <= area <= most:
                    ranked.append((row["score"], False))
        if not objects:
            continue
        hits = [hit for _, hit in sorted(ranked, key=lambda pair: -pair[0])]
        points = [(sum(hits[: k + 1]) / objects, sum(hits[: k + 1]) / (k + 1)) for k in range(len(hits))]
        reached = [max((p for r, p in points if r >= point), default=0.0) for point in np.linspace(0, 1, 101)]
        values.append(sum(reached) / 101)
    return sum(values) / len(values)


def drawn(seed, names, pictures=6):
    """Objects with joints in COCO's form, some unmarked, some crowds, and predictions near them and elsewhere."""
    draw = np.random.default_rng(seed)
    truth, results = [], []
    for number in range(pictures):
        for _ in range(draw.integers(0, 4)):
            x, y, w, h = (*draw.uniform(0, 300, 2), *draw.uniform(20, 140, 2))
            places = np.stack([x + draw.uniform(0, w, len(names)), y + draw.uniform(0, h, len(names))], 1)
            marks = draw.integers(0, 3, len(names)) * (draw.random() > 0.2)
            label, crowd = int(draw.integers(1, 3)), int(draw.random() < 0.1)
            flat = np.concatenate([places, marks[:, None]], 1).ravel().tolist()
            row = {"id": len(truth) + 1, "image_id": number, "category_id": label, "bbox": [x, y, w, h]}
            area = float(w * h * 0.6)
            known = int((marks > 0).sum())
            truth.append({**row, "area": area, "iscrowd": crowd, "keypoints": flat, "num_keypoints": known})
            for _ in range(draw.integers(0, 3)):
                near = places + draw.normal(0, draw.choice([1.0, 6.0, 25.0]), places.shape)
                told = np.concatenate([near, np.ones((len(names), 1))], 1).ravel().tolist()
                score = float(draw.random())
                results.append({"image_id": number, "category_id": label, "score": score, "keypoints": told})
    categories = [{"id": k, "name": f"c{k}", "keypoints": list(names)} for k in (1, 2)]
    images = [{"id": number, "width": 500, "height": 500} for number in range(pictures)]
    return {"images": images, "categories": categories, "annotations": truth}, results


def test_one_nose_five_pixels_away():
    """The worked example: exp(-25 / (2 · 10000 · .002704)) = .629847."""
    points = np.zeros((1, 1, 2))
    found = oks(
        points + np.array([3, 4]), points, np.ones((1, 1), bool), np.array([1e4]), np.zeros((1, 4)), np.array([0.026])
    )
    assert found[0, 0] == pytest.approx(0.629847, abs=1e-6)


def test_constants_are_coco_s_by_name_and_a_tenth_of_others():
    assert sigmas_by_name(COCO_NAMES) == COCO_SIGMAS
    assert sigmas_by_name(JOINTS) == SIGMAS
    assert sigmas_by_name(("l knee", "head top")) == (0.087, 0.1)


def test_similarity_is_coco_s_also_where_no_joint_is_annotated():
    truth, results = drawn(0, JOINTS, pictures=8)
    marked = np.array([row["keypoints"] for row in truth["annotations"]]).reshape(-1, len(JOINTS), 3)
    guess = np.array([row["keypoints"] for row in results]).reshape(-1, len(JOINTS), 3)[..., :2]
    boxes = np.array([row["bbox"] for row in truth["annotations"]])
    boxes[:, 2:] += boxes[:, :2]
    area = np.array([row["area"] for row in truth["annotations"]])
    found = oks(guess, marked[..., :2], marked[..., 2] > 0, area, boxes, np.array(SIGMAS))
    wanted = [[plain_oks(row, shown, SIGMAS) for shown in truth["annotations"]] for row in results]
    assert (~(marked[..., 2] > 0).any(1)).any()
    assert np.allclose(found, wanted, atol=1e-12)


@pytest.mark.parametrize(("seed", "names"), [(1, JOINTS), (2, COCO_NAMES), (3, JOINTS), (4, COCO_NAMES)])
def test_scores_equal_plain_loops(seed, names):
    truth, results = drawn(seed, names)
    sigmas = sigmas_by_name(names)
    scores = sc.metrics.coco(truth, results, kind="keypoints")
    assert scores["AP50"] == pytest.approx(plain_ap(truth, results, 0.5, sigmas), abs=1e-9)
    assert scores["AP75"] == pytest.approx(plain_ap(truth, results, 0.75, sigmas), abs=1e-9)
    every = [plain_ap(truth, results, at, sigmas) for at in np.linspace(0.5, 0.95, 10)]
    assert scores["AP"] == pytest.approx(sum(every) / 10, abs=1e-9)
    medium = [plain_ap(truth, results, at, sigmas, 32**2, 96**2) for at in np.linspace(0.5, 0.95, 10)]
    assert scores["APm"] == pytest.approx(sum(medium) / 10, abs=1e-9)
    assert (scores["APs"], scores["AR1"], scores["AR10"]) == (None, None, None)
    assert scores["AR"] == scores["AR100"] is not None
    assert 0.05 < scores["AP50"] < 0.95


def test_a_file_may_leave_numbers_of_joints_out_but_not_mix_joints():
    truth, results = drawn(5, JOINTS)
    wanted = sc.metrics.coco(truth, results, kind="keypoints")
    for row in truth["annotations"]:
        del row["num_keypoints"]
    assert sc.metrics.coco(truth, results, kind="keypoints") == wanted
    truth["categories"][0]["keypoints"] = ["nose"]
    with pytest.raises(DataError, match="the same joints"):
        sc.metrics.coco(truth, results, kind="keypoints")


def test_categories_may_tell_constants_of_their_own():
    truth, results = drawn(9, JOINTS)
    own = [0.3, 0.01, 0.5, 0.02]
    usual = sc.metrics.coco(truth, results, kind="keypoints")
    truth["categories"][0]["sigmas"] = own
    scores = sc.metrics.coco(truth, results, kind="keypoints")
    assert scores["AP50"] == pytest.approx(plain_ap(truth, results, 0.5, own), abs=1e-9)
    assert scores["AP50"] != usual["AP50"]
    for bad in (own[:3], [0, *own[1:]], "wide", 0.1):
        truth["categories"][0]["sigmas"] = bad
        with pytest.raises(DataError, match="sigmas of 4 numbers above 0"):
            sc.metrics.coco(truth, results, kind="keypoints")
    truth["categories"][0]["sigmas"], truth["categories"][1]["sigmas"] = own, list(SIGMAS)
    with pytest.raises(DataError, match="the same sigmas"):
        sc.metrics.coco(truth, results, kind="keypoints")


def as_annotations(truth, results):
    """Prediction and truth of each picture as ours."""
    for image in truth["images"]:
        shown = [row for row in truth["annotations"] if row["image_id"] == image["id"]]
        found = [row for row in results if row["image_id"] == image["id"]]
        marked, told = (
            torch.tensor([row["keypoints"] for row in rows], dtype=torch.float64).view(len(rows), len(JOINTS), 3)
            for rows in (shown, found)
        )
        boxes = torch.tensor([row["bbox"] for row in shown], dtype=torch.float64).view(-1, 4)
        boxes = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
        instances = Instances(
            boxes=boxes,
            labels=torch.tensor([row["category_id"] - 1 for row in shown], dtype=torch.int64),
            keypoints=marked[..., :2],
            visible=marked[..., 2].long(),
            area=torch.tensor([row["area"] for row in shown], dtype=torch.float64),
            crowd=torch.tensor([row["iscrowd"] == 1 for row in shown], dtype=torch.bool),
        )
        guesses = Instances(
            boxes=torch.zeros(len(found), 4),
            labels=torch.tensor([row["category_id"] - 1 for row in found], dtype=torch.int64),
            scores=torch.tensor([row["score"] for row in found], dtype=torch.float64),
            keypoints=told[..., :2],
        )
        yield str(image["id"]), Annotation(instances=guesses), Annotation(instances=instances)


@pytest.mark.parametrize("seed", [6, 7])
def test_an_evaluation_has_the_same_scores_in_one_process_or_two(seed):
    truth, results = drawn(seed, JOINTS, pictures=10)
    parts = [KeypointDetection(("a", "b"), JOINTS) for _ in range(2)]
    for number, (name, prediction, shown) in enumerate(as_annotations(truth, results)):
        parts[number % 2].update(prediction, shown, name)
    whole = KeypointDetection(("a", "b"), JOINTS)
    whole.merge(pickle.loads(pickle.dumps([part.state() for part in parts])))
    wanted = sc.metrics.coco(truth, results, kind="keypoints")
    scores = whole.result()
    assert scores.pop("oks_AP") == wanted["AP"]
    assert {name.removeprefix("keypoint_"): value for name, value in scores.items()} == pytest.approx(wanted)
    assert len(whole.by_picture().ids) == 10
    headline = whole.headline()
    assert headline.names == ("keypoint_AP50", "keypoint_AP")
    found = headline.resampling.scores(np.ones((1, 10), np.int64))
    assert found[0] == pytest.approx(scores["keypoint_AP50"], abs=0.05)


def test_the_report_says_which_constants_were_taken_and_draws_skeletons():
    truth, results = drawn(8, JOINTS, pictures=4)
    metric = KeypointDetection(("a", "b"), JOINTS)
    pairs = list(as_annotations(truth, results))
    for name, prediction, shown in pairs:
        metric.update(prediction, shown, name)
    joints = next(part for section in metric.sections() for part in section.parts if part.title == "Each joint")
    assert joints["sigma"] == ["0.026, COCO's", "0.025, COCO's", "0.1, not one of COCO's", "0.1, not one of COCO's"]
    drawing = next(filter(None, (metric.illustrator().illustrate(one, shown) for _, one, shown in pairs)))
    assert "with like joints" in drawing.caption


def test_a_perfect_prediction_is_right_and_objects_without_joints_do_not_count():
    points = torch.tensor([[[10.0, 10], [20, 10], [15, 20], [15, 30]], [[0.0, 0], [0, 0], [0, 0], [0, 0]]])
    boxes = torch.tensor([[5.0, 5, 25, 35], [50, 50, 90, 90]])
    marks = torch.tensor([[2, 2, 1, 0], [0, 0, 0, 0]])
    labels = torch.tensor([0, 1])
    shown = Annotation(instances=Instances(boxes=boxes, labels=labels, keypoints=points, visible=marks))
    told = torch.stack([points[0], points[0] + 50])
    given = Instances(boxes=boxes, labels=labels, scores=torch.tensor([0.9, 0.8]), keypoints=told)
    metric = KeypointDetection(("a", "b"), JOINTS)
    assert metric.update(Annotation(instances=given), shown, "a") == 0
    assert metric.result()["keypoint_AP"] == pytest.approx(1)
    assert metric.sections()[0].parts[0]["keypoint_AP"] == [pytest.approx(1), None]
    # a row of which no joint is told is no prediction of joints, wherever its places are
    silent = replace(given, keypoints=points - 500, visible=torch.tensor([[2] * 4, [0] * 4]))
    assert metric.update(Annotation(instances=silent), shown, "b") == 1
    assert len(metric.state()[1][1].guess) == 1
    nothing = KeypointDetection(("a", "b"), JOINTS)
    assert nothing.update(Annotation(instances=given[[1]]), Annotation(instances=shown.instances[[1]]), "a") is None
    assert set(nothing.result().values()) == {None}
    assert set(KeypointDetection(("a",), ()).result().values()) == {None}


def test_constants_that_the_data_tell_are_taken():
    truth, results = drawn(10, JOINTS)
    own = (0.3, 0.025, 0.5, 0.02)
    metric = KeypointDetection(("a", "b"), JOINTS, own)
    for name, prediction, shown in as_annotations(truth, results):
        metric.update(prediction, shown, name)
    truth["categories"][0]["sigmas"] = list(own)
    wanted = sc.metrics.coco(truth, results, kind="keypoints")
    assert metric.result()["keypoint_AP"] == pytest.approx(wanted["AP"])
    joints = next(part for section in metric.sections() for part in section.parts if part.title == "Each joint")
    assert joints["sigma"] == ["0.3, the data's own", "0.025, COCO's", "0.5, the data's own", "0.02, the data's own"]


def test_it_applies_where_joints_of_objects_are_told_and_known():
    fields = frozenset(f"instances.{name}" for name in ("boxes", "labels", "scores", "keypoints", "visible"))
    chosen = choose(fields, fields, {"instances": ("a",), "joints": JOINTS})
    assert isinstance(chosen[0], KeypointDetection)
    assert (chosen[0].classes, chosen[0].joints) == (("a",), JOINTS)


def test_it_is_made_with_what_the_data_tell_of_joints():
    fields = frozenset(f"instances.{name}" for name in ("boxes", "labels", "scores", "keypoints", "visible"))
    names = {"instances": ("a",), "joints": ("nose", "tail")}
    (metric, *_) = choose(fields, fields, names, joints=Joints(("nose", "tail"), sigmas=(0.5, 0.6)))
    assert metric.sigmas == (0.5, 0.6)
