"""Pictures beside masks: a PNG a picture that gives each pixel's class."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.voc.pixels import BACKGROUND, voc_colour
from saccade.data.formats.writing.objects import Array
from saccade.data.formats.writing.paint import paint, paint_masks
from saccade.data.formats.writing.pictures import Picture
from saccade.data.formats.writing.writer import Form, Loss, Source, check_lines, check_usual_splits, map_losses

_IGNORE = 255
_PALETTE = [part for number in range(256) for part in voc_colour((number + 1) % 256)]


class MasksForm(Form):
    """``SPLIT/images``, ``SPLIT/masks`` and ``classes.txt``.

    Where pixels have masks of several classes, or no classes but objects have masks, those are painted, the small on
    the large, on a last class called background; crowds, where they may be lost, become pixels to ignore, as regions to
    ignore are. Pixels to ignore are those, too, of which masks of classes say nothing, and all that would be background
    where some class was not looked for.
    """

    name = "masks"

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        check_usual_splits(source)
        self._classes = source.semantic_classes
        if not source.annotates("semantic") and BACKGROUND not in self._classes:
            self._classes = (*self._classes, BACKGROUND)
        check_lines(self._classes, "classes.txt")
        if len(self._classes) > _IGNORE:
            raise DataError(f"at most {_IGNORE} classes of pixels", len(self._classes))

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture."""
        truth, rows = picture.truth, picture.objects
        several = truth.semantic is None and BACKGROUND in self._classes
        yield from map_losses(picture, semantic=True, several=several)
        yield "pictures", int(self._map(picture) is None)
        if several and truth.semantic_masks is not None:
            yield "overlaps", self._layers(truth)[1]
        if rows is None:
            yield "label", int(truth.label is not None)
            yield "labels", int(truth.labels is not None)
            return
        yield "objects", len(rows)
        if not truth.tells_pixels:
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
        if picture.truth.semantic_masks is not None and BACKGROUND in self._classes:
            return self._layers(picture.truth)[0]
        rows = picture.objects
        if rows is None or not all(outline is not None for outline in rows.outlines):
            return None
        if not len(rows) and not picture.truth.has("instances.masks"):
            return None
        marks = np.where(rows.crowd, _IGNORE, rows.labels) + 1
        canvas = paint(rows, picture.size, marks.tolist())[0]
        return np.where(canvas == 0, self._classes.index(BACKGROUND), canvas - 1)

    def _layers(self, truth: Annotation) -> tuple[Array, int]:
        """(H, W) classes of masks of classes, and how many masks lost pixels to another."""
        masks, sought, unknown = truth.get("semantic_masks"), truth.semantic_sought, truth.semantic_masks_unknown
        labels = list(range(len(masks))) if sought is None else sought.nonzero()[:, 0].tolist()
        canvas, hidden = paint_masks(masks[labels], [label + 1 for label in labels])
        nothing = self._classes.index(BACKGROUND) if sought is None or bool(sought.all()) else _IGNORE
        found = np.where(canvas == 0, nothing, canvas - 1)
        return (found if unknown is None else np.where(unknown.numpy(), _IGNORE, found)), hidden
