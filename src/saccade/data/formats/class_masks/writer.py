"""Pictures beside folders of binary masks: a PNG for each class that was looked for in a picture."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from saccade.core.annotation import Annotation
from saccade.data.datasets.classes.layered import drawn_labels, layers_of_objects, parted
from saccade.data.formats.class_masks.layout import MASKS
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


class ClassMasksForm(Form):
    """``SPLIT/images``, ``SPLIT/masks/CLASS`` and ``classes.txt``.

    A mask of a class holds 255 inside and 0 outside, is black where nothing of the class is there, and is no file where
    the class was not looked for. Data of one class a pixel, or of outlined objects, get masks as a network of several
    classes would learn them (`data.datasets.classes.layered`): ``background`` has none, and objects of one class are
    joined.
    """

    name = "class_masks"

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        check_usual_splits(source)
        self._several, self._pixels = (source.annotates(field) for field in ("semantic_masks", "semantic"))
        names = source.semantic_classes if self._several or self._pixels else source.classes
        # A class called background stays where it has a mask of its own.
        self._labels = list(range(len(names))) if self._several or not self._pixels else drawn_labels(names)
        self._classes = tuple(names[label] for label in self._labels)
        check_lines(self._classes, "classes.txt")
        check_folders(self._classes)

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture."""
        truth, rows, layered = picture.truth, picture.objects, self._layered(picture)
        # Which classes were looked for is told by the files; of classes of objects, and of the picture, as those go.
        yield from (loss for loss in map_losses(picture, semantic=True, several=True) if loss[0] != "sought")
        yield "semantic", int(truth.semantic is not None and truth.semantic_masks is not None)
        yield "pictures", int(layered is None)
        yield "unknown", int(layered is not None and layered.semantic_masks_unknown is not None)
        if rows is None:
            yield "label", int(truth.label is not None)
            yield "labels", int(truth.labels is not None)
            return
        yield "objects", len(rows)
        if not truth.tells_pixels:
            yield "crowds", int((rows.crowd & ~rows.ignored).sum())

    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split, without pictures of which no class was looked for, or of whose pixels nothing is told."""
        for name in self._classes:
            (root / split / MASKS / name).mkdir(parents=True)
        count = 0
        for picture in pictures:
            layered = self._layered(picture)
            if layered is not None:
                picture.save(root / split / "images" / picture.name, self.link)
                self._write_masks(root / split / MASKS, picture, layered)
                count += 1
        return count

    def texts(self) -> dict[str, str]:
        """The list of classes, which gives their order."""
        return {"classes.txt": "".join(f"{name}\n" for name in self._classes)}

    def _write_masks(self, folder: Path, picture: Picture, layered: Annotation) -> None:
        sought, masks = layered.semantic_sought, layered.get("semantic_masks")
        for label, name in enumerate(self._classes):
            if sought is None or bool(sought[label]):
                target = folder / name / f"{picture.stem}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                # One class after the other: the masks of all classes of a large picture take gigabytes.
                Image.fromarray(masks[[label]].dense()[0].byte().mul(255).numpy()).save(target, format="PNG")

    def _layered(self, picture: Picture) -> Annotation | None:
        """The truth with a mask for each class; None where no class was looked for, or nothing is told of pixels."""
        truth = picture.truth
        if truth.semantic_masks is None and truth.semantic is not None:
            truth = parted(truth, self._labels)
        elif truth.semantic_masks is None and truth.has("instances.masks") and not (self._several or self._pixels):
            masks, unknown = layers_of_objects(truth.get("instances"), picture.size, len(self._classes))
            seen = {"semantic_masks_unknown": unknown, "semantic_sought": truth.sought}
            truth = replace(truth, semantic_masks=masks, **seen)
        none = truth.semantic_sought is not None and not bool(truth.semantic_sought.any())
        return None if truth.semantic_masks is None or none else truth
