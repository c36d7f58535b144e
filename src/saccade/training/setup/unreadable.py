"""Pictures that cannot be read, found before step 0: a few are left out, loudly; more stop the training."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.datasets.subset import Subset
from saccade.data.loading.first_look import unreadable
from saccade.data.loading.skips import most_skipped
from saccade.training.feed.skip_list import SIDES, Side, SkipList
from saccade.training.setup.data import Data

_NAMED = 5


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
            pictures = _without(pictures, bad)
        kept[side] = pictures
    return replace(data, train=kept["training"] or data.train, val=kept["validation"])


def _judged(pictures: Dataset, side: Side, on_bad: str, skips: SkipList, say: Callable[[str], None]) -> frozenset[str]:
    """The names of the pictures that cannot be read, once they are few enough and written down."""
    found = [(pictures.id(index), error) for index, error in unreadable(pictures)]
    if not found:
        return frozenset()
    listed = ", ".join(name for name, _ in found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
    most = 0 if on_bad == "fail" else most_skipped(len(pictures))
    if len(found) > most:
        raise _too_many(found, most, len(pictures), side, listed)
    for name, error in found:
        skips.note(name, error, side, before=True)
    are = "is" if len(found) == 1 else "are"
    say(
        f"warning: {len(found)} of {len(pictures)} {side} pictures cannot be read and {are} left out: "
        f"{listed} ({found[0][1].what}); {skips.path.name} lists them, --on-bad fail stops instead"
    )
    return frozenset(name for name, _ in found)


def _too_many(found: Sequence[tuple[str, DataError]], most: int, count: int, side: Side, listed: str) -> DataError:
    first = found[0][1]
    allowed = f"at most {most} of {count} {side} pictures that cannot be read"
    cure = f"{first.cure or 'mend or remove them'}; `saccade data check` lists all"
    if not most:
        cure += ", and --on-bad skip leaves out up to a hundredth"
    return DataError(
        allowed if most else f"{side} pictures that can all be read",
        f"{len(found)}{'' if most else ' that cannot'}: {listed}; the first: {first.what}",
        path=first.path or found[0][0],
        cure=cure,
    )


def _without(pictures: Dataset, names: frozenset[str]) -> Dataset:
    if not names:
        return pictures
    return Subset(pictures, [index for index in range(len(pictures)) if pictures.id(index) not in names])
