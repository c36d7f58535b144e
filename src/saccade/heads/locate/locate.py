"""Where the one thing of the picture is: one box, or one box for each class.

Sources: Simonyan and Zisserman 2014, appendix A (one box or one a class, Euclidean loss on centres and sides);
lecture notes on classification with localization (sigmoid, and 1/(2N) times the sum of squares).

Legend: B pictures, S boxes a picture: 1, or one for each of C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.heads.locate.box_form import BoxForm, absolute, relative
from saccade.heads.locate.main_object import main_object
from saccade.network.head import Head, full_precision
from saccade.network.maps import Maps


@dataclass(frozen=True)
class LocatedBoxes:
    """Raw output of a box head.

    Attributes:
        codes: (B, S, 4) boxes in the head's form, relative to each picture.
        sizes: (B, 2) int64, height and width of each picture in pixels.
    """

    codes: Tensor
    sizes: Tensor


register_dataclass(LocatedBoxes, serialized_type_name="saccade.LocatedBoxes")


class LocateHead(Head):
    """The box of the picture's main object: the largest of the picture's class.

    Args:
        reads: Name of the map that it reads.
        body: Makes (B, S · 4) values of that map, such as `fully_connected`.
        form: How a box stands as four numbers, and its loss.
        per_class: Whether each class has a box of its own, of which the true class's alone learns.
    """

    terms = ("box",)
    regressions = ("box",)
    owns_rows = True

    def __init__(self, reads: str, body: nn.Module, form: BoxForm, *, per_class: bool = False) -> None:
        super().__init__()
        self.reads, self.body, self.form, self.per_class = (reads,), body, form, per_class
        self.gives = frozenset({"instances.boxes"} | ({"instances.labels"} if per_class else set()))
        self.needs = frozenset({"instances.boxes"} | ({"label"} if per_class else set()))

    def forward(self, maps: Maps) -> LocatedBoxes:
        """The boxes of each picture, in the head's form."""
        values = self.body(maps[self.reads[0]])
        return LocatedBoxes(self.form.activate(values.unflatten(1, (-1, 4))), maps.sizes)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Mean over the pictures that show an object, under ``box``; 0 where none does."""
        raw = self(maps)
        codes = raw.codes.float()
        targets, chosen = codes.new_zeros(codes.shape), codes.new_zeros(codes.shape[:2])
        for picture, (shown, size) in enumerate(zip(truth, raw.sizes, strict=True)):
            box = main_object(shown)
            if box is not None:
                row = int(shown.get("label")) if self.per_class else 0
                targets[picture, row] = self.form.encode(relative(box[None], size))[0]
                chosen[picture, row] = 1
        return {"box": (self.form.cost(codes, targets) * chosen).sum() / chosen.sum().clamp(min=1)}

    def views(self, maps: Maps) -> dict[str, list[Annotation]]:
        """``boxes``: the boxes of all classes, of which the class head's prediction chooses one."""
        return {"boxes": self.decode(full_precision(self(maps)))} if self.per_class else {}

    def decode(self, raw: LocatedBoxes) -> list[Annotation]:
        """One row, or a row for each class with its label; the class head's prediction chooses among them."""
        predictions: list[Annotation] = []
        for boxes, size in zip(self.form.decode(raw.codes), raw.sizes, strict=True):
            labels = torch.arange(len(boxes), device=boxes.device) if self.per_class else None
            predictions.append(Annotation(instances=Instances(boxes=absolute(boxes, size), labels=labels)))
        return predictions
