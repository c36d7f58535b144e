"""Scores of every pixel on their way from a network's pixels to the picture's own, some rows at a time.

A map of 21 classes of a picture of 4000 x 3000 pixels takes 1 GB in the picture's own pixels. Nobody wants it there for
its own sake, only which class is best; so each strip of rows is interpolated, decided, and forgotten.

Legend: C classes, (h, w) the network's pixels, (H, W) the picture's own, n rows of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.geometry.affine import translation
from saccade.core.geometry.resample import Size, lies_inside, shrunk, shrunk_lines, smooth, source_xy
from saccade.core.masks import Masks

# Class of a pixel of which nothing is said.
IGNORE = 255
# From above this on a pixel is of a class, where it may be of several.
HALF = 0.5
# Fields of an annotation that say so.
OF_SEVERAL = ("semantic_masks", "semantic_masks_unknown", "semantic_mask_scores")
# Values of a strip of rows: 4 MB as floats.
STRIP = 2**20


@dataclass(frozen=True)
class ScoreMap:
    """Maps in a network's pixels, and where these lie in the picture's own.

    Attributes:
        maps: (C, h, w) float.
        back: (3, 3) float64; from the network's pixels to the picture's own.
        size: (H, W).
        displacement: (2, H, W) on the picture's own pixels where the way back is bent, or None.
    """

    maps: Tensor
    back: Tensor
    size: Size
    displacement: Tensor | None = None

    def without_detail(self, lines: bool = False) -> "ScoreMap":
        """The maps averaged as far as the way back shrinks them, or of thin `lines` the greatest values kept."""
        maps, back = (shrunk_lines if lines else shrunk)(self.maps, self.back)
        return ScoreMap(maps, back, self.size, self.displacement)

    def rows(self, top: int, bottom: int) -> tuple[Tensor, Tensor]:
        """The picture's own rows from `top` to `bottom`.

        Returns:
            (C, n, W) values, smoothly interpolated, and (n, W) bool, the pixels that the network was shown.
        """
        return self.part(top, 0, bottom, self.size[1])

    def part(self, top: int, left: int, bottom: int, right: int) -> tuple[Tensor, Tensor]:
        """A window of the picture's own pixels, as `rows` gives whole rows; the same to the bit."""
        matrix, size = translation(-left, -top) @ self.back, (bottom - top, right - left)
        bent = None if self.displacement is None else self.displacement[:, top:bottom, left:right]
        x, y = source_xy(matrix, size, bent)
        shown = lies_inside(x, self.maps.shape[2]) & lies_inside(y, self.maps.shape[1])
        return smooth(self.maps, matrix, size, bent), shown


def decided(found: ScoreMap, keep: bool) -> tuple[Tensor, Tensor | None]:
    """Which class each of the picture's own pixels has: the one that scores best there.

    Args:
        found: The scores of C classes.
        keep: Whether the scores themselves are wanted too, all at once.

    Returns:
        (H, W) int64, 255 where nothing was shown; and (C, H, W), 0 where nothing was shown, or None.
    """
    found = found.without_detail()
    height, width = found.size
    semantic = torch.empty(height, width, dtype=torch.int64)
    scores = found.maps.new_empty(len(found.maps), height, width) if keep else None
    for top, bottom in strips(0, height, len(found.maps) * width):
        values, shown = found.rows(top, bottom)
        semantic[top:bottom] = best(values, shown)
        if scores is not None:
            scores[:, top:bottom] = values.masked_fill(~shown, 0.0)
    return semantic, scores


def decided_masks(found: ScoreMap, keep: bool) -> tuple[Masks, Tensor | None, Tensor | None]:
    """Which classes each of the picture's own pixels has: all that score above one half there.

    Args:
        found: The scores of C classes.
        keep: Whether the scores themselves are wanted too, all at once.

    Returns:
        C masks; (H, W) bool, the pixels of which nothing was shown, or None where all were; and (C, H, W), 0 where
        nothing was shown, or None.
    """
    found = found.without_detail()
    height, width = found.size
    bits = torch.empty(len(found.maps), height, width, dtype=torch.bool)
    unknown = torch.empty(height, width, dtype=torch.bool)
    scores = found.maps.new_empty(len(found.maps), height, width) if keep else None
    for top, bottom in strips(0, height, len(found.maps) * width):
        values, shown = found.rows(top, bottom)
        bits[:, top:bottom], unknown[top:bottom] = above_half(values, shown), ~shown
        if scores is not None:
            scores[:, top:bottom] = values.masked_fill(~shown, 0.0)
    return Masks.from_dense(bits), unknown if bool(unknown.any()) else None, scores


def above_half(scores: Tensor, shown: Tensor) -> Tensor:
    """(C, n, W) bool: the classes that score above one half, of scores (C, n, W); none where nothing is `shown`."""
    return (scores > HALF).logical_and_(shown)


def best(scores: Tensor, shown: Tensor) -> Tensor:
    """(n, W) int64: the class that scores best, of scores (C, n, W); 255 where nothing is `shown`."""
    return likeliest(scores).masked_fill_(~shown, IGNORE)


def likeliest(scores: Tensor) -> Tensor:
    """(H, W) int64: the class that scores best of scores (C, H, W)."""
    return scores.max(0).indices  # several times quicker than argmax


def strips(top: int, bottom: int, values: int) -> Iterator[tuple[int, int]]:
    """Rows from `top` to `bottom` in strips of some 4 MB, a row of `values` floats."""
    step = max(STRIP // max(values, 1), 1)
    for first in range(top, bottom, step):
        yield first, min(first + step, bottom)
