"""What the report says of a detector: its classes, why predictions are wrong, and what is taken for what.

Legend: C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

from saccade.core.threshold import Threshold
from saccade.metrics.classify.confusion import Column as Values
from saccade.metrics.detect.errors.error_kinds import ERROR_KINDS, WHOLE
from saccade.metrics.detect.errors.object_errors import ErrorShare
from saccade.metrics.detect.outlines import Shape
from saccade.metrics.detect.ranked import Ranked, average_precision
from saccade.metrics.scores import score_of
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


@dataclass(frozen=True)
class Wording:
    """What is said differently of masks, so that a report can have both.

    Attributes:
        shape: What is compared.
    """

    shape: Shape

    @property
    def before(self) -> str:
        """What stands before the names of scores."""
        return "" if self.shape == "box" else "mask_"

    @property
    def several(self) -> str:
        """What predictions are."""
        return "boxes" if self.shape == "box" else "masks"

    @property
    def kind(self) -> Literal["bbox", "segm"]:
        """What COCO calls it."""
        return "bbox" if self.shape == "box" else "segm"

    def title(self, plain: str) -> str:
        """A title, which says so where masks are meant."""
        return plain if self.shape == "box" else f"{plain}, masks"


BOXES = Wording("box")


def classes_of(
    names: tuple[str, ...], averages: Mapping[str, Values], ranked: Sequence[Ranked], said: Wording = BOXES
) -> Section:
    """Scores of each class, and the threshold to keep its predictions by.

    Args:
        names: C names.
        averages: C average precisions by name of the score, that of ``AP`` first.
        ranked: The predictions of each class, right from an overlap of .5 on.
        said: What is compared.
    """
    best = [one.best_threshold() for one in ranked]
    columns = (
        *(Column(name=name, values=values, telling=name == "AP") for name, values in averages.items()),
        Column(name=f"{said.shape}_recall", values=[one.recall() for one in ranked], title=said.title("Recall")),
        Column(
            name=f"{said.before}objects",
            values=[float(one.objects) for one in ranked],
            form="count",
            title="" if said.shape == "box" else said.title("Objects"),
        ),
        Column(
            name=f"{said.shape}_threshold",
            values=[None if b is None else b.score for b in best],
            form="threshold",
            title=said.title("Best threshold"),
        ),
        Column(
            name=f"{said.shape}_f1", values=[None if b is None else b.f1 for b in best], title=said.title("F1 there")
        ),
    )
    return class_section(Table(rows=names, columns=columns), lead=_BEST)


def weakest_of(names: tuple[str, ...], averages: Mapping[str, Values], said: Wording = BOXES) -> Section:
    """The classes of the least AP."""
    score = f"{said.before}AP"
    title = said.title("Weakest classes first")
    return mistake_section(
        Bars(rows=names, values=averages[score], label=score, title=title, lead=f"By {score_of(score).title}.")
    )


def errors(shares: Sequence[ErrorShare], parts: Sequence[Part], said: Wording = BOXES) -> Section:
    """The kinds of errors, and what belongs to them."""
    known = ERROR_KINDS | WHOLE
    keys = [known[share.kind] for share in shares]
    table = Table(
        title=said.title("Kinds of errors"),
        lead="Of all predictions, whatever their score. What is gained by mending two kinds is not the sum of both.",
        aloud=f"{said.title('Kinds of errors')}, of all predictions whatever their score",
        head="Error",
        rows=tuple(key.title for key in keys),
        columns=(
            Column(name="meaning", values=[key.meaning for key in keys], form="words", title="What it is"),
            Column(name="number", values=[float(share.number) for share in shares], form="count"),
            Column(
                name="gain",
                values=[share.gain for share in shares],
                form="gain",
                title=f"{score_of(said.before + 'AP50').title} gained without it",
            ),
        ),
        dots=tuple(key.colour for key in keys),
        sortable=False,
    )
    return Section("Errors", (table, *parts), _WHY)


def precision_recall(names: Sequence[str], ranked: Sequence[Ranked], overlap: float, said: Wording = BOXES) -> Curves:
    """Precision against recall of each class that has objects.

    Args:
        names: C names.
        ranked: The predictions of each class, right from `overlap` on.
        overlap: Least IoU of a right prediction.
        said: What is compared.
    """
    known = [(name, one) for name, one in zip(names, ranked, strict=True) if one.objects]
    return Curves(
        title=said.title("Precision against recall"),
        curves=tuple(Curve(name, *_line(one), average_precision(one, 101)) for name, one in known),
        x="recall",
        y="precision",
        area="AP at this overlap",
        lead=f"A prediction is right from an IoU of .{overlap:.0%}".rstrip("%") + " on. A dot at 0: nothing found.",
        empty="No curve: no object is annotated.",
    )


def confusion_of(
    counts: Tensor, names: tuple[str, ...], best: Threshold | None, cut: float, said: Wording = BOXES
) -> tuple[Matrix, ...]:
    """What is taken for what, at one threshold.

    Args:
        counts: (C + 1, C + 1) as `object_confusion` gives them.
        names: C names.
        best: The threshold of the greatest F1 over all classes together, or None where nothing determines it.
        cut: The threshold that was taken.
        said: What is compared.
    """
    reason = "" if best is None else ", where F1 is greatest"
    lead = f"Predictions with a score of at least {as_threshold(cut)}{reason}."
    return (
        Matrix(
            counts=counts,
            rows=(*names, NOTHING),
            columns=(*names, MISSED),
            title=said.title("Confusion"),
            lead=lead,
            what="objects",
            empty=NONE,
        ),
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
