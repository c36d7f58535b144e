"""The context module: scores of classes looked at again, ever further around, without losing a position.

Paper: Yu, Koltun 2015, Multi-scale context aggregation by dilated convolutions, arXiv 1511.07122, sections 3 and 4.

Legend: B pictures, C classes, (h, w) positions.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Dilations of the 3 × 3 convolutions, by the number of all layers: the paper's of 8, KITTI's of 7, Cityscapes' of 10.
DILATIONS: dict[int, tuple[int, ...]] = {
    7: (1, 1, 2, 4, 8, 1),
    8: (1, 1, 2, 4, 8, 16, 1),
    10: (1, 1, 2, 4, 8, 16, 32, 64, 1),
}
# Channels of the large module's 3 × 3 convolutions over the number of classes, from the first; the last has as many as
# the one before it.
GROWTH = (2, 2, 4, 8, 16, 32, 64, 128)
NOISE = 0.01

Size = Literal["basic", "large"]
Around = Literal["each", "once"]


class ContextModule(nn.Module):
    """Convolutions of 3 × 3 with growing dilation, ReLU after each, and one of 1 × 1.

    It begins by letting through what it gets, less what is below 0: the basic one by kernels that are 1 from each
    channel to itself, the large one by equal shares of a class's channels, and a little noise elsewhere.

    Args:
        classes: C.
        size: ``basic``: C channels throughout. ``large``: up to 32 C.
        layers: Layers in all, 7, 8 or 10.
        around: Where zeros are put. ``each``: around what each layer reads, as in the authors' training code. ``once``:
            around the scores, as wide as the layers see (33 positions of 8 layers), as in the paper and the network for
            VOC.
    """

    def __init__(self, classes: int, size: Size = "basic", layers: int = 8, around: Around = "each") -> None:
        super().__init__()
        dilations = DILATIONS[layers]
        self.rim = sum(dilations) if around == "once" else 0
        channels = [classes, *context_channels(classes, size, len(dilations)), classes]
        self.layers = nn.Sequential()
        for number, ((entry, made), rate) in enumerate(zip(pairwise(channels), (*dilations, 1), strict=True), 1):
            last = number > len(dilations)
            reach = 0 if last or around == "once" else rate
            conv = nn.Conv2d(entry, made, 1 if last else 3, padding=reach, dilation=rate)
            pass_through(conv, classes, NOISE if size == "large" else 0.0)
            self.layers.add_module(f"conv{number}", conv)
            if not last:
                self.layers.add_module(f"relu{number}", nn.ReLU(inplace=True))

    def forward(self, scores: Tensor) -> Tensor:
        """(B, C, h, w) of scores (B, C, h, w)."""
        return self.layers(F.pad(scores, (self.rim,) * 4) if self.rim else scores)


def context_channels(classes: int, size: Size, layers: int) -> Sequence[int]:
    """Channels of the 3 × 3 convolutions: 2 C, 2 C, 4 C … of the large module (table 1)."""
    if size == "basic":
        return [classes] * layers
    grown = [classes * factor for factor in GROWTH[: layers - 1]]
    return [*grown, grown[-1]]


@torch.no_grad()
def pass_through(conv: nn.Conv2d, groups: int, noise: float) -> None:
    """Let a convolution begin so that each group of channels has the mean of the same group's (equations 4 and 5).

    Args:
        conv: Whose channels, those that it reads and those that it makes, are multiples of the groups.
        groups: C; with as many channels the kernels are the identity.
        noise: Deviation of what all other weights begin with.
    """
    read, made = (torch.arange(n) * groups // n for n in (conv.in_channels, conv.out_channels))
    same = read[None, :] == made[:, None]
    middle = conv.kernel_size[0] // 2
    nn.init.normal_(conv.weight, std=noise) if noise else nn.init.zeros_(conv.weight)
    centre = conv.weight[:, :, middle, middle]
    centre.masked_fill_(same.to(centre.device), groups / conv.out_channels)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
