"""What the report says of a detector: its classes, why predictions are wrong, and what is taken for what.

Legend: C classes.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from saccade.metrics.classify.confusion import Column as Values
from saccade.metrics.detect.error_kinds import ERROR_KINDS, WHOLE
from saccade.metrics.detect.object_errors import ErrorShare
from saccade.metrics.detect.ranked import Ranked, Threshold, average_precision
from saccade.metrics.sections import (
    Bars,
    Column,
    Curve,
    Curves,
    Matrix,
    Part,
    Section,
    Table,
    as_threshold,
    class_section,
    mistake_section,
)

MOST_POINTS = 200
NOTHING, MISSED = "(nothing there)", "(missed)"
NONE = "Nothing to compare: no object is annotated, and no prediction scores enough."
_BEST = "Best threshold: the score to keep predictions of the class by, where its F1 (IoU ≥ .5) is greatest."
_WHY = "Why predictions are wrong, and what each kind of error costs. One kind a prediction, by the rules of TIDE."


def classes_of(names: tuple[str, ...], averages: Mapping[str, Values], ranked: Sequence[Ranked]) -> Section:
    """Scores of each class, and the threshold to keep its predictions by.

    Args:
        names: C names.
        averages: C average precisions by name of the score, ``AP`` among them.
        ranked: The predictions of each class, right from an overlap of .5 on.
    """
    best = [one.best_threshold() for one in ranked]
    columns = (
        *(Column(name=name, values=values, telling=name == "AP") for name, values in averages.items()),
        Column(name="box_recall", values=[one.recall() for one in ranked], title="Recall"),
        Column(name="objects", values=[float(one.objects) for one in ranked], form="count"),
        Column(
            name="box_threshold",
            values=[None if b is None else b.score for b in best],
            form="threshold",
            title="Best threshold",
        ),
        Column(name="box_f1", values=[None if b is None else b.f1 for b in best], title="F1 there"),
    )
    return class_section(Table(rows=names, columns=columns), lead=_BEST)


def weakest_of(names: tuple[str, ...], averages: Mapping[str, Values]) -> Section:
    """The classes of the least AP."""
    return mistake_section(Bars(rows=names, values=averages["AP"], label="AP", lead="By AP."))


def errors(shares: Sequence[ErrorShare], parts: Sequence[Part]) -> Section:
    """The kinds of errors, and what belongs to them."""
    known = ERROR_KINDS | WHOLE
    keys = [known[share.kind] for share in shares]
    table = Table(
        title="Kinds of errors",
        lead="Of all predictions, whatever their score. What is gained by mending two kinds is not the sum of both.",
        aloud="Kinds of errors, of all predictions whatever their score",
        head="Error",
        rows=tuple(key.title for key in keys),
        columns=(
            Column(name="meaning", values=[key.meaning for key in keys], form="words", title="What it is"),
            Column(name="number", values=[float(share.number) for share in shares], form="count"),
            Column(name="gain", values=[share.gain for share in shares], form="gain", title="AP50 gained without it"),
        ),
        dots=tuple(key.colour for key in keys),
        sortable=False,
    )
    return Section("Errors", (table, *parts), _WHY)


def precision_recall(names: Sequence[str], ranked: Sequence[Ranked], overlap: float) -> Curves:
    """Precision against recall of each class that has objects.

    Args:
        names: C names.
        ranked: The predictions of each class, right from `overlap` on.
        overlap: Least IoU of a right prediction.
    """
    known = [(name, one) for name, one in zip(names, ranked, strict=True) if one.objects]
    return Curves(
        title="Precision against recall",
        curves=tuple(Curve(name, *_line(one), average_precision(one, 101)) for name, one in known),
        x="recall",
        y="precision",
        area="AP at this overlap",
        lead=f"A prediction is right from an IoU of .{overlap:.0%}".rstrip("%") + " on. A dot at 0: nothing found.",
        empty="No curve: no object is annotated.",
    )


def confusion_of(counts: Tensor, names: tuple[str, ...], best: Threshold | None, cut: float) -> tuple[Matrix, ...]:
    """What is taken for what, at one threshold.

    Args:
        counts: (C + 1, C + 1) as `object_confusion` gives them.
        names: C names.
        best: The threshold of the greatest F1 over all classes together, or None where nothing determines it.
        cut: The threshold that was taken.
    """
    reason = "" if best is None else ", where F1 is greatest"
    lead = f"Predictions with a score of at least {as_threshold(cut)}{reason}."
    return (
        Matrix(counts=counts, rows=(*names, NOTHING), columns=(*names, MISSED), lead=lead, what="objects", empty=NONE),
    )


def _line(ranked: Ranked) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most 200 points of precision against recall: those at which the recall grows, spread evenly.

    They begin at no recall with the precision of the first right prediction; a class that none finds is a dot at the
    corner.
    """
    recall, precision = ranked.curve()
    grown = np.flatnonzero(ranked.right)
    grown = grown[np.unique(np.linspace(0, len(grown) - 1, min(len(grown), MOST_POINTS)).round().astype(int))]
    first = float(precision[grown[0]]) if len(grown) else 0.0
    return (0.0, *recall[grown].tolist()), (first, *precision[grown].tolist())
