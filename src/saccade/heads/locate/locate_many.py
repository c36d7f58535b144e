"""Where a fixed number of things are: K boxes and, for each, scores of C classes.

Source: lecture notes on localization of several objects. Which box answers for which object is settled for each
picture by the cheapest assignment of boxes to objects.

Legend: B pictures, K boxes, C classes, n true objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.heads.locate.box_form import BoxForm, absolute, relative
from saccade.losses.scores import SigmoidScores
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.ops.boxes.assign import classes_sought, real_objects
from saccade.ops.boxes.match import BACKGROUND


@dataclass(frozen=True)
class ManyBoxes:
    """Raw output of a head of K boxes.

    Attributes:
        codes: (B, K, 4) boxes in the head's form, relative to each picture.
        logits: (B, K, C) scores before the sigmoid; all are low where a box holds nothing.
        sizes: (B, 2) int64, height and width of each picture in pixels.
    """

    codes: Tensor
    logits: Tensor
    sizes: Tensor


register_dataclass(ManyBoxes, serialized_type_name="saccade.ManyBoxes")


class LocateManyHead(Head):
    """K boxes with classes.

    Args:
        reads: Name of the map that it reads.
        body: Makes (B, K · (4 + C)) values of that map, such as `fully_connected`.
        form: How a box stands as four numbers, and its loss.
        objects: K.
    """

    terms = ("box", "class")
    regressions = ("box",)
    owns_rows = True
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})

    def __init__(self, reads: str, body: nn.Module, form: BoxForm, *, objects: int) -> None:
        super().__init__()
        self.reads, self.body, self.form, self.objects = (reads,), body, form, objects

    def forward(self, maps: Maps) -> ManyBoxes:
        """The boxes of each picture, in the head's form, and their scores."""
        values = self.body(maps[self.reads[0]])
        values = values.unflatten(1, (self.objects, -1))
        return ManyBoxes(self.form.activate(values[..., :4]), values[..., 4:], maps.sizes)

    def evidence(self, raw: ManyBoxes) -> Tensor:
        """(B, C) scores before the sigmoid, each class's of the box that is most for it."""
        return raw.logits.amax(1)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``box``: mean over matched boxes. ``class``: cross entropy, a sum over boxes, mean over pictures."""
        raw = self(maps)
        codes, logits = raw.codes.float(), raw.logits.float()
        targets = codes.detach().clone()
        labels = torch.full(codes.shape[:2], BACKGROUND, device=codes.device)
        for picture, (shown, size) in enumerate(zip(truth, raw.sizes, strict=True)):
            rows = real_objects(shown)
            if rows.boxes is None or rows.labels is None or not len(rows):
                continue
            wanted = self.form.encode(relative(rows.boxes, size))
            slots, objects = assign(codes[picture], logits[picture], wanted, rows.labels)
            targets[picture, slots] = wanted[objects]
            labels[picture, slots] = rows.labels[objects]
        matched = labels != BACKGROUND
        box = (self.form.cost(codes, targets) * matched).sum() / matched.sum().clamp(min=1)
        cost = SigmoidScores().cost(logits, labels, classes_sought(truth, logits.device))
        return {"box": box, "class": cost.sum() / len(logits)}

    def decode(self, raw: ManyBoxes) -> list[Annotation]:
        """K rows, each with its likeliest class and that class's probability."""
        predictions: list[Annotation] = []
        for boxes, scores, size in zip(self.form.decode(raw.codes), raw.logits.sigmoid(), raw.sizes, strict=True):
            best, labels = scores.max(1)
            predictions.append(Annotation(instances=Instances(boxes=absolute(boxes, size), labels=labels, scores=best)))
        return predictions


def assign(codes: Tensor, logits: Tensor, wanted: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The cheapest assignment of boxes to true objects, by distance of the numbers less the true class's probability.

    Args:
        codes: (K, 4) predicted boxes in the head's form.
        logits: (K, C) scores.
        wanted: (n, 4) true boxes in the head's form.
        labels: (n,) true classes.

    Returns:
        Positions (m,) of boxes and (m,) of objects that belong together; m is the smaller of K and n.
    """
    from scipy.optimize import linear_sum_assignment  # 40 MiB that no other head needs

    with torch.no_grad():
        cost = torch.cdist(codes.float(), wanted.float(), p=1) - logits.float().sigmoid()[:, labels]
        slots, objects = linear_sum_assignment(torch.nan_to_num(cost, nan=1e6, posinf=1e6).cpu().numpy())
    return torch.as_tensor(slots, device=codes.device), torch.as_tensor(objects, device=codes.device)
