"""The class of every pixel, by regions that are looked at one by one (DeconvNet).

Paper: Noh, Hong, Han 2015, Learning deconvolution network for semantic segmentation, arXiv 1505.04366, sections 4.2 and
4.3; sampling and fusion as in the authors' code.

Legend: B pictures, C classes, n regions, s pixels a side of a region that was cut out, (H, W) the batch's pixels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.losses.border_weights import Mask, objects_of
from saccade.losses.pixels import IGNORE
from saccade.network.maps import IMAGE, Maps
from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.regions.crop import CropRules, crop_labels, crop_regions, paste_maximum

# Regions that are seen at once.
AT_ONCE = 16
# What the background begins with, so that it wins where nothing else is said.
TIE = 1e-3


@dataclass(frozen=True)
class ProposalRules:
    """Which regions are learnt from, and which are looked at in use.

    Attributes:
        side: s.
        learns: ``objects``: objects, each with its surroundings, where it alone has a class and all else is background.
            ``proposals``: proposals that overlap an object, with the classes of all that they show.
        samples: Regions of a picture that are learnt from.
        number: Proposals of a picture that are looked at.
        least: Least side in pixels of a proposal that is looked at.
        background: The class of what is no object.
        growth: Factor of an object's sides that makes room for its surroundings.
        shown: Share of a side that a random crop keeps.
        overlap: Least overlap (IoU) of a proposal that is learnt from with an object's box.
    """

    side: int
    learns: Literal["objects", "proposals"]
    samples: int = 8
    number: int = 50
    least: float = 112.0
    background: int = 0
    growth: float = 1.2
    shown: float = 224 / 250
    overlap: float = 0.5


class ProposalPixelHead(PixelHead):
    """Scores of the pixels of each region; where regions overlap, the greater score of each class.

    Scores below 0 count as 0, and so do those of pixels that no region shows, which are so background.

    Args:
        network: Squares (n, channels, s, s) to maps of their pixels (n, c, s, s); its weights stay trunk's and neck's.
        body: Makes (n, C, s, s) scores of it.
        classes: C.
        rules: Which regions are learnt from, and looked at.
    """

    by_picture = True
    not_exportable = "regions are cut out of the picture and warped one by one"

    def __init__(
        self, network: Callable[[Tensor], Tensor], body: nn.Module, classes: int, rules: ProposalRules
    ) -> None:
        super().__init__(IMAGE, body, classes)
        self.network, self.rules, self.crop = network, rules, CropRules(rules.side, 0, "warp")
        self.uses, self.learns_without_regions = frozenset({"instances.masks"}), rules.learns == "objects"

    def scores(self, maps: Maps) -> Tensor:
        """(B, C, H, W) scores before the softmax."""
        height, width = maps.padded
        found: list[Tensor] = []
        for picture, boxes in enumerate(self._looked_at(maps)):
            canvas = maps[IMAGE].new_zeros(self.classes, height, width)
            canvas[self.rules.background] = TIE
            size = _size(maps, picture)
            for some in boxes.split(AT_ONCE):
                squares = crop_regions(maps[IMAGE][picture], size, some, self.crop)
                canvas = paste_maximum(canvas, self.body(self.network(squares)), some, self.crop)
            found.append(canvas)
        return torch.stack(found)

    def _looked_at(self, maps: Maps) -> Iterator[Tensor]:
        """(n, 4) the first proposals of each picture that are large enough; the whole picture where none is."""
        for picture, boxes in enumerate(_given(maps)):
            sides = (boxes[:, 2:] - boxes[:, :2]).amin(1)
            large = boxes[sides >= self.rules.least][: self.rules.number]
            yield large if len(large) else _whole(maps, picture)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """``class``: what the pixels of a class cost of the regions that are learnt from, a mean over all of them."""
        squares: list[Tensor] = []
        targets: list[Tensor] = []
        for picture, (shown, proposals) in enumerate(zip(truth, _given(maps), strict=True)):
            boxes, labels = self._sampled(shown, proposals, maps, picture)
            squares.append(crop_regions(maps[IMAGE][picture], _size(maps, picture), boxes, self.crop))
            rows = zip(boxes, labels, strict=True)
            targets += [crop_labels(one, box[None], self.crop, IGNORE) for box, one in rows]
        logits = self.body(self.network(torch.cat(squares))).float()
        return {"class": self.costs(logits, torch.cat(targets), self.class_weights)}

    @torch.no_grad()
    def _sampled(self, truth: Annotation, proposals: Tensor, maps: Maps, picture: int) -> tuple[Tensor, list[Tensor]]:
        """(n, 4) regions that are learnt from, and the map (h, w) of each one's classes.

        A picture without objects is seen whole.
        """
        semantic = truth.get("semantic")
        objects = list(objects_of(truth, self.rules.background))
        corners = [[x, y, x + mask.shape[1], y + mask.shape[0]] for mask, (y, x) in objects]
        if not objects:
            return _whole(maps, picture), [semantic]
        boxes = maps[IMAGE].new_tensor(corners)
        if self.rules.learns == "objects":
            chosen = _draw(len(boxes), self.rules.samples)
            maps_of_one = [self._alone(semantic, *objects[row]) for row in chosen.tolist()]
            return self._shaken(_grown(boxes[chosen], self.rules.growth)), maps_of_one
        near = proposals[iou_matrix(proposals, boxes).amax(1) >= self.rules.overlap] if len(proposals) else proposals
        near = near if len(near) else boxes
        chosen = self._shaken(near[_draw(len(near), self.rules.samples)])
        return chosen, [semantic] * len(chosen)

    def _alone(self, semantic: Tensor, mask: Mask, corner: tuple[int, int]) -> Tensor:
        """(h, w) classes of a picture in which one object alone is none of the background."""
        inside = torch.as_tensor(mask, device=semantic.device)
        window = tuple(slice(first, first + side) for first, side in zip(corner, inside.shape, strict=True))
        known = inside & (semantic[window] != IGNORE)
        alone = torch.where(semantic == IGNORE, IGNORE, self.rules.background)
        if bool(known.any()):
            # What its pixels mostly are: here and there another object may lie before it.
            label = semantic[window][known].mode().values
            alone[window] = torch.where(known & (semantic[window] == label), label, alone[window])
        return alone

    def _shaken(self, boxes: Tensor) -> Tensor:
        """(n, 4) windows at random places within boxes, of a share of their sides."""
        sides = boxes[:, 2:] - boxes[:, :2]
        corner = boxes[:, :2] + torch.rand(len(boxes), 2).to(boxes) * sides * (1 - self.rules.shown)
        return torch.cat([corner, corner + sides * self.rules.shown], 1)


def _given(maps: Maps) -> list[Tensor]:
    """(r, 4) proposals of each picture that came with the batch.

    Raises:
        UsageError: There are none.
    """
    if maps.regions is None:
        raise UsageError(
            "pictures with regions",
            "none",
            cure="make them with `saccade propose`, or let system.batch seek them",
        )
    return maps.regions.each()


def _size(maps: Maps, picture: int) -> tuple[int, int]:
    height, width = maps.sizes[picture].tolist()
    return height, width


def _whole(maps: Maps, picture: int) -> Tensor:
    """(1, 4) the whole picture."""
    height, width = _size(maps, picture)
    return torch.tensor([[0.0, 0.0, width, height]], device=maps.sizes.device)


def _grown(boxes: Tensor, factor: float) -> Tensor:
    """(n, 4) boxes grown about their centres."""
    centres, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * factor
    return torch.cat([centres - half, centres + half], 1)


def _draw(count: int, most: int) -> Tensor:
    """Places of at most `most` of `count`, at random."""
    return torch.randperm(count)[:most]
