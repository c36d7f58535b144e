"""What is no defect, and yet good to know before a training."""

from collections import Counter
from collections.abc import Iterator, Sequence

from saccade.core.dataset import Dataset
from saccade.data.check.annotations.boxes import whole_pictures
from saccade.data.check.classes import plain_name, rename_flag
from saccade.data.check.counts import Counts
from saccade.data.check.objects import Objects
from saccade.data.check.parts import Part
from saccade.data.check.pictures.decode import Facts, Job
from saccade.data.check.pictures.unlisted import unlisted
from saccade.data.formats.image_folder.reader import ImageFolder
from saccade.data.left_out import picture_files

_TINY = 16  # pixels of a side, below which a picture shows little
_SHOWN = 8
_FORMULA = ("=", "+", "-", "@")


def split_notes(part: Part, counts: Counts, objects: Objects | None) -> Iterator[str]:
    """What is odd about one split."""
    name = part.name
    if counts.pictures == 1:
        yield f"{name}: there is one picture only"
    if counts.classes:
        absent = [one for one, shown in counts.classes.items() if not shown]
        if absent:
            yield f"{name}: nothing shows {some_of(absent)}" + (
                f" ({len(absent)} of {len(counts.classes)} classes)" if len(absent) > 1 else ""
            )
    if counts.empty:
        yield f"{name}: {number_of(counts.empty, 'picture')} without objects, kept as pictures that show nothing"
    if counts.cut:
        yield f"{name}: {number_of(counts.cut, 'box', 'boxes')} cut off at the picture's edge"
    if counts.crowds:
        yield f"{name}: {number_of(counts.crowds, 'crowd')}, neither learnt nor counted"
    if counts.ignored:
        yield f"{name}: {number_of(counts.ignored, 'region')} to ignore, whatever is in them"
    if counts.unmasked:
        yield f"{name}: {number_of(counts.unmasked, 'object')} without a mask, beside others that have one"
    if counts.unsought:
        some = [f"{one} (in {number_of(pictures, 'picture')})" for one, pictures in counts.unsought.items()]
        yield f"{name}: not looked for, and so neither present nor absent: {some_of(some)}"
    share = 0.0 if objects is None else whole_pictures(objects)
    if share >= 0.5:
        yield f"{name}: {share:.0%} of the boxes cover their whole picture"


def name_notes(classes: Sequence[str]) -> Iterator[str]:
    """What is odd about names of classes."""
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(plain_name(name), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            some = some_of([repr(name) for name in names])
            yield f"classes whose names differ in case, space or the form of accents alone: {some}"
            yield f"to join them: {rename_flag(dict.fromkeys(names[1:], names[0]))}"
    formulas = [repr(name) for name in classes if name.startswith(_FORMULA)]
    if formulas:
        yield f"classes whose names a spreadsheet takes for formulas: {some_of(formulas)}"


def picture_notes(parts: Sequence[Part], jobs: Sequence[Job], facts: Sequence[Facts]) -> Iterator[str]:
    """What decoders warned of, and tiny pictures."""
    warned = Counter(note for one in facts for note in one.notes)
    for note, times in warned.most_common(_SHOWN):
        names = [_name(parts, job) for job, one in zip(jobs, facts, strict=True) if note in one.notes]
        yield f"{number_of(times, 'picture')}: {note}: {some_of(names)}"
    tiny = [_name(parts, job) for job, one in zip(jobs, facts, strict=True) if one.size and min(one.size) < _TINY]
    if tiny:
        yield f"{number_of(len(tiny), 'picture')} with a side below {_TINY} pixels: {some_of(tiny)}"


def folder_notes(parts: Sequence[Dataset]) -> Iterator[str]:
    """Pictures on disk that no split lists; of folders of classes they are told as left out."""
    known = [one for part in parts for one in picture_files(part)]
    found = [] if any(isinstance(one, ImageFolder) for one in known) else unlisted(known)
    if found:
        root = known[0].root
        names = [str(path.relative_to(root)) if path.is_relative_to(root) else str(path) for path in found]
        yield f"{number_of(len(found), 'picture')} on disk that no split lists: {some_of(names)}"


def _name(parts: Sequence[Part], job: Job) -> str:
    part, index = job.samples[0]
    return parts[part].data.id(index)


def number_of(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 box``, ``2 boxes``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def some_of(names: Sequence[str], most: int = _SHOWN) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
