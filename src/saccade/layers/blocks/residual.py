"""The residual block without weights in its shortcut.

Paper: He, Zhang, Ren, Sun 2015, Deep residual learning, arXiv 1512.03385, section 4.2 (shortcuts of option A).
"""

import torch.nn.functional as F
from torch import Tensor, nn


class PlainShortcutBlock(nn.Module):
    """Two normalised 3 × 3 convolutions added to what they got.

    Where the block halves, the shortcut takes every second position; new channels of the shortcut are zero.

    Args:
        entry: Channels that it reads.
        size: Channels that it makes, no fewer.
        stride: Stride of the first convolution and of the shortcut.
    """

    def __init__(self, entry: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.new = stride, size - entry
        self.conv1 = nn.Conv2d(entry, size, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(size)
        self.conv2 = nn.Conv2d(size, size, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(size)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, entry, h, w) to (B, size, h / stride, w / stride)."""
        inner = F.relu(self.norm1(self.conv1(maps)))
        shortcut = F.pad(maps[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.new // 2, -(-self.new // 2)))
        return F.relu(self.norm2(self.conv2(inner)) + shortcut)
