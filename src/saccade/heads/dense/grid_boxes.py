"""Boxes of the cells of a grid: YOLO's head, whose loss is a sum of squares, told term by term.

Paper: Redmon, Divvala, Girshick, Farhadi 2015, You only look once, arXiv 1506.02640, section 2 and equation 3.

Legend: B pictures, S cells a side, K boxes a cell, C classes, n objects that have a cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.heads.dense.grid_targets import (
    CellTruth,
    cell_corners,
    cell_truth,
    no_background,
    responsible,
    said_of_sought,
)
from saccade.heads.locate.box_form import absolute
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.ops.boxes.assign import classes_sought
from saccade.ops.boxes.candidates import Candidates, taken
from saccade.ops.boxes.suppression import Suppression

# The paper tells no thresholds. All but empty predictions are kept, so that precision can be seen down to low scores.
KEEP = Suppression(score=0.001, first=1000, overlap=0.5, limit=100)


@dataclass(frozen=True)
class GridBoxes:
    """Raw output of a grid, cell by cell, row by row.

    Attributes:
        classes: (B, S · S, C) probability of each class, where a cell holds an object.
        confidences: (B, S · S, K) whether a box holds an object, times how well it fits.
        codes: (B, S · S, K, 4) x and y of the centre inside the cell, 0..1, and the square roots of width and height
            over the picture's.
        sizes: (B, 2) int64, height and width of each picture in input pixels.
    """

    classes: Tensor
    confidences: Tensor
    codes: Tensor
    sizes: Tensor


register_dataclass(GridBoxes, serialized_type_name="saccade.GridBoxes")


class GridBoxHead(Head):
    """S × S cells; each says what stands at its place, and K boxes say where.

    An object belongs to the cell of its centre; of several in one cell the largest is learnt. Of the cell's boxes the
    one that fits best answers for it, and its confidence learns how well it fits.

    Args:
        reads: Name of the map that it reads.
        body: Makes (B, S · S · (C + 5 K)) values of that map, such as `fully_connected`.
        grid: S.
        boxes: K.
        classes: C.
        suppression: What stays of all that is scored.
    """

    terms = ("centre", "size", "object", "empty", "class")
    regressions = terms
    owns_rows = True
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})

    def __init__(
        self, reads: str, body: nn.Module, *, grid: int, boxes: int, classes: int, suppression: Suppression = KEEP
    ) -> None:
        super().__init__()
        self.reads, self.body = (reads,), body
        self.grid, self.boxes, self.classes, self._keep = grid, boxes, classes, suppression

    @property
    def suppression(self) -> Suppression:
        """What stays of all that is scored."""
        return self._keep

    def forward(self, maps: Maps) -> GridBoxes:
        """What each cell says; in a row of values the classes of all cells come first, then confidences, then boxes."""
        values = self.body(maps[self.reads[0]])
        cells = self.grid**2
        classes, confidences, codes = values.split([cells * n for n in (self.classes, self.boxes, 4 * self.boxes)], 1)
        return GridBoxes(
            classes.unflatten(1, (cells, self.classes)),
            confidences.unflatten(1, (cells, self.boxes)),
            codes.unflatten(1, (cells, self.boxes, 4)),
            maps.sizes,
        )

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """The five sums of squares of equation 3 without their factors, each a mean over pictures.

        ``centre`` and ``size``: of the boxes that answer for objects. ``object``: of those boxes' confidences.
        ``empty``: of all other confidences, which should be 0; cells inside a crowd are left out, and where classes
        were not sought a cell counts by as much as it speaks of others. ``class``: of the classes of cells with an
        object.
        """
        raw = self(maps)
        cells = [cell_truth(t, size, self.grid) for t, size in zip(truth, raw.sizes, strict=True)]
        return self.loss_of(raw, cells, classes_sought(truth, raw.sizes.device))

    def loss_of(self, raw: GridBoxes, truth: Sequence[CellTruth], sought: Tensor | None = None) -> dict[str, Tensor]:
        """The terms of `loss`, from the raw output made before.

        Args:
            raw: What `forward` gave.
            truth: What the cells of the B pictures show.
            sought: (B, 1, C) bool, which classes were sought in each picture; None: all.
        """
        classes, confidences, codes = raw.classes.float(), raw.confidences.float(), raw.codes.float()
        picture = torch.cat([t.cells.new_full((len(t.cells),), place) for place, t in enumerate(truth)])
        cell = torch.cat([t.cells for t in truth])
        wanted, labels = torch.cat([t.codes for t in truth]), torch.cat([t.labels for t in truth])
        place = picture * self.grid**2 + cell
        # index_select, since the backward of x[index] with an index tensor is not deterministic on the CPU.
        near = codes.flatten(0, 1).index_select(0, place)
        with torch.no_grad():
            chosen, fit = responsible(near, wanted, cell, self.grid)
            predictions = F.one_hot(chosen, self.boxes).bool()
            counts = torch.ones_like(confidences, dtype=torch.bool)
            counts &= ~torch.stack([no_background(t, self.grid) for t in truth])[:, :, None]
            counts.view(-1, self.boxes)[place] = ~predictions
            weights = counts if sought is None else counts * said_of_sought(classes, sought)[:, :, None]
        best = (near * predictions[:, :, None]).sum(1)
        said = (confidences.flatten(0, 1).index_select(0, place) * predictions).sum(1)
        kinds = classes.flatten(0, 1).index_select(0, place) - F.one_hot(labels, self.classes)
        sums = {
            "centre": (best[:, :2] - wanted[:, :2]).square().sum(),
            "size": (best[:, 2:] - wanted[:, 2:]).square().sum(),
            "object": (said - fit).square().sum(),
            "empty": (confidences.square() * weights).sum(),
            "class": kinds.square().sum(),
        }
        return {name: total / len(truth) for name, total in sums.items()}

    def decode(self, raw: GridBoxes) -> list[Annotation]:
        """The boxes that stay; a score is the class's probability times the box's confidence."""
        scores = raw.confidences.clamp(0, 1)[..., None] * raw.classes.clamp(0, 1)[:, :, None]
        boxes = cell_corners(
            raw.codes.flatten(1, 2), torch.arange(self.grid**2).repeat_interleave(self.boxes), self.grid
        )
        best = self.suppression.best(scores.flatten(1, 2))
        found = Candidates(absolute(taken(boxes, best.rows), raw.sizes), best.scores, best.labels, best.labels)
        return [
            Annotation(instances=Instances(boxes=kept.boxes, scores=kept.scores, labels=kept.labels))
            for kept in self.suppression.final(found, raw.sizes).each()
        ]
