"""A small copy of a picture that is too large to be held, to draw on; and a prediction that fits it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.frame import Frame
from saccade.core.geometry.affine import scaling
from saccade.core.geometry.resample import Size
from saccade.core.input.channels import as_float
from saccade.core.score_maps import strips
from saccade.runtime.predict.engine import without_scores
from saccade.safe_io.images.windowed_tiff import WindowedTiff

# Pixels of the longer side of a drawing.
LONGEST = 1536


def small_copy(windows: WindowedTiff, channels: int) -> Tensor:
    """(3 or C, h, w) float32 0..1 of at most `LONGEST` pixels a side: means of squares; grey networks' in its colours.

    Args:
        windows: The picture, which is read a few rows at a time.
        channels: Those of the network.

    Raises:
        DataError: The file is damaged.
    """
    height, width = windows.size
    square = -(-max(height, width) // LONGEST)
    shown = None if channels == 1 else channels
    copy = torch.empty(len(windows.read(0, 0, 1, 1, shown)), -(-height // square), -(-width // square))
    for first, last in strips(0, copy.shape[1], square * width * 4):
        part = windows.read(first * square, 0, min(last * square, height), width, shown)
        # Written at once: rows that stayed by themselves would keep the memory from being used again that lay around
        # them when they were made, several times what the copy takes.
        copy[:, first:last] = F.avg_pool2d(as_float(part), square, ceil_mode=True)
    return copy


def fitted(prediction: Annotation, size: Size, small: Size) -> Annotation:
    """A prediction about a picture of `size` (H, W) on a copy of it of the size `small`."""
    frame = Frame(scaling(small[1] / size[1], small[0] / size[0]), size, small)
    return frame.apply(without_scores(prediction))
