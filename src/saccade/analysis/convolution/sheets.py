"""The sheets of each topic."""

from collections.abc import Callable, Sequence

from saccade.analysis.convolution.growing import bilinear_sheets, unpooling_sheets
from saccade.analysis.convolution.pooling import pooling_sheets
from saccade.analysis.convolution.regions import region_sheets
from saccade.analysis.convolution.remainder import remainder_sheets
from saccade.analysis.convolution.topics import EVERYTHING, TOPICS
from saccade.analysis.convolution.windows import convolution_sheets, transposed_sheets
from saccade.analysis.convolution.worked import Sheet
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean

SHEETS: dict[str, Callable[[], list[Sheet]]] = {
    "convolution": convolution_sheets,
    "transposed": transposed_sheets,
    "remainder": remainder_sheets,
    "unpooling": unpooling_sheets,
    "pooling": pooling_sheets,
    "bilinear": bilinear_sheets,
    "regions": region_sheets,
}


def convolution_pictures(topics: Sequence[str] = (EVERYTHING,)) -> list[Sheet]:
    """Sheets of frames that show how convolutions and other layers go over a map, drawn from layers that were run.

    Args:
        topics: Names of `TOPICS`, or ``all``.

    Raises:
        UsageError: There is no such topic; the message lists those that there are.
    """
    known = [EVERYTHING, *TOPICS]
    for topic in topics:
        if topic not in known:
            raise UsageError(
                "a topic to draw", repr(topic), cure=did_you_mean(topic, known, f"topics: {', '.join(known)}")
            )
    chosen = list(TOPICS) if EVERYTHING in topics or not topics else list(dict.fromkeys(topics))
    return [sheet for topic in chosen for sheet in SHEETS[topic]()]
