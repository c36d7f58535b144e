"""A data set written anew in another format, whole or not at all."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, UsageError
from saccade.data.check.notes import folder_notes
from saccade.data.convert.losses import LossCounts, known_kinds
from saccade.data.datasets.persons.pictures import PosePictures, with_objects
from saccade.data.formats.class_masks.writer import ClassMasksForm
from saccade.data.formats.coco.writer import CocoForm
from saccade.data.formats.image_folder.writer import FolderForm
from saccade.data.formats.masks.writer import MasksForm
from saccade.data.formats.voc.writer import VocForm
from saccade.data.formats.writing.pictures import Names, Picture, picture_of
from saccade.data.formats.writing.writer import Form, Source
from saccade.data.formats.yolo.writer import YoloForm
from saccade.data.left_out import LeftOut, left_out, reading_notes
from saccade.data.open import open_data
from saccade.data.open import splits as splits_of
from saccade.safe_io.writing.atomic import replacing_folder, sync

_ALL: tuple[type[Form], ...] = (CocoForm, VocForm, YoloForm, MasksForm, ClassMasksForm, FolderForm)
# Formats that hold joints of objects: persons of a sample each become objects there.
JOINTED = ("coco", "yolo")
FORMS = {form.name: form for form in _ALL}
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Written:
    """What came of it.

    Attributes:
        out: The new folder.
        pictures: How many each split has.
        lost: What was allowed to be lost, and was.
        notes: What else of the data's folder is not in it, which is no loss of the data.
    """

    out: Path
    pictures: dict[str, int]
    lost: LossCounts
    notes: tuple[str, ...] = ()


def convert(
    source: str | Path | Dataset,
    out: str | Path,
    to: str,
    *,
    splits: Sequence[str] = (),
    allow: Iterable[str] = (),
    link: bool = False,
    tell: Tell | None = None,
) -> Written:
    """Writes a data set as ``coco``, ``voc``, ``yolo``, ``masks``, ``class_masks`` or ``folder``.

    Pictures are copied byte for byte, so their orientation stays beside them; those that a data set draws become PNGs.
    The annotations are gone through twice: what would be lost is known before anything is written.

    Args:
        source: A folder, a URI, or a data set, which becomes the split train.
        out: The new folder; it must not be there, or be empty.
        to: The format.
        splits: Which parts; all by default.
        allow: Kinds of loss that are allowed, of `saccade.data.convert.losses.KINDS`.
        link: Whether pictures become further names of the same files, not copies.
        tell: Told how many of the pictures are done, of how many; each is gone through twice.

    Raises:
        DataError: The data are at fault, or something would be lost that was not allowed.
        UsageError: `out` holds something, or there is no such format or kind of loss.
        ResourceError: The disk is full; nothing is left behind.
    """
    out, allowed = Path(out), known_kinds(allow)
    _check(out, to)
    given = _source(source, splits, to)
    form = FORMS[to](given, allowed, link)
    source_pictures = _SourcePictures(given, _names(given, form.shared), tell)
    parts = list(given.splits.values())
    passed_over = left_out(parts)
    lost = _lost(form, source_pictures, parts, passed_over)
    lost.refuse(allowed, to)
    notes = [*_notes(parts, passed_over), *([] if splits else folder_notes(parts))]
    with replacing_folder(out) as partial:
        counts = {split: form.write(partial, split, source_pictures.pictures(split)) for split in given.splits}
        if not any(counts.values()):
            raise DataError(f"pictures that {to} can hold", "none", cure="take another format")
        for name, text in form.texts().items():
            (partial / name).write_text(text, encoding="utf-8")
        _flush(partial)
    return Written(out, counts, lost, tuple(notes))


def _check(out: Path, to: str) -> None:
    """Refuse an unknown format, and a folder that holds something."""
    if to not in FORMS:
        raise UsageError(f"a format among {', '.join(FORMS)}", repr(to))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError("a folder that is new or empty", "something in it", path=out)


def _notes(parts: Sequence[Dataset], passed_over: Sequence[LeftOut]) -> list[str]:
    """What a person should know of how the data were read."""
    poses = [part.note for part in parts if isinstance(part, PosePictures)]
    return [*(one.said for one in passed_over), *reading_notes(parts), *poses[:1]]


def _lost(
    form: Form, source: "_SourcePictures", parts: Sequence[Dataset], passed_over: Sequence[LeftOut]
) -> LossCounts:
    """What the format cannot hold, and what was not read of the data or does not become objects."""
    lost = _count(form, source)
    for one in passed_over:
        lost.add("left_out", len(one.files) if one.is_defect else 0, one.names)
    for part in parts:
        if isinstance(part, PosePictures):
            lost.add("pose", part.left_out, "persons without joints, or with one")
    return lost


def _source(source: str | Path | Dataset, names: Sequence[str], to: str) -> Source:
    if isinstance(source, str | Path):
        chosen = list(dict.fromkeys(names)) or splits_of(source) or ["train"]
        parts = {name: open_data(source, name) for name in chosen}
    else:
        parts = {"train": open_data(source)}
    if to in JOINTED:
        parts = {name: with_objects(part) for name, part in parts.items()}
    first = next(iter(parts.values()))
    for name, dataset in parts.items():
        if list(dataset.classes) != list(first.classes):
            raise DataError(
                "the same classes in all splits",
                f"{list(dataset.classes)[:20]} in {name} and {list(first.classes)[:20]} in {next(iter(parts))}",
                cure="convert the splits one by one: --split NAME",
            )
    # Of splits the one with the longest list has pixels of every class that another has.
    pixels = max((data.vocabularies.names("semantic") for data in parts.values()), key=len)
    return Source(parts, tuple(first.classes), pixels or tuple(first.classes), first.joints)


def _names(source: Source, shared: bool) -> dict[str, list[str]]:
    """A name for each picture of each split; `shared` says that all splits keep theirs in one folder."""
    common = Names()
    return {split: (common if shared else Names()).of(dataset) for split, dataset in source.splits.items()}


@dataclass
class _SourcePictures:
    """The pictures, one by one, as often as they are asked for."""

    source: Source
    names: dict[str, list[str]]
    tell: Tell | None
    done: int = 0

    def pictures(self, split: str) -> Iterator[Picture]:
        """The pictures of a split with their names; each counts as done once it was taken."""
        dataset = self.source.splits[split]
        total = 2 * sum(len(part) for part in self.source.splits.values())
        for index, name in enumerate(self.names[split]):
            yield picture_of(dataset, index, name, split)
            self.done += 1
            if self.tell is not None:
                self.tell(self.done, total)


def _count(form: Form, source_pictures: _SourcePictures) -> LossCounts:
    """All that would be lost."""
    tally = LossCounts()
    for kind, count in form.whole():
        tally.add(kind, count, "the data set as a whole")
    for split in source_pictures.source.splits:
        for picture in source_pictures.pictures(split):
            for kind, count in form.losses(picture):
                tally.add(kind, count, picture.place)
    return tally


def _flush(folder: Path) -> None:
    """All files of a folder on the disk: at once where the system can, for thousands one by one take minutes."""
    if hasattr(os, "sync"):
        os.sync()
        return
    for path in folder.rglob("*"):
        sync(path)
