"""What all data sets of picture files share: names inside a folder, their pixels and their sizes."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.core.sample import Sample
from saccade.core.vocabulary import Names, Vocabularies
from saccade.data.datasets.picture import read_picture
from saccade.data.formats.common.packing import pack_files, pack_truth
from saccade.data.formats.common.store import RaggedArray
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.paths import inside, leaving_allowed


class ImageFiles(ABC):
    """N pictures by name, in a folder; what they show is up to the format.

    Args:
        root: The data's folder.
        names: Paths of the N pictures relative to `root`.
        classes: Names of the classes of each field, or the names that all fields share.
        joints: What the joints are, or None.
        links: Whether links may lead out of `root`. They may where the names come from a listing of the folder, which
            the user made, and not where a document gives them, unless the user allows it.

    Attributes:
        gathered: Whether the classes are those that the pictures of all splits happen to show: nothing lists them.
        notes: What a person should know of how the data were read, though it is no defect.
        passed_over: Files that annotate the same pictures, and lie beside the file that is read.
    """

    gathered: bool = False
    notes: tuple[str, ...] = ()
    passed_over: tuple[Path, ...] = ()

    def __init__(
        self, root: Path, names: RaggedArray, classes: Names, joints: Joints | None = None, links: bool = False
    ) -> None:
        self.root, self.joints, self._classes = root, joints, classes
        self.classes = Vocabularies.of(classes).main
        self._names, self._links = names, links or leaving_allowed()
        self._lengths = np.zeros(len(names), np.int64)  # bytes of each file when it was first read here, or 0

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field, and of the joints."""
        found = Vocabularies.of(self._classes, self.fields)
        return found if self.joints is None else Vocabularies({**found, "joints": self.joints.names})

    @property
    @abstractmethod
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""

    @abstractmethod
    def truth(self, index: int) -> Annotation:
        """What one picture shows."""

    @abstractmethod
    def classes_of(self, index: int) -> frozenset[int]:
        """Classes that one picture shows."""

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The files that annotate one picture alone and are read when its truth is, such as a mask; often none."""
        del index
        return ()

    def packed(self, index: int) -> bytes:
        """What the annotations say of one picture, as bytes that change when they do."""
        files = self.truth_files(index)
        return pack_files(files) if files else pack_truth(self.truth(index), self.classes)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Sample:
        return Sample(self.picture(index), self.truth(index), self.id(index))

    def id(self, index: int) -> str:
        """The picture's path relative to the data's folder."""
        return self._names.text(index)

    def path(self, index: int) -> Path:
        """The picture's file.

        Raises:
            DataError: The name leads out of the data's folder.
        """
        name = self._names.text(index)
        return self.root / name if self._links else inside(self.root, name)

    def declared(self, index: int) -> tuple[int, int] | None:
        """(H, W) that the annotations give, or None where they are silent."""
        return None

    def picture(self, index: int, channels: int | None = None) -> Tensor:
        """The picture's pixels (C, H, W).

        Args:
            index: Which picture.
            channels: Wanted channels; None for RGB, or for all of a file that is neither grey nor coloured.

        Raises:
            DataError: The file cannot be read, has another size than declared or other channels than wanted, or is
                not the one that was read before.
        """
        path = self.path(index)
        length = self._unchanged(index, path)
        image = read_picture(path, self.declared(index), channels)
        self._lengths[index] = length
        return image

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        """(H, W), as the annotations give it, or else from the file's header."""
        return self.declared(index) or picture_size(self.path(index), channels)

    def _unchanged(self, index: int, path: Path) -> int:
        """Bytes of a picture's file, which must be those of the first time; 0 where there is none."""
        before = int(self._lengths[index])
        try:
            now = path.stat().st_size
        except OSError:
            now = 0
        if before and now != before:
            found = f"one of {now} bytes" if now else "none"
            raise DataError(
                f"the file of {before} bytes that was read before",
                found,
                path=path,
                cure="restore it; data must not change while they are in use",
            )
        return now
