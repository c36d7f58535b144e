"""Data in Pascal VOC's format: an XML file a picture, and PNGs for classes and objects as pixels."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from PIL import Image

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.voc.pixels import BACKGROUND, CLASS_FOLDER, OBJECT_FOLDER, voc_colour
from saccade.data.formats.writing.objects import Array, Objects
from saccade.data.formats.writing.paint import paint
from saccade.data.formats.writing.pictures import Picture
from saccade.data.formats.writing.writer import (
    NOTHING,
    Form,
    Loss,
    Source,
    check_lines,
    class_losses,
    map_losses,
    strays,
)

_IGNORE, _MOST = 255, 254  # numbers of a PNG: 0 is the background, 255 is ignored
_PALETTE = [part for number in range(256) for part in voc_colour(number)]


class VocForm(Form):
    """``Annotations``, ``JPEGImages``, ``ImageSets/Main/SPLIT.txt``, ``SegmentationClass``, ``SegmentationObject``.

    Boxes that do not end between whole pixels are written with decimals, as VOC's own later files have them. Crowds,
    where they may be lost, become difficult objects; regions to ignore whatever is in them are left out.
    """

    name = "voc"
    shared = True

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        check_lines(source.classes, "VOC")
        count = len(source.classes)
        named = source.semantic_classes[:count] == source.classes
        self._holds_maps = named and source.semantic_classes[count:] in ((), (BACKGROUND,)) and count <= _MOST

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture."""
        yield from map_losses(picture, semantic=self._holds_maps)
        rows = _named(picture)
        yield "unannotated", int(rows is None)
        if rows is None or picture.objects is None:
            yield from class_losses(picture, NOTHING, NOTHING)
            return
        yield "ignored", int(picture.objects.ignored.sum())
        yield "crowds", int(rows.crowd.sum())
        yield "keypoints", int(rows.jointed.sum())
        boxes = _boxes(rows, picture.size)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        yield "boxes", int(np.any(boxes != rows.boxes, axis=1).sum())
        yield "areas", strays(areas, rows.areas)
        yield from class_losses(picture, rows.labels, areas, unsure=rows.crowd | rows.difficult)
        outlined = sum(outline is not None for outline in rows.outlines)
        if self._draws(rows):
            yield "overlaps", paint(rows, picture.size)[1]
        else:
            yield "masks", outlined

    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split. A picture of several splits is written once."""
        names: list[str] = []
        for picture in pictures:
            names.append(picture.stem)
            file = root / "Annotations" / f"{picture.stem}.xml"
            text = _xml(picture)
            if file.exists():
                _check_same(file, text, picture.place)
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            picture.save(root / "JPEGImages" / picture.name, self.link)
            self._write_maps(root, picture)
        listing = root / "ImageSets" / "Main" / f"{split}.txt"
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        return len(names)

    def texts(self) -> dict[str, str]:
        """The list of classes, which gives their order."""
        return {"classes.txt": "".join(f"{name}\n" for name in self.source.classes)}

    def _write_maps(self, root: Path, picture: Picture) -> None:
        semantic, rows = picture.truth.semantic, _named(picture)
        if semantic is not None and self._holds_maps:
            values = semantic.numpy()
            numbers = np.where(values == _IGNORE, _IGNORE, (values + 1) % (len(self.source.classes) + 1))
            _save(root / CLASS_FOLDER / f"{picture.stem}.png", numbers)
        if rows is not None and self._draws(rows) and (len(rows) or picture.truth.has("instances.masks")):
            _save(root / OBJECT_FOLDER / f"{picture.stem}.png", paint(rows, picture.size)[0])

    def _draws(self, rows: Objects) -> bool:
        """Whether a PNG can tell the masks: some object has one, if there are objects, and there are not too many."""
        return len(rows) <= _MOST and (not len(rows) or any(outline is not None for outline in rows.outlines))


def _named(picture: Picture) -> Objects | None:
    """The objects that are of a class."""
    return None if picture.objects is None else picture.objects[~picture.objects.ignored]


def _xml(picture: Picture) -> str:
    height, width = picture.size
    rows = _named(picture)
    boxes = [] if rows is None else _boxes(rows, picture.size).tolist()
    objects = [] if rows is None else [_object(picture.dataset, rows, row, box) for row, box in enumerate(boxes)]
    lines = [
        "<annotation>",
        f"  <filename>{escape(picture.name.rpartition('/')[2])}</filename>",
        f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>",
        f"  <segmented>{int(rows is not None and any(rows.outlines))}</segmented>",
        *objects,
        "</annotation>\n",
    ]
    return "\n".join(lines)


def _boxes(rows: Objects, size: tuple[int, int]) -> Array:
    """The boxes in float64 as VOC can name them: no narrower than the one pixel that is the first and the last."""
    given, end = rows.boxes.astype(np.float64), np.array(size[::-1], np.float64)
    narrow = given[:, 2:] < given[:, :2] + 1
    start = np.where(narrow, np.minimum(given[:, :2], end - 1), given[:, :2])
    return np.concatenate([start, np.where(narrow, start + 1, given[:, 2:])], 1)


def _object(dataset: Dataset, rows: Objects, row: int, box: list[float]) -> str:
    """One object. VOC names the first and the last pixel of a box, counted from 1."""
    x1, y1, x2, y2 = box
    sides = zip(("xmin", "ymin", "xmax", "ymax"), (x1 + 1, y1 + 1, x2, y2), strict=True)
    place = "".join(f"<{side}>{_number(value)}</{side}>" for side, value in sides)
    name = escape(dataset.classes[int(rows.labels[row])])
    difficult = int(rows.difficult[row] or rows.crowd[row])
    return f"  <object><name>{name}</name><difficult>{difficult}</difficult><bndbox>{place}</bndbox></object>"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _save(path: Path, numbers: Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(numbers.astype(np.uint8), mode="L")
    image.putpalette(_PALETTE)
    image.save(path, format="PNG")


def _check_same(file: Path, text: str, place: str) -> None:
    if file.read_text(encoding="utf-8") != text:
        raise DataError(
            "the same annotations of a picture in all splits",
            "two kinds",
            path=place,
            cure="convert the splits one by one, each into a folder of its own: --split NAME",
        )
