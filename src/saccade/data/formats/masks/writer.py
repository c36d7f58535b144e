"""Pictures beside masks: a PNG a picture that gives each pixel's class."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from saccade.core.errors import DataError
from saccade.data.formats.common.split_names import USUAL
from saccade.data.formats.voc.pixels import BACKGROUND, voc_colour
from saccade.data.formats.writing.objects import Array
from saccade.data.formats.writing.paint import paint
from saccade.data.formats.writing.pictures import Picture
from saccade.data.formats.writing.writer import Form, Loss, Source, check_lines, map_losses

_IGNORE = 255
_PALETTE = [part for number in range(256) for part in voc_colour((number + 1) % 256)]


class MasksForm(Form):
    """``SPLIT/images``, ``SPLIT/masks`` and ``classes.txt``.

    Where pixels have no classes but objects have masks, those are painted, the small on the large, on a last class
    called background; crowds, where they may be lost, become pixels to ignore, as regions to ignore are.
    """

    name = "masks"

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        odd = set(source.splits) - USUAL
        if odd:
            raise DataError(
                "the splits train, val and test",
                ", ".join(sorted(odd)),
                cure="choose some with --split",
            )
        self._classes = source.semantic_classes
        if not source.annotates("semantic") and BACKGROUND not in self._classes:
            self._classes = (*self._classes, BACKGROUND)
        check_lines(self._classes, "classes.txt")
        if len(self._classes) > _IGNORE:
            raise DataError(f"at most {_IGNORE} classes of pixels", len(self._classes))

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture."""
        yield from map_losses(picture, semantic=True)
        truth, rows = picture.truth, picture.objects
        yield "pictures", int(self._map(picture) is None)
        if rows is None:
            yield "label", int(truth.label is not None)
            yield "labels", int(truth.labels is not None)
            return
        yield "objects", len(rows)
        if truth.semantic is None:
            yield "crowds", int((rows.crowd & ~rows.ignored).sum())
            yield "overlaps", paint(rows, picture.size, rows.labels.tolist())[1]

    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split, without pictures that have neither classes of pixels nor masks of all objects."""
        count = 0
        for picture in pictures:
            numbers = self._map(picture)
            if numbers is not None:
                picture.save(root / split / "images" / picture.name, self.link)
                target = root / split / "masks" / f"{picture.stem}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                image = Image.fromarray(numbers.astype(np.uint8), mode="L")
                image.putpalette(_PALETTE)
                image.save(target, format="PNG")
                count += 1
        return count

    def texts(self) -> dict[str, str]:
        """The list of classes, which gives their order."""
        return {"classes.txt": "".join(f"{name}\n" for name in self._classes)}

    def _map(self, picture: Picture) -> Array | None:
        """(H, W) classes; None where they are not known."""
        if picture.truth.semantic is not None:
            return picture.truth.semantic.numpy()
        rows = picture.objects
        if rows is None or not all(outline is not None for outline in rows.outlines):
            return None
        if not len(rows) and not picture.truth.has("instances.masks"):
            return None
        marks = np.where(rows.crowd, _IGNORE, rows.labels) + 1
        canvas = paint(rows, picture.size, marks.tolist())[0]
        return np.where(canvas == 0, self._classes.index(BACKGROUND), canvas - 1)
