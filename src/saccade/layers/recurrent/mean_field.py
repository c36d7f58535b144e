"""Mean field of a dense CRF as a recurrent layer, whose weights learn (CRF-RNN).

Paper: Zheng et al. 2015, Conditional random fields as recurrent neural networks, arXiv 1502.03240, section 4; first
weights as in the authors' code.

Legend: C classes, (H, W) a picture's pixels, N = H·W, K its channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from saccade.ops.crf import after_a_step
from saccade.ops.pairwise import colour_features, lattice_filter, place_features

# What a message counts at first, whichever class it speaks of.
SPATIAL, BILATERAL = 3.0, 5.0


@dataclass(frozen=True)
class KernelWidths:
    """Standard deviations of the two kernels, which never learn.

    Attributes:
        alpha: Of places in the kernel over places and colours, in pixels.
        beta: Of colours there, in grey values.
        gamma: Of the kernel over places alone, in pixels.
    """

    alpha: float = 160.0
    beta: float = 3.0
    gamma: float = 3.0


class MeanField(nn.Module):
    """Each step: beliefs go through two Gaussian filters, are weighed by class, made into costs, and added to scores.

    What a pixel is told is a mean over the others, and itself.

    Args:
        classes: C.
        widths: Of the kernels.

    Attributes:
        spatial: (C,) weights of what the kernel over places tells of each class.
        bilateral: (C,) weights of what the kernel over places and colours tells.
        compatibility: (C, C) what it costs that a pixel of the first class is told of the second: at first -1 for its
            own and 0 for any other, which is Potts' model.
    """

    def __init__(self, classes: int, widths: KernelWidths = KernelWidths()) -> None:
        super().__init__()
        self.widths = widths
        self.spatial = nn.Parameter(torch.full((classes,), SPATIAL))
        self.bilateral = nn.Parameter(torch.full((classes,), BILATERAL))
        self.compatibility = nn.Parameter(-torch.eye(classes))

    def forward(self, scores: Tensor, picture: Tensor, iterations: int) -> Tensor:
        """(C, H, W) scores after so many steps; see `steps`."""
        return next(islice(self.steps(scores, picture), iterations, None))

    def steps(self, scores: Tensor, picture: Tensor) -> Iterator[Tensor]:
        """(C, H, W) scores before a softmax: those given, and those after each step, without end.

        Args:
            scores: (C, H, W) what each pixel believes by itself, before a softmax.
            picture: (K, H, W) on the scale 0..255.
        """
        size = (scores.shape[1], scores.shape[2])
        with torch.autocast(scores.device.type, enabled=False):
            own = scores.float().flatten(1).t()
            places = place_features(size, self.widths.gamma, own.device)
            colours = colour_features(picture, self.widths.alpha, self.widths.beta)
            filters = [
                (self.spatial.float(), lattice_filter(places, symmetric=False)),
                (self.bilateral.float(), lattice_filter(colours, symmetric=False)),
            ]
        now = own
        while True:
            yield now.t().view_as(scores)
            with torch.autocast(scores.device.type, enabled=False):
                now = after_a_step(own, now.softmax(1), filters, self.compatibility.float())
