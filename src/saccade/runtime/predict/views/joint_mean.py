"""Maps of joints of several views of a picture become one before places are decided: their mean.

Paper: Newell, Yang, Deng 2016, Stacked hourglass networks, arXiv 1603.06937, section 3.3: the heat maps of a picture
and of its mirror image are averaged, left and right joints having changed places.

Legend: K joints, (h, w) cells of the first view's maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.frame import Frame
from saccade.core.geometry import warp
from saccade.core.geometry.affine import scaling
from saccade.core.geometry.resample import smooth
from saccade.core.joint_maps import JointMaps
from saccade.ops.heatmaps import peaks


@dataclass(frozen=True)
class SeenJoints:
    """What one view says of the joints.

    Attributes:
        maps: A map a joint.
        frame: From the picture's own pixels to those that the maps cover.
    """

    maps: JointMaps
    frame: Frame

    @property
    def back(self) -> Tensor:
        """(3, 3) from cells to the picture's own pixels."""
        pitch = float(self.maps.pitch)
        return self.frame.inverse().matrix @ scaling(pitch, pitch)

    @property
    def values(self) -> Tensor:
        """(K, h, w), left and right joints where the picture itself has them."""
        values = self.maps.values
        if not self.frame.mirrors or not self.frame.pairs:
            return values
        order = torch.arange(len(values))
        for left, right in self.frame.pairs:
            order[left], order[right] = right, left
        return values[order]


def mean_of_joints(seen: Sequence[SeenJoints]) -> Annotation:
    """Joints by the mean of all views' maps, brought onto the first view's cells, in the picture's own pixels."""
    first = seen[0]
    height, width = first.maps.values.shape[-2:]
    there = torch.linalg.inv(first.back)
    total = torch.stack([smooth(one.values, there @ one.back, (height, width)) for one in seen]).mean(0)
    places, heights = peaks(total)
    return Annotation(
        pose=warp.points(places, first.back),
        pose_visible=torch.where(heights > 0, 2, 0),
        pose_scores=heights.clamp(0, 1),
    )
