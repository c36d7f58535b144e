"""Pictures that cannot be read, found before step 0: a few are left out, loudly; more stop the training."""

from collections.abc import Callable
from dataclasses import replace

from saccade.core.dataset import Dataset
from saccade.data.loading.unreadable import few_unreadable, left_out_line, without
from saccade.training.feed.skip_list import SIDES, Side, SkipList
from saccade.training.setup.data import Data


def without_unreadable(data: Data, on_bad: str, skips: SkipList, begins: bool, say: Callable[[str], None]) -> Data:
    """The data of a training less the pictures that cannot be read.

    A run that goes on leaves out what it left out when it began, so that its batches stay the same.

    Args:
        data: Both sides.
        on_bad: ``fail`` to stop at the first picture that cannot be read, ``skip`` to leave out a hundredth.
        skips: Takes those that are left out, and knows those that were.
        begins: Whether the training begins now.
        say: Takes a line for the person who waits.

    Raises:
        DataError: There are more than may be left out.
    """
    sides: dict[Side, Dataset | None] = {"training": data.train, "validation": data.val}
    kept: dict[Side, Dataset | None] = {}
    for side in SIDES:
        pictures = sides[side]
        if pictures is not None:
            bad = _judged(pictures, side, on_bad, skips, say) if begins else skips.left_out(side)
            pictures = without(pictures, bad)
        kept[side] = pictures
    return replace(data, train=kept["training"] or data.train, val=kept["validation"])


def _judged(pictures: Dataset, side: Side, on_bad: str, skips: SkipList, say: Callable[[str], None]) -> frozenset[str]:
    """The names of the pictures that cannot be read, once they are few enough and written down."""
    found = few_unreadable(pictures, on_bad, side)
    if found:
        told = left_out_line(found, len(pictures), side)
        say(f"warning: {told}; {skips.path.name} lists them, --on-bad fail stops instead")
    for name, error in found:
        skips.note(name, error, side, before=True)
    return frozenset(name for name, _ in found)
