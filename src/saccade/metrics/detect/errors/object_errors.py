"""Why predictions are wrong and objects are missed, and what each kind of error costs.

Source: Bolya et al. 2020, TIDE: a general toolbox for identifying object detection errors, section 2, with its
foreground threshold .5 and its background threshold .1. A wrong prediction has one kind, the first that fits:

- localization: an object of its class overlaps it, by .1 to .5;
- classification: an object of another class overlaps it by at least .5;
- duplicate: it lies on an object of its class that a better prediction has found;
- background: nothing overlaps it by more than .1;
- both: class and place are wrong, but something is there.

An object is missed where no prediction finds it and no error of localization or classification aims at it.

Legend: g predictions, m objects, C classes.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.annotation import Instances
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.detect.assign import Ints, best_of_each
from saccade.metrics.detect.matches import Matches, coco_matches
from saccade.metrics.detect.outlines import Shape
from saccade.metrics.detect.overlaps import LEAST, Flags, Floats, Overlaps, picture_of
from saccade.metrics.detect.ranked import Ranked, average_precision, by_class

Kind = Literal["right", "classification", "localization", "both", "duplicate", "background", "ignored"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_RIGHT, _CLASS, _PLACE, _BOTH, _AGAIN, _NOTHING, _IGNORED = range(len(KINDS))
_WRONG = (_CLASS, _PLACE, _BOTH, _AGAIN, _NOTHING)
FOREGROUND = 0.5


class ErrorShare(NamedTuple):
    """One kind of error of detection.

    Attributes:
        kind: ``classification``, ``localization``, ``both``, ``duplicate``, ``background`` or ``missed``;
            ``false_positive`` and ``false_negative`` are all of the first five, and all objects that are not found.
        number: How many predictions, or objects, are wrong that way.
        gain: The AP (overlap .5) that mending this kind alone would add; None where AP is undefined.
    """

    kind: str
    number: int
    gain: float | None


@dataclass(frozen=True)
class Verdicts:
    """What became of each prediction and each object.

    Attributes:
        kinds: (g,) place in `KINDS`.
        aim: (g,) the object that an error of localization or classification aims at, otherwise -1.
        missed: (m,) bool.
        matches: What is right.
    """

    kinds: NDArray[np.int64]
    aim: Ints
    missed: Flags
    matches: Matches


def judge(of: Overlaps) -> Verdicts:
    """The kind of each prediction, and which objects are missed."""
    count, rows = len(of.rows.scores), of.rows
    matches = coco_matches(of, FOREGROUND)
    real = ~of.of_crowd
    near, near_value = best_of_each(of.pairs(of.same_class & real), count)
    other, other_value = best_of_each(of.pairs(~of.same_class & real), count)
    misplaced = (near_value >= LEAST) & (near_value <= FOREGROUND)
    kinds = np.select(
        [
            ~matches.counts,
            matches.taken >= 0,
            misplaced,
            other_value >= FOREGROUND,
            near_value >= FOREGROUND,
            np.maximum(near_value, other_value) <= LEAST,
        ],
        [_IGNORED, _RIGHT, _PLACE, _CLASS, _AGAIN, _NOTHING],
        _BOTH,
    )
    aim = np.where(kinds == _PLACE, near, np.where(kinds == _CLASS, other, -1))
    aimed_at = np.zeros(len(rows.crowd), bool)
    aimed_at[aim[aim >= 0]] = True
    return Verdicts(kinds, aim, matches.sought & ~matches.found & ~aimed_at, matches)


class PictureVerdict(NamedTuple):
    """What became of the predictions and objects of one picture.

    Attributes:
        predictions: The predictions that are kept, by falling score.
        kinds: The kind of each of them.
        objects: Of each object ``right`` where it is found, ``missed``, the kind of the error that aims at it, or
            ``ignored``.
    """

    predictions: Instances
    kinds: tuple[Kind, ...]
    objects: tuple[Kind | Literal["missed"], ...]


def verdict_of(
    prediction: Instances,
    truth: Instances,
    score: float = 0.5,
    sought: Tensor | None = None,
    shape: Shape = "box",
) -> PictureVerdict:
    """Judges one picture.

    Args:
        prediction: Boxes, labels and scores.
        truth: Boxes, labels, and crowd where it is known.
        score: Predictions that score less are left out.
        sought: (C,) bool, which classes were sought; None: all. Predictions and objects of others are ignored.
        shape: What is compared.
    """
    if prediction.scores is not None:
        prediction = prediction[prediction.scores.double() >= score].sorted()
    of = Overlaps.of([picture_of(prediction, truth, sought=sought, shape=shape)])
    found = judge(of)
    objects: list[Kind | Literal["missed"]] = ["ignored" if crowd else "missed" for crowd in of.rows.crowd]
    for place, aim in reversed(list(enumerate(found.aim.tolist()))):  # the best-scored prediction has the last word
        if aim >= 0:
            objects[aim] = KINDS[found.kinds[place]]
    for aim in found.matches.taken.tolist():
        if aim >= 0:
            objects[aim] = "right"
    return PictureVerdict(prediction, tuple(KINDS[kind] for kind in found.kinds), tuple(objects))


class _Case(NamedTuple):
    """Predictions and objects as they would be if some errors were mended.

    Attributes:
        labels: (g,).
        scores: (g,).
        right: (g,).
        kept: (g,) whether a prediction counts.
        left: (C,) number of objects that are sought.
    """

    labels: Ints
    scores: Floats
    right: Flags
    kept: Flags
    left: Ints

    def ap(self, sought: Ints) -> float | None:
        """Mean AP over the classes with objects in `sought` (C,)."""
        ranked = by_class(self.labels[self.kept], self.scores[self.kept], self.right[self.kept], self.left)
        return mean_defined([_ap(one) for one, objects in zip(ranked, sought, strict=True) if objects])


def breakdown(of: Overlaps, verdicts: Verdicts, classes: int) -> tuple[ErrorShare, ...]:
    """How many errors there are of each kind, and the AP (overlap .5) gained by mending that kind alone.

    A wrong class or place is mended on the best prediction that aims at an object which none has found; all other wrong
    predictions of the kind go. Missed objects are no longer sought. Two shares stand at the end: all wrong predictions,
    ranked behind the right ones, and all objects that are not found, no longer sought.
    """
    rows, kinds, matches = of.rows, verdicts.kinds, verdicts.matches
    right, unfound = kinds == _RIGHT, matches.sought & ~matches.found

    def number(objects: Flags) -> Ints:
        return np.bincount(rows.classes[objects], minlength=classes)[:classes]

    sought = number(matches.sought)
    plain = _Case(rows.labels, rows.scores, right, matches.counts, sought)
    cases = {KINDS[kind]: (kinds == kind, _without(plain, of, verdicts, kind)) for kind in _WRONG} | {
        "missed": (verdicts.missed, plain._replace(left=sought - number(verdicts.missed))),
        "false_positive": (matches.counts & ~right, plain._replace(scores=right.astype(np.float64))),
        "false_negative": (unfound, plain._replace(left=sought - number(unfound))),
    }
    before = plain.ap(sought)
    return tuple(
        ErrorShare(name, int(who.sum()), _gain(case.ap(sought), before)) for name, (who, case) in cases.items()
    )


def _without(plain: _Case, of: Overlaps, verdicts: Verdicts, kind: int) -> _Case:
    """The case without the errors of one kind."""
    wrong = verdicts.kinds == kind
    mended = wrong & _mendable(of, verdicts)
    labels = plain.labels if kind != _CLASS else np.where(mended, _classes_of(of, verdicts.aim), plain.labels)
    return plain._replace(labels=labels, right=plain.right | mended, kept=plain.kept & (~wrong | mended))


def _mendable(of: Overlaps, verdicts: Verdicts) -> Flags:
    """(g,) whether a prediction is the best-scored of those that aim at an object which none has found."""
    free = np.append(~verdicts.matches.found, False)
    aiming = np.flatnonzero((verdicts.aim >= 0) & free[verdicts.aim])
    aiming = aiming[np.argsort(of.rank[aiming], kind="stable")]
    best = np.zeros(len(verdicts.aim), bool)
    best[aiming[np.unique(verdicts.aim[aiming], return_index=True)[1]]] = True
    return best


def _classes_of(of: Overlaps, objects: Ints) -> Ints:
    return np.append(of.rows.classes, -1)[objects]


def _ap(ranked: Ranked) -> float:
    """AP; where no object is left to seek, 1 without predictions and 0 with wrong ones."""
    found = average_precision(ranked, 101)
    return float(not len(ranked.scores)) if found is None else found


def _gain(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else max(after - before, 0.0)
