"""Scores of masks: COCO's own by its own code on its own form, by hand, and what is not outlined."""

from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.metrics import choose
from saccade.metrics.detect.boundary import BoundaryDetection
from saccade.metrics.detect.coco_scores import coco
from saccade.metrics.detect.detection import Detection
from saccade.metrics.detect.errors.object_errors import verdict_of
from saccade.metrics.detect.outlines import outlines_of, overlapping
from saccade.metrics.evaluator import Evaluator
from saccade.ops.rle import encode

SIZE, CLASSES = (60, 80), ("cell", "plate")
FIELDS = frozenset({"instances.boxes", "instances.labels", "instances.masks"})
Shown = tuple[Annotation, Annotation]


def rows(dense: Tensor, labels: list[int], **columns: Any) -> Annotation:
    """Objects of masks (n, H, W), with the boxes around them."""
    masks = Masks.from_dense(dense)
    return Annotation(instances=Instances(boxes=masks.boxes(), labels=torch.tensor(labels), masks=masks, **columns))


def discs(centres: Iterable[tuple[float, float, float]]) -> Tensor:
    """(n, H, W) discs of centres x, y and radii."""
    y, x = torch.meshgrid(torch.arange(SIZE[0]) + 0.5, torch.arange(SIZE[1]) + 0.5, indexing="ij")
    return torch.stack([(x - a) ** 2 + (y - b) ** 2 < r**2 for a, b, r in centres])


def pictures(count: int = 4) -> list[Shown]:
    """Truths, and predictions that are off, of another class, or of nothing."""
    draw = torch.Generator().manual_seed(3)
    found: list[Shown] = []
    for _ in range(count):
        places = torch.rand(4, 3, generator=draw) * torch.tensor([70.0, 50.0, 12.0]) + torch.tensor([5.0, 5.0, 5.0])
        moved = places + torch.randn(4, 3, generator=draw) * 1.5
        labels = torch.randint(0, 2, (4,), generator=draw).tolist()
        crowd = torch.tensor([False, False, False, True])
        others = [labels[0], 1 - labels[1], *labels[2:]]
        scores = torch.rand(4, generator=draw)
        found.append(
            (rows(discs(places.tolist()), labels, crowd=crowd), rows(discs(moved.tolist()), others, scores=scores))
        )
    return found


def as_json(shown: list[Shown]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    truth, results = [], []
    for place, (wanted, guess) in enumerate(shown):
        for objects, out in ((wanted.instances, truth), (guess.instances, results)):
            assert objects is not None
            assert objects.masks is not None
            for row, code in enumerate(encode(objects.masks)):
                out.append({"image_id": place, "category_id": int(objects.labels[row]), "segmentation": code})
                if objects.scores is not None:
                    out[-1]["score"] = float(objects.scores[row])
                else:
                    area = float(objects.masks.areas()[row])
                    box = objects.boxes[row].tolist()
                    out[-1] |= {"id": len(out), "area": area, "iscrowd": int(objects.crowd[row]), "bbox": box}
    images = [{"id": place, "width": SIZE[1], "height": SIZE[0]} for place in range(len(shown))]
    names = [{"id": label, "name": name} for label, name in enumerate(CLASSES)]
    return {"images": images, "annotations": truth, "categories": names}, results


def taken(metric: Any, shown: list[Shown]) -> Any:
    for place, (truth, prediction) in enumerate(shown):
        metric.update(prediction, truth, str(place))
    return metric


def test_its_scores_are_coco_s_of_segments() -> None:
    scores = taken(Detection(CLASSES, shape="mask"), pictures()).result()
    want = coco(*as_json(pictures()), kind="segm")
    assert {name: scores[f"mask_{name}"] for name in want} == pytest.approx(want)
    assert 0.1 < scores["mask_AP"] < 0.9
    assert scores["mask_AP"] != taken(Detection(CLASSES), pictures()).result()["AP"]


@pytest.mark.parametrize("kind", ["segm", "boundary"])
def test_coco_s_scores_are_those_of_overlaps_by_hand(kind: str) -> None:
    """Of one class and one object a picture, AP at an overlap is decided by the greatest prediction's alone."""
    truth, guess = discs([(30, 30, 15)]), discs([(33, 30, 15)])
    iou = _iou(truth, guess)
    if kind == "boundary":
        iou = min(iou, _iou(_border(truth), _border(guess)))
    want = sum(iou >= 0.5 + 0.05 * step for step in range(10)) / 10
    shown = [(rows(truth, [0], crowd=torch.tensor([False])), rows(guess, [0], scores=torch.tensor([0.9])))]
    assert coco(*as_json(shown), kind=kind)["AP"] == pytest.approx(want)
    assert 0 < want < 1 or kind == "boundary"


def _iou(a: Tensor, b: Tensor) -> float:
    return float((a & b).sum() / (a | b).sum())


def _border(mask: Tensor) -> Tensor:
    """A mask less what is left when it loses its outermost pixels, .02 of the diagonal deep."""
    inner, depth = mask.float()[None], round(0.02 * (SIZE[0] ** 2 + SIZE[1] ** 2) ** 0.5)
    for _ in range(depth):
        inner = -torch.nn.functional.max_pool2d(torch.nn.functional.pad(-inner, (1, 1, 1, 1), value=0.0), 3, 1)
    return mask & ~inner[0].bool()


def test_scores_of_borders_are_told_too() -> None:
    found = taken(BoundaryDetection(CLASSES), pictures()).result()
    want = coco(*as_json(pictures()), kind="boundary")
    assert found == {"boundary_AP": pytest.approx(want["AP"]), "boundary_AP50": pytest.approx(want["AP50"])}
    assert found["boundary_AP"] < taken(Detection(CLASSES, shape="mask"), pictures()).result()["mask_AP"]


def test_masks_overlap_as_their_pixels_do() -> None:
    truth, guess = rows(discs([(20, 20, 9), (50, 30, 12)]), [0, 0]), rows(discs([(24, 20, 9), (21, 22, 8)]), [0, 0])
    columns = [outlines_of(part.get("instances"))[0] for part in (guess, truth)]
    crowd = torch.tensor([False, True]).numpy()
    found = overlapping(*columns, crowd, 0.1)
    dense = [part.get("instances").masks.dense() for part in (guess, truth)]
    assert found.prediction.tolist() == [0, 1]
    assert found.object.tolist() == [0, 0]
    assert found.iou.tolist() == pytest.approx([_iou(dense[0][k], dense[1][0]) for k in range(2)])
    inside = [float((mask & dense[1][0]).sum() / mask.sum()) for mask in dense[0]]
    assert found.inside.tolist() == pytest.approx(inside)


def test_objects_without_a_mask_count_neither_way() -> None:
    places = [(20.0, 20.0, 9.0), (50.0, 30.0, 12.0)]
    whole = discs(places)
    lacking = whole.clone()
    lacking[1] = False
    truth = rows(whole, [0, 0]).get("instances")
    part = Instances(
        boxes=truth.boxes, labels=truth.labels, masks=Masks.from_dense(lacking), masked=torch.tensor([True, False])
    )
    guess = rows(whole, [0, 0], scores=torch.tensor([0.8, 0.9]))
    scores = taken(Detection(("cell",), shape="mask"), [(Annotation(instances=part), guess)]).result()
    assert (scores["mask_AP"], scores["mask_AR100"]) == (pytest.approx(1.0), 1.0)
    missed = rows(whole[:1], [0], scores=torch.tensor([0.8]))
    scores = taken(Detection(("cell",), shape="mask"), [(Annotation(instances=part), missed)]).result()
    assert scores["mask_AP"] == pytest.approx(1.0)


def test_errors_go_by_masks() -> None:
    """Two bars that cross: their boxes are one, their masks are not."""
    bars = torch.zeros(2, *SIZE, dtype=torch.bool)
    bars[0, 10:40, 10:13], bars[0, 37:40, 10:40] = True, True
    bars[1, 10:13, 10:40], bars[1, 10:40, 37:40] = True, True
    truth, guess = rows(bars[:1], [0]), rows(bars[1:], [0], scores=torch.tensor([0.9]))
    kinds = [verdict_of(guess.get("instances"), truth.get("instances"), shape=shape).kinds for shape in ("box", "mask")]
    assert kinds == [("right",), ("background",)]


def test_an_evaluation_has_both_and_begins_with_masks() -> None:
    judge = Evaluator(choose(FIELDS | {"instances.scores"}, FIELDS, CLASSES), CLASSES)
    for place, (truth, prediction) in enumerate(pictures()):
        judge.update(prediction, truth, str(place))
    found = judge.result()
    assert {"mask_AP", "mask_AR100", "mask_voc_ap", "AP", "voc_ap11"} <= set(found.scores)
    assert [line.names[0] for line in found.headlines] == ["mask_AP50", "AP50"]
    titles = [part.title for section in found.sections for part in section.parts]
    assert {"Kinds of errors", "Kinds of errors, masks", "Confusion, masks"} <= set(titles)
    assert found.illustrator is not None


def test_nothing_predicted_and_nothing_there() -> None:
    empty = Annotation(
        instances=Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0).long(), masks=Masks.empty(SIZE))
    )
    none = Annotation(
        instances=Instances(
            boxes=torch.zeros(0, 4), labels=torch.zeros(0).long(), masks=Masks.empty(SIZE), scores=torch.zeros(0)
        )
    )
    metric = Detection(CLASSES, shape="mask")
    assert metric.update(none, empty, "a") is None
    assert metric.result()["mask_AP"] is None
    truth = pictures(1)[0][0]
    assert metric.update(none, truth, "b") == 1.0
    assert metric.result()["mask_AP"] == 0.0
    assert taken(BoundaryDetection(CLASSES), [(empty, none)]).result()["boundary_AP"] is None
