"""What is known of windows with masks: raw output, all that is scored, and the rules.

Legend: B pictures, P windows of all scales, N windows that are told of, D numbers that describe one, m cells a side of
a mask.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.export import register_dataclass

from saccade.ops.windows.patches import PatchSample


@dataclass(frozen=True)
class ObjectMasks:
    """Raw output: the windows of a picture that score best, in the order in which they stand.

    Attributes:
        logits: (B, N, m, m) of each cell's being the object's that is centred in its window.
        scores: (B, N) logits of an object's being centred there, whole and of the right size.
        windows: (B, N, 4) x1, y1, x2, y2 in input pixels.
        shown: (B, N) bool, whether a window's middle lies on the picture, not in its padding.
        sizes: (B, 2) int64, height and width of each picture in input pixels.
        refined: (B, N, k, k) logits of finer masks, or None.
    """

    logits: Tensor
    scores: Tensor
    windows: Tensor
    shown: Tensor
    sizes: Tensor
    refined: Tensor | None = None


register_dataclass(ObjectMasks, serialized_type_name="saccade.ObjectMasks")


@dataclass(frozen=True)
class Scored:
    """All windows of all scales, or of patches.

    Attributes:
        numbers: (B, P, D).
        scores: (B, P) logits.
        sides: What a refinement reads of each scale's maps, (B, C, h, w) each; empty without one.
        shapes: Rows and columns of windows of each scale.
    """

    numbers: Tensor
    scores: Tensor
    sides: list[list[Tensor]]
    shapes: list[tuple[int, int]]


@dataclass(frozen=True)
class ObjectMaskRules:
    """What the windows learn, and what is told of them.

    Attributes:
        sample: Which patches of a picture are learnt from.
        context: Pixels around a patch, as the network sees it, that the trunk sees besides.
        number: N at most.
        least: How likely a pixel is of the object at least, where it is set.
        overlap: Overlap (IoU) of their boxes above which the worse of two masks goes; 1: none does.
    """

    sample: PatchSample
    context: int = 0
    number: int = 500
    least: float = 0.2
    overlap: float = 1.0
