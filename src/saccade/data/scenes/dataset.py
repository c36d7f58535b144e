"""The built-in pictures as a data set."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import torch

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.core.errors import UsageError
from saccade.core.sample import Sample
from saccade.core.vocabulary import UNTOLD_CONTOURS, Vocabularies
from saccade.data.scenes.figure import JOINTS
from saccade.data.scenes.layout import CLASSES
from saccade.data.scenes.paint import paint
from saccade.data.scenes.stage import set_stage
from saccade.data.scenes.truth import FIELDS, SEMANTIC_CLASSES, annotate

VOCABULARIES = Vocabularies(
    {"instances": CLASSES, "semantic": SEMANTIC_CLASSES, "contours": UNTOLD_CONTOURS, "joints": JOINTS.names}
)
OF_CLASSES = Vocabularies({**VOCABULARIES, "contours": CLASSES})
Contours = Literal["whole", "classes"]
_EXAMPLE = "for instance scenes:count=500,size=128,seed=1"


class Scenes:
    """Pictures drawn on the fly, with every kind of annotation; each a function of (seed, index) alone.

    A scene holds one large thing and up to six smaller ones, which may hide parts of each other. The picture's label
    is the class of the large one; among nine neighbouring pictures each class comes once. Joints follow MPII; the pose
    is that of the largest figure, and absent where there is none.

    Args:
        count: Number of pictures.
        size: Height and width in pixels, 16 at least.
        seed: Which series of pictures.
        start: Place of the first picture in that series.
        contours: ``whole``: one map of contours, whatever they bound; ``classes``: one a class.

    Raises:
        UsageError: A number is too small, or contours are neither.
    """

    def __init__(
        self, count: int = 500, size: int = 128, seed: int = 1, start: int = 0, contours: Contours = "whole"
    ) -> None:
        if contours not in get_args(Contours):
            raise UsageError(f"contours: one of {get_args(Contours)}", repr(contours), within="scenes", cure=_EXAMPLE)
        for name, found, least in (("count", count, 0), ("size", size, 16), ("seed", seed, 0), ("start", start, 0)):
            if found < least:
                raise UsageError(f"{name} of at least {least}", found, within="scenes", cure=_EXAMPLE)
        self.count, self.side, self.seed, self.start = count, size, seed, start
        self._of_classes = contours == "classes"

    @property
    def classes(self) -> tuple[str, ...]:
        """The C classes of objects."""
        return CLASSES

    @property
    def vocabularies(self) -> Vocabularies:
        """The C classes of objects; of pixels these and the background; one of lines, or C; MPII's joints."""
        return OF_CLASSES if self._of_classes else VOCABULARIES

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the fields that are annotated: all that truth can have."""
        return FIELDS

    @property
    def joints(self) -> Joints:
        """MPII's 16 joints."""
        return JOINTS

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        place = self._place(index)
        stage = set_stage(self.seed, place, self.side)
        image = torch.from_numpy(paint(stage, self.seed, place)).permute(2, 0, 1).contiguous()
        return Sample(image, annotate(stage, contours_of_classes=self._of_classes), self.id(index))

    def truth(self, index: int) -> Annotation:
        """The truth of one picture; nothing is painted."""
        stage = set_stage(self.seed, self._place(index), self.side)
        return annotate(stage, contours_of_classes=self._of_classes)

    def id(self, index: int) -> str:
        """The name of one picture: seed and place in the series."""
        return f"scenes-{self.seed}-{self._place(index):05d}"

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of one picture."""
        self._place(index)
        return self.side, self.side

    def _place(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(f"picture {index} of {self.count}")
        return self.start + index


def scenes_split(options: Mapping[str, Any], split: str) -> Scenes:
    """The pictures of one split: ``train`` takes the first `count` of the series, ``val`` the next max(50, count / 5).

    Args:
        options: Any of count, size, seed and contours.
        split: ``train`` or ``val``.

    Raises:
        UsageError: An option or the split is unknown, or a number is too small.
    """
    unknown = sorted(set(options) - {"count", "size", "seed", "contours"})
    if unknown:
        raise UsageError("count, size, seed and contours", ", ".join(unknown), within="scenes", cure=_EXAMPLE)
    if split not in ("train", "val"):
        raise UsageError("the split train or val", repr(split), within="scenes")
    train = Scenes(**options)
    if split == "train":
        return train
    contours = options.get("contours", "whole")
    return Scenes(max(50, train.count // 5), train.side, train.seed, start=train.count, contours=contours)
