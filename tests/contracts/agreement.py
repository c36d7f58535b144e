"""When a prediction equals the truth, field by field, for systems that have learnt two pictures by heart."""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.locate.main_object import main_object
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.windows.sliding import SlidingHead
from saccade.heads.windows.window_detector import WindowDetectorHead
from saccade.losses.pixels import IGNORE
from saccade.network.system import System
from saccade.ops.boxes.geometry import iou, iou_matrix

Agreement = Callable[[Annotation, Annotation], bool]


def _same_label(prediction: Annotation, truth: Annotation) -> bool:
    return int(prediction.get("label")) == int(truth.get("label"))


def _same_labels(prediction: Annotation, truth: Annotation) -> bool:
    return bool((prediction.get("labels") == truth.get("labels")).all())


def _main_box(prediction: Annotation, truth: Annotation) -> bool:
    """The best of the boxes is the main object's, and bears its class where it bears one."""
    box, rows = main_object(truth), prediction.get("instances")
    if box is None or not len(rows) or (rows.labels is not None and rows.labels[0] != truth.label):
        return False
    return float(iou(rows.boxes[:1], box[None])) > 0.8


def _all_boxes(prediction: Annotation, truth: Annotation) -> bool:
    """Each true object is found with its class, and nothing else is."""
    rows, wanted = _sure(prediction), truth.get("instances")
    return len(rows) == len(wanted) and _each_found(rows, wanted)


def _all_boxes_and_near_ones(prediction: Annotation, truth: Annotation) -> bool:
    """Each true object is found with its class, the best boxes are objects', and nothing is found elsewhere.

    Anchors that overlap an object a little are neither taught to speak nor to be silent by such a detector.
    """
    rows, wanted = _sure(prediction), truth.get("instances")
    if not len(rows) or not _each_found(rows, wanted):
        return False
    near = (iou_matrix(rows.boxes, wanted.boxes) > 0.3) & (rows.labels[:, None] == wanted.labels)
    return _each_found(rows, wanted[near[0]]) and bool(near.any(1).all())


def _all_boxes_among_others(prediction: Annotation, truth: Annotation) -> bool:
    """Each true object is found with its class; what lies far from all objects was never taught to be silent."""
    rows = _sure(prediction)
    return bool(len(rows)) and _each_found(rows, truth.get("instances"))


def _all_proposals(prediction: Annotation, truth: Annotation) -> bool:
    """Each true object is among the first boxes; what crosses the border was never taught to be silent."""
    rows = _sure(prediction)[:10]
    return bool((iou_matrix(rows.boxes, truth.get("instances").boxes) > 0.7).any(0).all())


def _sure(prediction: Annotation) -> Instances:
    rows = prediction.get("instances")
    return rows[rows.scores > 0.5]


def _each_found(rows: Instances, wanted: Instances) -> bool:
    same = rows.labels[:, None] == wanted.labels
    return bool(((iou_matrix(rows.boxes, wanted.boxes) > 0.7) & same).any(0).all())


def _boxes(system: System) -> Agreement:
    """What is expected of the system's boxes."""
    if "label_scores" in system.gives:
        return _main_box
    seeking = [head for _, head in system.each_head()]
    if "instances.labels" not in system.gives:
        return _all_proposals
    dense = [
        head.rules.matcher for head in seeking if isinstance(head, DenseBoxHead | WindowDetectorHead | SlidingHead)
    ]
    if any(isinstance(head, RegionHead) and head.rules.floor for head in seeking):
        return _all_boxes_among_others
    return _all_boxes_and_near_ones if any(matcher.low < matcher.high for matcher in dense) else _all_boxes


def _same_best_class(prediction: Annotation, truth: Annotation) -> bool:
    """Of one class a picture the true one has the highest score; of many those that are there score above one half."""
    scores = prediction.get("label_scores")
    if prediction.labels is not None:
        return bool(((scores > 0.5) == (truth.get("labels") > 0)).all())
    return int(scores.argmax()) == int(truth.get("label"))


def _known_labels(prediction: Annotation, truth: Annotation) -> bool:
    """Whether each is the right one is judged with the boxes."""
    labels = prediction.get("instances.labels")
    return bool(((labels >= 0) & (labels < len(truth.get("labels")))).all())


def _falling_scores(prediction: Annotation, truth: Annotation) -> bool:
    scores = prediction.get("instances.scores")
    return bool(((scores >= 0) & (scores <= 1)).all() and (scores.diff() <= 0).all())


def _of_own_rows(agrees: Callable[[Instances, Instances], bool]) -> Agreement:
    """Of each object the row that overlaps it most is held against it; without rows there is no agreement."""

    def check(prediction: Annotation, truth: Annotation) -> bool:
        rows, wanted = prediction.get("instances"), truth.get("instances")
        return bool(len(rows)) and agrees(rows[iou_matrix(rows.boxes, wanted.boxes).argmax(0)], wanted)

    return check


def _masks(rows: Instances, wanted: Instances) -> bool:
    """Masks cover the objects' pixels and no others, but for a small share."""
    found, sought = (part.masks.dense().flatten(1) for part in (rows, wanted))
    return bool(((found & sought).sum(1) > 0.8 * (found | sought).sum(1)).all())


def _keypoints(rows: Instances, wanted: Instances) -> bool:
    """Joints are near, as seen from the object's size."""
    reach = 0.1 * (wanted.boxes[:, 2:] - wanted.boxes[:, :2]).amax(1)
    far = (rows.keypoints - wanted.keypoints).norm(dim=2) > reach[:, None]
    return not bool((far & (wanted.visible > 0)).any())


def _visible(rows: Instances, wanted: Instances) -> bool:
    return bool(((rows.visible > 0) == (wanted.visible > 0)).all())


def _sure_joints(rows: Instances, wanted: Instances) -> bool:
    """Joints that are there are told surely."""
    return bool(((rows.keypoint_scores > 0.5) | (wanted.visible == 0)).all())


def _pixels(prediction: Annotation, truth: Annotation) -> bool:
    return _alike(prediction.get("semantic"), truth)


def _best_class_of_pixels(prediction: Annotation, truth: Annotation) -> bool:
    return _alike(prediction.get("semantic_scores").argmax(0), truth)


def _alike(pixels: Tensor, truth: Annotation) -> bool:
    """Pixels have the true class, but for a small share; those that say nothing are wrong where the truth is known."""
    wanted = truth.get("semantic")
    return bool((pixels == wanted)[wanted != IGNORE].float().mean() > 0.9)


def _layers(prediction: Annotation, truth: Annotation) -> bool:
    return _overlap(prediction.get("semantic_masks").dense(), truth)


def _classes_above_half(prediction: Annotation, truth: Annotation) -> bool:
    return _overlap(prediction.get("semantic_mask_scores") > 0.5, truth)


def _overlap(layers: Tensor, truth: Annotation) -> bool:
    """Each class that is shown covers its mask and nothing else, but for a small share; others cover hardly a pixel."""
    wanted = truth.get("semantic_masks").dense()
    both, either = ((op(layers, wanted)).flatten(1).sum(1) for op in (torch.logical_and, torch.logical_or))
    shown = wanted.flatten(1).any(1)
    return bool((both > 0.8 * either)[shown].all() and (either < 0.01 * wanted[0].numel())[~shown].all())


def _contours(prediction: Annotation, truth: Annotation) -> bool:
    """Lines lie on lines, a pixel to the side at most, both ways; a map a class where both have as many."""
    found, wanted = prediction.get("contours") > 0.5, truth.get("contours") > 0.5
    if len(found) != len(wanted):
        found, wanted = found.any(0, keepdim=True), wanted.any(0, keepdim=True)
    return _on(found, wanted) > 0.9 and _on(wanted, found) > 0.9


def _on(lines: Tensor, others: Tensor) -> float:
    """The share of the lines' pixels that lie on others or beside them."""
    near = F.max_pool2d(others.float()[None], 3, 1, 1)[0] > 0
    return float((lines & near).sum()) / max(int(lines.sum()), 1)


def _pose(prediction: Annotation, truth: Annotation) -> bool:
    """Joints are near, as seen from the person's height, which is 200 times the scale."""
    far = (prediction.get("pose") - truth.get("pose")).norm(dim=1) > 0.1 * 200 * truth.get("person.scale")
    return not bool((far & (truth.get("pose_visible") > 0)).any())


def _pose_visible(prediction: Annotation, truth: Annotation) -> bool:
    return bool(((prediction.get("pose_visible") > 0) == (truth.get("pose_visible") > 0)).all())


def _joint_scores(prediction: Annotation, truth: Annotation) -> bool:
    """Joints that are there are told surely, others not."""
    return bool(((prediction.get("pose_scores") > 0.5) == (truth.get("pose_visible") > 0)).all())


# How each field's answer is held against the truth. A system that gives another field cannot be judged: add a rule.
RULES: dict[str, Agreement] = {
    "label": _same_label,
    "label_scores": _same_best_class,
    "labels": _same_labels,
    "instances.boxes": _all_boxes,  # of some systems less: `_boxes`
    "instances.labels": _known_labels,
    "instances.scores": _falling_scores,
    "instances.masks": _of_own_rows(_masks),
    "instances.keypoints": _of_own_rows(_keypoints),
    "instances.visible": _of_own_rows(_visible),
    "instances.keypoint_scores": _of_own_rows(_sure_joints),
    "semantic": _pixels,
    "semantic_scores": _best_class_of_pixels,
    "semantic_masks": _layers,
    "semantic_mask_scores": _classes_above_half,
    "contours": _contours,
    "pose": _pose,
    "pose_visible": _pose_visible,
    "pose_scores": _joint_scores,
}


def without_rule(gives: Iterable[str]) -> list[str]:
    """The fields that no rule judges."""
    return sorted(set(gives) - RULES.keys())


def disagreements(system: System, predictions: list[Annotation], truths: tuple[Annotation, ...]) -> list[str]:
    """Fields of some picture whose answer is not the truth, or is not there; fields without a rule are among them."""
    rules = RULES | {"instances.boxes": _boxes(system)}
    wrong = [
        field
        for field in sorted(system.gives & rules.keys())
        for prediction, truth in zip(predictions, truths, strict=True)
        if not prediction.has(field) or not rules[field](prediction, truth)
    ]
    return without_rule(system.gives) + wrong
