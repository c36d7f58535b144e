"""Folders of pictures, one folder a class."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from saccade.data.formats.writing.objects import largest
from saccade.data.formats.writing.pictures import Picture
from saccade.data.formats.writing.writer import (
    Form,
    Loss,
    Source,
    check_folders,
    check_lines,
    check_usual_splits,
    map_losses,
)


class FolderForm(Form):
    """``SPLIT/CLASS/picture.jpg``. Readers number the classes by name."""

    name = "folder"

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        check_usual_splits(source)
        check_lines(source.classes, "a folder")
        check_folders(source.classes)

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture."""
        yield from map_losses(picture)
        truth, rows, label = picture.truth, picture.objects, _label(picture)
        yield "pictures", int(label is None)
        if truth.labels is not None and rows is None:
            yield "labels", 1
        if rows is not None:
            yield "objects", len(rows)
            yield "classes", int((~rows.ignored & (rows.labels != label)).sum())

    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split, without pictures that have no class."""
        for name in self.source.classes:
            (root / split / name).mkdir(parents=True)
        count = 0
        for picture in pictures:
            label = _label(picture)
            if label is not None:
                name = self.source.classes[label]
                picture.save(root / split / name / picture.name.removeprefix(f"{name}/"), self.link)
                count += 1
        return count


def _label(picture: Picture) -> int | None:
    """The picture's class, or that of its largest object."""
    if picture.truth.label is not None:
        return int(picture.truth.label)
    rows = picture.objects
    return None if rows is None else largest(rows.labels, rows.areas, ~rows.crowd)
