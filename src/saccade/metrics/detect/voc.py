"""Pascal VOC's average precision.

Source: Everingham et al. 2010, The Pascal visual object classes challenge, section 4.2: guesses are matched by falling
score with the object that they overlap most, at least by half; each object once; difficult objects count neither way.

Legend: C classes.
"""

from collections.abc import Sequence
from typing import Literal

from saccade.core.annotation import Instances
from saccade.core.errors import UsageError
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.detect.matches import voc_matches
from saccade.metrics.detect.overlaps import LEAST, Overlaps, picture_of
from saccade.metrics.detect.ranked import average_precision


def voc_ap(
    guesses: Sequence[Instances],
    truths: Sequence[Instances],
    iou: float = 0.5,
    points: Literal["all", 11] | str = "all",
) -> tuple[list[float | None], float | None]:
    """Average precision of each class, and its mean over the classes that have objects.

    Args:
        guesses: Boxes, labels and scores of each picture.
        truths: Boxes and labels of each picture, and ``difficult`` where it is known; crowds count as difficult.
        iou: Least overlap of a right guess.
        points: ``all``: area under the precision that never falls (2010 and later). 11: mean of eleven recalls (2007).

    Returns:
        C values, None for a class without objects, where C is 1 + the greatest label; and their mean.

    Raises:
        UsageError: The numbers of pictures differ, or `points` is neither.
    """
    if len(guesses) != len(truths):
        raise UsageError(f"guesses of {len(truths)} pictures", len(guesses))
    if str(points) not in ("all", "11"):
        raise UsageError("points 'all' or 11", repr(points))
    of = Overlaps.of(
        [picture_of(guess, truth, least=min(iou, LEAST)) for guess, truth in zip(guesses, truths, strict=True)]
    )
    classes = 1 + max(of.rows.labels.max(initial=-1), of.rows.classes.max(initial=-1))
    values = [average_precision(ranked, points) for ranked in voc_matches(of, iou).ranked(of, int(classes))]
    return values, mean_defined(values)
