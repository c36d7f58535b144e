"""When an answer equals the truth, field by field, for systems that have learnt two pictures by heart."""

from collections.abc import Callable

from saccade.core.annotation import Annotation, Instances
from saccade.heads.dense_boxes import DenseBoxHead
from saccade.heads.main_object import main_object
from saccade.heads.regions import RegionHead
from saccade.heads.sliding import SlidingHead
from saccade.heads.window_detector import WindowDetectorHead
from saccade.network.system import System
from saccade.ops.boxes import iou, iou_matrix

Agreement = Callable[[Annotation, Annotation], bool]


def _same_label(guess: Annotation, truth: Annotation) -> bool:
    return int(guess.get("label")) == int(truth.get("label"))


def _same_labels(guess: Annotation, truth: Annotation) -> bool:
    return bool((guess.get("labels") == truth.get("labels")).all())


def _main_box(guess: Annotation, truth: Annotation) -> bool:
    """The best of the boxes is the main object's, and bears its class where it bears one."""
    box, rows = main_object(truth), guess.get("instances")
    if box is None or not len(rows) or (rows.labels is not None and rows.labels[0] != truth.label):
        return False
    return float(iou(rows.boxes[:1], box[None])) > 0.8


def _all_boxes(guess: Annotation, truth: Annotation) -> bool:
    """Each true object is found with its class, and nothing else is."""
    rows, wanted = _sure(guess), truth.get("instances")
    return len(rows) == len(wanted) and _each_found(rows, wanted)


def _all_boxes_and_near_ones(guess: Annotation, truth: Annotation) -> bool:
    """Each true object is found with its class, the best boxes are objects', and nothing is found elsewhere.

    Anchors that overlap an object a little are neither taught to speak nor to be silent by such a detector.
    """
    rows, wanted = _sure(guess), truth.get("instances")
    if not len(rows) or not _each_found(rows, wanted):
        return False
    near = (iou_matrix(rows.boxes, wanted.boxes) > 0.3) & (rows.labels[:, None] == wanted.labels)
    return _each_found(rows, wanted[near[0]]) and bool(near.any(1).all())


def _all_boxes_among_others(guess: Annotation, truth: Annotation) -> bool:
    """Each true object is found with its class; what lies far from all objects was never taught to be silent."""
    rows = _sure(guess)
    return bool(len(rows)) and _each_found(rows, truth.get("instances"))


def _all_proposals(guess: Annotation, truth: Annotation) -> bool:
    """Each true object is among the first boxes; what crosses the border was never taught to be silent."""
    rows = _sure(guess)[:10]
    return bool((iou_matrix(rows.boxes, truth.get("instances").boxes) > 0.7).any(0).all())


def _sure(guess: Annotation) -> Instances:
    rows = guess.get("instances")
    return rows[rows.scores > 0.5]


def _each_found(rows: Instances, wanted: Instances) -> bool:
    same = rows.labels[:, None] == wanted.labels
    return bool(((iou_matrix(rows.boxes, wanted.boxes) > 0.7) & same).any(0).all())


def _boxes(system: System) -> Agreement:
    """What is expected of the system's boxes."""
    seeking = [head for _, head in system.each_head() if head.seeks_all]
    if not seeking:
        return _main_box
    if "instances.labels" not in system.gives:
        return _all_proposals
    dense = [
        head.rules.matcher for head in seeking if isinstance(head, DenseBoxHead | WindowDetectorHead | SlidingHead)
    ]
    if any(isinstance(head, RegionHead) and head.rules.floor for head in seeking):
        return _all_boxes_among_others
    return _all_boxes_and_near_ones if any(matcher.low < matcher.high for matcher in dense) else _all_boxes


def disagreements(system: System, guesses: list[Annotation], truths: tuple[Annotation, ...]) -> list[str]:
    """Fields of some picture whose answer is not the truth."""
    checks: dict[str, Agreement] = {"label": _same_label, "labels": _same_labels}
    checks["instances.boxes"] = _boxes(system)
    fields = [field for field in checks if field in system.gives]
    return [f for f in fields for guess, truth in zip(guesses, truths, strict=True) if not checks[f](guess, truth)]
