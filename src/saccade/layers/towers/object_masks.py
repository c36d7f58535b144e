"""What stands between a map of stride 16 and the mask of the object that is centred in a window, and its score.

Papers: Pinheiro, Collobert, Dollár 2015, Learning to segment object candidates, arXiv 1506.06204, section 3; Pinheiro,
Lin, Collobert, Dollár 2016, SharpMask, arXiv 1603.08695, section 4.2.

Legend: B pictures, (H, W) positions of the map, c cells a side of it that a window has, (h, w) windows, D numbers that
describe one, n windows, m cells a side of a mask.
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from saccade.layers.blocks.convolution import rectifier
from saccade.layers.scale import scaled

# Of both papers: numbers between map and mask, those between them and the score, and cells a side of a mask.
HIDDEN, WIDER, CELLS = 512, 1024, 56
# Channels that the map is brought down to where both branches read the same numbers.
REDUCED = 128
DROPOUT = 0.5


class ObjectBranches(nn.Module, ABC):
    """Numbers that describe each window, a score of it, and a mask of such numbers.

    Args:
        hidden: D.
        cells: m.
    """

    def __init__(self, hidden: int, cells: int) -> None:
        super().__init__()
        self.cells = cells
        self.mask = nn.Linear(hidden, cells * cells)

    @abstractmethod
    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D, h, w) numbers and (B, 1, h, w) logits of windows of maps (B, C, H, W), one at every position."""

    def masks(self, numbers: Tensor) -> Tensor:
        """(…, m, m) logits of numbers (…, D)."""
        return self.mask(numbers).unflatten(-1, (self.cells, self.cells))


class SeparateBranches(ObjectBranches):
    """Two branches of one map (2015): the mask's of low rank, the score's as a classifier ends.

    The score's pooling of two by two cells runs at every position, so that no window has to do with its neighbour's
    score; the paper weaves two maps together to the same end.

    Args:
        channels: C.
        side: c.
        width: Factor of all hidden numbers.
    """

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        hidden, wider, half = scaled(HIDDEN, width), scaled(WIDER, width), max(side // 2, 1)
        super().__init__(hidden, CELLS)
        self.side = side
        self.narrow = nn.Sequential(nn.Conv2d(channels, hidden, 1), rectifier(), nn.Conv2d(hidden, hidden, side))
        self.score = nn.Sequential(
            *(nn.MaxPool2d(min(2, side), 1), nn.Conv2d(channels, hidden, half, dilation=2)),
            *(rectifier(), nn.Dropout(DROPOUT), nn.Conv2d(hidden, wider, 1), rectifier(), nn.Dropout(DROPOUT)),
            nn.Conv2d(wider, 1, 1),
        )

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers and scores of every window."""
        numbers, scores = self.narrow(maps), self.score(maps)
        # A window of an odd number of cells has one that the pooling leaves over.
        return numbers, scores[..., : numbers.shape[-2], : numbers.shape[-1]]


class SharedBranches(ObjectBranches):
    """One row of numbers that both branches read (2016, head C).

    Args:
        channels: C.
        side: c.
        width: Factor of all hidden numbers.
    """

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        hidden, wider, reduced = scaled(HIDDEN, width), scaled(WIDER, width), scaled(REDUCED, width)
        super().__init__(hidden, CELLS)
        self.side = side
        self.narrow = nn.Sequential(nn.Conv2d(channels, reduced, 1), rectifier(), nn.Conv2d(reduced, hidden, side))
        self.score = nn.Sequential(
            *(nn.Dropout(DROPOUT), nn.Conv2d(hidden, wider, 1), rectifier(), nn.Dropout(DROPOUT)),
            nn.Conv2d(wider, 1, 1),
        )

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers and scores of every window."""
        numbers = self.narrow(maps)
        return numbers, self.score(numbers)
