"""Pictures that cannot be read, found before any of them is needed: a few are left out, loudly; more are an error."""

from collections.abc import Callable, Sequence

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.datasets.subset import Subset
from saccade.data.loading.first_look import unreadable
from saccade.data.loading.skips import most_skipped
from saccade.safe_io.limits import MAX_PIXELS

Unread = list[tuple[str, DataError]]

_NAMED = 5


def few_unreadable(pictures: Dataset, on_bad: str, side: str = "", most_pixels: int = MAX_PIXELS) -> Unread:
    """The names of the pictures that cannot be read, and what is wrong with each, where they are few enough.

    Args:
        pictures: The pictures.
        on_bad: ``fail``: none is; ``skip``: a hundredth, or one where others are left, is.
        side: Which pictures they are, for the error: ``training``.
        most_pixels: Pixels of a TIFF that is read by window, where such are.

    Raises:
        DataError: There are more.
    """
    found = [(pictures.id(index), error) for index, error in unreadable(pictures, most_pixels)]
    most = 0 if on_bad == "fail" else most_skipped(len(pictures))
    if len(found) <= most and (not found or len(found) < len(pictures)):
        return found
    first, kind = found[0][1], f"{side} pictures".strip()
    cure = f"{first.cure or 'mend or remove them'}; `saccade data check` lists all"
    if not most:
        cure += ", and --on-bad skip leaves out up to a hundredth"
    raise DataError(
        f"at most {most} of {len(pictures)} {kind} that cannot be read" if most else f"{kind} that can all be read",
        f"{len(found)}{'' if most else ' that cannot'}: {_listed(found)}; the first: {first.what}",
        path=first.path or found[0][0],
        cure=cure,
    )


def left_out_line(found: Unread, count: int, side: str = "") -> str:
    """What a person is told of pictures that are left out.

    Args:
        found: The pictures, at least one.
        count: How many there were with them.
        side: Which pictures they are: ``training``.
    """
    are = "is" if len(found) == 1 else "are"
    kind = f"{side} pictures".strip()
    return f"{len(found)} of {count} {kind} cannot be read and {are} left out: {_listed(found)} ({found[0][1].what})"


def without(pictures: Dataset, names: frozenset[str]) -> Dataset:
    """The pictures but those of some names."""
    if not names:
        return pictures
    return Subset(pictures, [index for index in range(len(pictures)) if pictures.id(index) not in names])


def readable(pictures: Dataset, on_bad: str, say: Callable[[str], None], most_pixels: int = MAX_PIXELS) -> Dataset:
    """The pictures less the few that cannot be read, which are told.

    Args:
        pictures: The pictures.
        on_bad: See `few_unreadable`.
        say: Takes a line for the person who waits.
        most_pixels: See `few_unreadable`.

    Raises:
        DataError: There are more than may be left out.
    """
    found = few_unreadable(pictures, on_bad, most_pixels=most_pixels)
    if found:
        say(f"warning: {left_out_line(found, len(pictures))}; --on-bad fail stops instead")
    return without(pictures, frozenset(name for name, _ in found))


def _listed(found: Sequence[tuple[str, DataError]]) -> str:
    return ", ".join(name for name, _ in found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
