"""The pixels of Pascal VOC: ``SegmentationClass`` gives each pixel's class, ``SegmentationObject`` its object."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.core.masks import Masks
from saccade.data.formats.common.index_map import IGNORE, Colour, read_values, to_classes
from saccade.data.formats.common.store import RaggedArray, Store

BACKGROUND = "background"
CLASS_FOLDER, OBJECT_FOLDER = "SegmentationClass", "SegmentationObject"


@dataclass(frozen=True)
class VocPixels:
    """PNGs beside some of the pictures, read when asked for.

    Attributes:
        root: The data's folder.
        stems: Names of the N pictures without suffix.
        store: The objects, whose masks the PNGs give.
        places: (M,) int32, each object's place in its file: number `place + 1` marks its pixels.
        classes: C names; number k + 1 marks the pixels of class k, 0 the background, 255 what is ignored.
        drawn: (N, 2) bool, whether there are classes and objects of each picture.
    """

    root: Path
    stems: RaggedArray
    store: Store
    places: NDArray[np.int32]
    classes: tuple[str, ...]
    drawn: NDArray[np.bool_]

    @staticmethod
    def beside(root: Path, stems: list[str], store: Store, places: list[int], classes: tuple[str, ...]) -> "VocPixels":
        """The pixels of the pictures that have some."""
        found = [{file.stem for file in (root / folder).glob("*.png")} for folder in (CLASS_FOLDER, OBJECT_FOLDER)]
        drawn = np.array([[stem in names for names in found] for stem in stems], np.bool_).reshape(-1, 2)
        return VocPixels(root, RaggedArray.of_text(stems), store, np.array(places, np.int32), classes, drawn)

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of what some picture has."""
        names = (("semantic",), ("instances.masks", "instances.masked"))
        return frozenset(name for column, both in enumerate(names) if self.drawn[:, column].any() for name in both)

    @property
    def semantic_classes(self) -> tuple[str, ...]:
        """The classes of the objects, then the background, unless one of them is called so."""
        added = self.drawn[:, 0].any() and BACKGROUND not in self.classes
        return (*self.classes, BACKGROUND) if added else self.classes

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The PNGs of one picture."""
        name, folders = f"{self.stems.text(index)}.png", (CLASS_FOLDER, OBJECT_FOLDER)
        return tuple(
            self.root / folder / name for folder, is_drawn in zip(folders, self.drawn[index], strict=True) if is_drawn
        )

    def add(self, index: int, truth: Annotation) -> Annotation:
        """The truth with the classes of pixels and the masks of objects, where they are drawn; not all objects need be.

        Raises:
            DataError: A PNG cannot be read, is of another size than the picture, or has an unknown number.
        """
        name, size = f"{self.stems.text(index)}.png", self.store.size(index)
        has_classes, has_objects = self.drawn[index].tolist()
        if has_classes:
            path = self.root / CLASS_FOLDER / name
            semantic = to_classes(path, read_values(path, size), *self._known())
            truth = replace(truth, semantic=semantic)
        if has_objects and truth.instances is not None:
            masks = self._masks(index, self.root / OBJECT_FOLDER / name, size)
            drawn = masks.areas() > 0
            if len(drawn) and not drawn.any():
                return truth
            masked = None if drawn.all() else drawn
            truth = replace(truth, instances=replace(truth.instances, masks=masks, masked=masked))
        return truth

    def _known(self) -> tuple[dict[int, int], dict[Colour, int]]:
        background = self.semantic_classes.index(BACKGROUND)
        numbers = {0: background, IGNORE: IGNORE} | {label + 1: label for label in range(len(self.classes))}
        return numbers, {voc_colour(number): label for number, label in numbers.items()}

    def _masks(self, index: int, path: Path, size: tuple[int, int]) -> Masks:
        values = read_values(path, size)
        places = self.places[self.store.rows(index)]
        known = {0, IGNORE, *(places + 1).tolist()}
        if values.ndim == 3:
            packed = {voc_colour(number): number for number in range(256)}
            values = to_classes(path, values, {}, packed).numpy()
        found, counts = np.unique(values, return_counts=True)
        unknown = [f"{v} ({n} pixels)" for v, n in zip(found.tolist(), counts.tolist(), strict=True) if v not in known]
        if unknown:
            raise DataError(
                f"numbers of the {len(places)} annotated objects, 0 or 255",
                ", ".join(unknown),
                path=path,
                cure=f"annotate the objects in {self.stems.text(index)}.xml, or mend the PNG",
            )
        dense = torch.from_numpy(values[None] == (places + 1)[:, None, None])
        return Masks.from_dense(dense)


def voc_colour(number: int) -> Colour:
    """The colour of a number in VOC's palette: its bits, dealt to red, green and blue in turn, from the highest."""
    red = green = blue = 0
    for shift in range(7, -1, -1):
        red |= (number & 1) << shift
        green |= (number >> 1 & 1) << shift
        blue |= (number >> 2 & 1) << shift
        number >>= 3
    return red, green, blue
