"""How likely each joint is at each place of a grid, as networks tell of it before places are decided.

Legend: K joints, (h, w) cells.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.export import register_dataclass


@dataclass(frozen=True)
class JointMaps:
    """A map a joint over a picture, from its upper left corner.

    Attributes:
        values: (K, h, w) float32, as high as the joint is likely there, 1 where it surely is.
        pitch: () float32, pixels of the picture between two neighbouring cells, whose first has its centre at half.
    """

    values: Tensor
    pitch: Tensor


register_dataclass(JointMaps, serialized_type_name="saccade.JointMaps")
