"""A data set of pictures by name, whose objects lie in a store: what most formats come down to."""

from pathlib import Path
from typing import Protocol

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.origin import Origin
from saccade.data.formats.common.packing import pack_files
from saccade.data.formats.common.store import RaggedArray, Store


class Maps(Protocol):
    """What files beside the pictures add to the objects, such as classes of pixels."""

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of what is added."""
        ...

    @property
    def semantic_classes(self) -> tuple[str, ...]:
        """Names of the pixels' classes: those of the objects, and others that only pixels have, such as background."""
        ...

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The files that tell it of one picture."""
        ...

    def add(self, index: int, truth: Annotation) -> Annotation:
        """The truth of one picture with what its files tell."""
        ...


class DetectionDataset(ImageFiles):
    """Pictures by name, with objects.

    Args:
        root: The data's folder, which names of pictures must not lead out of.
        names: Paths of the N pictures relative to `root`.
        store: Their objects.
        classes: C names.
        joints: What the joints are, or None.
        maps: What further files tell of the pictures, or None.
        origin: Where the objects are written, or None.
    """

    def __init__(
        self,
        root: Path,
        names: RaggedArray,
        store: Store,
        classes: tuple[str, ...],
        joints: Joints | None = None,
        maps: Maps | None = None,
        origin: Origin | None = None,
    ) -> None:
        pixels = {} if maps is None or "semantic" not in maps.fields else {"semantic": maps.semantic_classes}
        super().__init__(root, names, {"instances": classes, **pixels}, joints)
        self.store, self.origin, self._maps = store, origin, maps

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return self.store.fields | (frozenset[str]() if self._maps is None else self._maps.fields)

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        truth = self.store.truth(index)
        return truth if self._maps is None else self._maps.add(index, truth)

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The files that tell more of one picture than its objects."""
        return () if self._maps is None else self._maps.truth_files(index)

    def packed(self, index: int) -> bytes:
        """What the annotations say of one picture, as bytes that change when they do."""
        return self.store.packed(index, self.classes) + pack_files(self.truth_files(index))

    def declared(self, index: int) -> tuple[int, int]:
        """(H, W) of one picture."""
        return self.store.size(index)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture's objects that are no crowds."""
        return self.store.classes_of(index)
