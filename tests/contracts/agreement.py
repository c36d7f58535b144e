"""When an answer equals the truth, field by field, for systems that have learnt two pictures by heart."""

from collections.abc import Callable

from saccade.core.annotation import Annotation
from saccade.heads.main_object import main_object
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
    rows, wanted = guess.get("instances"), truth.get("instances")
    rows = rows[rows.scores > 0.5]
    overlap = iou_matrix(rows.boxes, wanted.boxes)
    same = rows.labels[:, None] == wanted.labels
    return len(rows) == len(wanted) and bool(((overlap > 0.7) & same).any(0).all())


def disagreements(system: System, guesses: list[Annotation], truths: tuple[Annotation, ...]) -> list[str]:
    """Fields of some picture whose answer is not the truth."""
    checks: dict[str, Agreement] = {"label": _same_label, "labels": _same_labels}
    detects = any(head.seeks_all for _, head in system.each_head())
    checks["instances.boxes"] = _all_boxes if detects else _main_box
    fields = [field for field in checks if field in system.gives]
    return [f for f in fields for guess, truth in zip(guesses, truths, strict=True) if not checks[f](guess, truth)]
