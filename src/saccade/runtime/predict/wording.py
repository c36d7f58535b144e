"""A prediction in a few words: what its picture shows, the surest first."""

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.score_maps import strips
from saccade.core.threshold import UNMEASURED
from saccade.core.vocabulary import Vocabularies, name_of
from saccade.core.words import first_few, short

FEW = 3
# Of more objects than these it is said how many are drawn where nobody gave a threshold.
MANY = 5
IGNORED = 255


def in_words(prediction: Annotation, vocabularies: Vocabularies, drawn_from: float = UNMEASURED) -> str:
    """What a prediction says, such as ``3 objects: dog .91, cat .55, …`` or ``tabby .87, tiger .08, …``.

    Args:
        prediction: What it says.
        vocabularies: Names of the classes.
        drawn_from: From which score on objects are drawn where nobody gave a threshold.
    """
    names = vocabularies.names("instances")
    found = [_label(prediction, names)]
    if prediction.instances is not None:
        found.append(_objects(prediction.instances, names, drawn_from))
    if prediction.semantic is not None:
        kinds = vocabularies.names("semantic")
        shares = shares_of(prediction.semantic).items()
        found.append(_few(f"{name_of(label, kinds)} {share:.0%}" for label, share in shares))
    if prediction.semantic_masks is not None:
        found.append(_layers(prediction, vocabularies.names("semantic")))
    if prediction.contours is not None:
        found.append("contours")
    if prediction.pose is not None:
        found.append(_pose(prediction.pose, prediction.pose_visible))
    return "; ".join(part for part in found if part) or "nothing"


def _layers(prediction: Annotation, kinds: Sequence[str]) -> str:
    """The share of the picture that the mask of each class covers, the greatest first; nothing of empty ones."""
    masks = prediction.get("semantic_masks")
    pixels, areas = max(masks.size[0] * masks.size[1], 1), masks.areas()
    order = [label for label in areas.argsort(descending=True, stable=True).tolist() if areas[label]]
    told = _few(f"{name_of(label, kinds)} {float(areas[label]) / pixels:.0%}" for label in order)
    return told or "no pixel of its classes"


def shares_of(semantic: Tensor) -> dict[int, float]:
    """The share of each label among all pixels that have one, the greatest first."""
    counts: Counter[int] = Counter()
    for first, last in strips(0, len(semantic), semantic[:1].numel()):
        found = torch.bincount(semantic[first:last].flatten())
        counts.update({label: int(found[label]) for label in found.nonzero()[:, 0].tolist()})
    counts.pop(IGNORED, None)
    total = counts.total()
    return {label: count / total for label, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))}


def _few(words: Iterable[str]) -> str:
    return first_few(words, FEW)


def _label(prediction: Annotation, names: Sequence[str]) -> str:
    scores = prediction.label_scores
    if prediction.labels is not None:
        present = (prediction.labels == 1).nonzero()[:, 0].tolist()
        if scores is None:
            return _few(name_of(label, names) for label in present) or "none of its classes"
        return _scored(sorted(present, key=lambda label: -float(scores[label])), scores, names) or "none of its classes"
    if prediction.label is None:
        return ""
    if scores is None:
        return name_of(int(prediction.label), names)
    return _scored(scores.argsort(descending=True, stable=True).tolist(), scores, names)


def _scored(labels: Sequence[int], scores: Tensor, names: Sequence[str]) -> str:
    return _few(f"{name_of(label, names)} {short(float(scores[label]))}" for label in labels)


def _objects(rows: Instances, names: Sequence[str], drawn_from: float) -> str:
    labels = [] if rows.labels is None else [name_of(label, names) for label in rows.labels.tolist()]
    scores = [] if rows.scores is None else [short(score) for score in rows.scores.tolist()]
    told = [" ".join(pair) for pair in zip(labels, scores, strict=True)] if labels and scores else labels or scores
    sure = len(rows) if rows.scores is None else int((rows.scores >= drawn_from).sum())
    strong = f", {sure} from {short(drawn_from)} on" if len(rows) > MANY and sure < len(rows) else ""
    return f"{len(rows) or 'no'} object{'' if len(rows) < 2 else 's'}{strong}{': ' if told else ''}{_few(told)}"


def _pose(joints: Tensor, visible: Tensor | None) -> str:
    seen = len(joints) if visible is None else int((visible > 0).sum())
    return f"{seen} of {len(joints)} joints"
