"""Superpixels: regions of neighbouring pixels of like colours, about as large as each other.

Source: Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk 2012, SLIC superpixels compared to state-of-the-art superpixel
methods, IEEE TPAMI 34(11), section 3, as scikit-image has it; seeds stay on their grid, as in the authors' code.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

# The authors' code gives a component of at most a quarter of a superpixel's usual size to its neighbour.
LEAST = 0.25


@dataclass(frozen=True)
class Slic:
    """k-means over colour (Lab) and place, ten times, each centre among the pixels around it.

    Attributes:
        number: Superpixels of a picture that are sought; as many come out only nearly.
        compactness: m, how much place counts beside colour: 1 to 40, 10 by default.
        iterations: How often centres and pixels are told to each other.
    """

    number: int = 400
    compactness: float = 10.0
    iterations: int = 10

    def __call__(self, image: Tensor) -> Tensor:
        """(h, w) int64 the superpixel of each pixel of a picture (C, h, w) on the scale 0..255, from 0 without gaps.

        Pictures of other channels than three are compared by their values, as Lab's lightness is, on the scale 0..100.
        """
        from skimage.color import rgb2lab  # needed for superpixels alone
        from skimage.segmentation import slic

        values: Any = image.detach().float().clamp(0, 255).movedim(0, -1).cpu().numpy() / 255
        values = rgb2lab(values) if image.shape[0] == 3 else values * 100
        # The library brings all values to 0..1 first: place is to count as much as before.
        reach = float(np.ptp(values))
        found: Any = slic(
            values,
            n_segments=min(self.number, values.shape[0] * values.shape[1]),
            compactness=self.compactness / (reach or 1.0),
            max_num_iter=self.iterations,
            convert2lab=False,
            min_size_factor=LEAST,
            start_label=0,
            channel_axis=2,
        )
        regions = torch.from_numpy(found).to(image.device)
        return torch.unique(regions, return_inverse=True)[1]
