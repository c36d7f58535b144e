"""Regions cut out of a picture and warped to squares of one size, each with a little of what surrounds it.

Source: Girshick, Donahue, Darrell, Malik 2013, R-CNN, arXiv 1311.2524, section 2.2 and appendix A.

Legend: n regions (n, 4) x1, y1, x2, y2 in pixels; C channels; s side of the squares.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Shape = Literal["warp", "square", "alone"]


@dataclass(frozen=True)
class CropRules:
    """How a region becomes a square.

    Attributes:
        side: s.
        context: Pixels of the square, on each side, that show what surrounds the region.
        shape: ``warp``: the region is stretched to the square. ``square``: the tightest square around it is cut out.
            ``alone``: the same square, of which only the region and its context are shown.
    """

    side: int = 227
    context: int = 16
    shape: Shape = "warp"

    def __post_init__(self) -> None:
        if self.context < 0 or self.side <= 2 * self.context:
            raise ValueError(f"expected a side beyond twice the context, found {self.side} and {self.context}")

    @property
    def growth(self) -> float:
        """Factor of a region's sides that makes room for the context."""
        return self.side / (self.side - 2 * self.context)


def with_context(regions: Tensor, rules: CropRules, *, square: bool) -> Tensor:
    """(n, 4) whole pixels: regions grown about their centres, at least one pixel wide and high."""
    centres, half = (regions[:, :2] + regions[:, 2:]) / 2, (regions[:, 2:] - regions[:, :2]) / 2
    half = half.amax(1, keepdim=True).expand(-1, 2) if square else half
    corners = torch.cat([centres - half * rules.growth, centres + half * rules.growth], 1)
    # Halves go up, where torch's rounding would take them to the even side.
    rounded = (corners + 0.5).floor()
    return torch.cat([rounded[:, :2], torch.maximum(rounded[:, 2:], rounded[:, :2] + 1)], 1)


def crop_regions(
    image: Tensor,
    size: tuple[int, int],
    regions: Tensor,
    rules: CropRules,
    mode: Literal["bilinear", "nearest"] = "bilinear",
) -> Tensor:
    """(n, C, s, s) squares of one picture, without antialiasing; 0 where nothing is shown.

    A square that hangs over the border shows what lies inside, at the scale of the whole.

    Args:
        image: (C, H, W) normalised, so that 0 is the mean.
        size: Height and width of the picture inside its padding.
        regions: (n, 4).
        rules: How a region becomes a square.
        mode: What stands between pixels.
    """
    window = with_context(regions, rules, square=rules.shape != "warp")
    limits = window.new_tensor([size[1], size[0], size[1], size[0]])
    shown = window.clamp(min=0).minimum(limits)
    if rules.shape == "alone":
        near = with_context(regions, rules, square=False)
        shown = torch.cat([torch.maximum(shown[:, :2], near[:, :2]), torch.minimum(shown[:, 2:], near[:, 2:])], 1)
    columns, across = _sources(window[:, 0::2], shown[:, 0::2], rules.side)
    rows, down = _sources(window[:, 1::2], shown[:, 1::2], rules.side)
    # grid_sample counts from -1 to 1 over the borders of the tensor.
    x, y = columns * (2 / image.shape[-1]) - 1, rows * (2 / image.shape[-2]) - 1
    grid = torch.stack(torch.broadcast_tensors(x[:, None, :], y[:, :, None]), -1)
    found = F.grid_sample(
        image[None].float(), grid.flatten(0, 1)[None], mode=mode, padding_mode="border", align_corners=False
    )
    squares = found[0].unflatten(1, (len(regions), rules.side)).transpose(0, 1)
    return (squares * (across[:, None, None, :] & down[:, None, :, None])).to(image.dtype)


def crop_labels(labels: Tensor, regions: Tensor, rules: CropRules, outside: int) -> Tensor:
    """(n, s, s) int64 squares of a picture's map of labels (h, w), as `crop_regions` cuts them out of the picture.

    Args:
        labels: (h, w) int64, from 0.
        regions: (n, 4).
        rules: How a region becomes a square.
        outside: The label where nothing is shown.
    """
    size = (labels.shape[0], labels.shape[1])
    # One more, so that 0 is what lies outside.
    cropped = crop_regions((labels + 1)[None].float(), size, regions, rules, "nearest")[:, 0].round().long()
    return torch.where(cropped > 0, cropped - 1, outside)


def paste_maximum(canvas: Tensor, squares: Tensor, regions: Tensor, rules: CropRules) -> Tensor:
    """The canvas with squares brought back to where they were cut out, the greater value at each pixel.

    Source: Noh, Hong, Han 2015, Learning deconvolution network for semantic segmentation, arXiv 1505.04366, equation 1.

    Args:
        canvas: (C, h, w).
        squares: (n, C, s, s), what is said of each.
        regions: (n, 4).
        rules: By which they were cut out, without context.
    """
    height, width = canvas.shape[-2:]
    windows = with_context(regions, rules, square=rules.shape != "warp").long().tolist()
    for square, (left, top, right, bottom) in zip(squares, windows, strict=True):
        x1, y1, x2, y2 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if x1 >= x2 or y1 >= y2:
            continue
        whole = F.interpolate(square[None], (bottom - top, right - left), mode="bilinear", align_corners=False)[0]
        part = whole[:, y1 - top : y2 - top, x1 - left : x2 - left]
        # A new tensor, since a gradient may want the old values.
        beside = torch.full_like(canvas, float("-inf"))
        beside[:, y1:y2, x1:x2] = part
        canvas = torch.maximum(canvas, beside)
    return canvas


def _sources(window: Tensor, shown: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Along one axis: where each of the square's pixels comes from (n, s), and whether it shows anything (n, s).

    Args:
        window: (n, 2) begin and end of the square.
        shown: (n, 2) begin and end of the part that is seen.
        side: s.
    """
    scale = side / (window[:, 1] - window[:, 0])
    lengths = (shown[:, 1] - shown[:, 0]).clamp(min=0)
    before = ((shown[:, 0] - window[:, 0]) * scale + 0.5).floor()
    pixels = torch.minimum((lengths * scale + 0.5).floor(), side - before)
    places = torch.arange(side, device=window.device) - before[:, None]
    inner = (places + 0.5) * (lengths / pixels.clamp(min=1))[:, None]
    # Centres of the outermost pixels bound the sources, so that nothing from beyond the shown part is mixed in.
    bounded = torch.minimum(inner.clamp(min=0.5), (lengths - 0.5).clamp(min=0.5)[:, None])
    return shown[:, :1] + bounded, (places >= 0) & (places < pixels[:, None])
