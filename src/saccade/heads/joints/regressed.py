"""Where the joints of the picture's one person are, as numbers of the whole picture.

Paper: Toshev, Szegedy 2014, DeepPose: Human pose estimation via deep neural networks, arXiv 1312.4659, section 3.1.

Legend: B pictures, K joints.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.heads.heatmaps.heatmap_head import joints_of
from saccade.network.head import Head, full_precision
from saccade.network.maps import Maps
from saccade.ops.joint_boxes import normalised, placed


@dataclass(frozen=True)
class RegressedJoints:
    """Raw output of heads that regress joints.

    Attributes:
        places: (B, K, 2) float32 x, y in the batch's pixels.
    """

    places: Tensor


register_dataclass(RegressedJoints, serialized_type_name="saccade.RegressedJoints")


class RegressedJointsHead(Head):
    """All joints of a map that describes the picture, as seen from its middle, in its sides.

    Args:
        reads: Name of the map that it reads.
        body: Makes (B, 2K) values of that map.
        joints: K.
    """

    gives = frozenset({"pose", "pose_visible"})
    needs = frozenset({"pose", "pose_visible"})
    terms = ("joints",)

    def __init__(self, reads: str, body: nn.Module, joints: int) -> None:
        super().__init__()
        self.reads, self.body, self.joints = (reads,), body, joints

    def forward(self, maps: Maps) -> RegressedJoints:
        """All joints of each picture."""
        middle, sides = boxes_of(maps.sizes)
        return RegressedJoints(placed(self._relative(maps), middle, sides))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Sum over annotated joints of the squared distance in sides of the picture, a mean over pictures.

        Raises:
            DataError: There are not as many joints as the network has.
        """
        places, annotated = joints_of(truth, self.joints)
        middle, sides = boxes_of(maps.sizes)
        costs = (self._relative(maps) - normalised(places, middle, sides)).square().sum(-1)
        return {"joints": (costs * annotated).sum(1).mean()}

    def decode(self, raw: RegressedJoints) -> list[Annotation]:
        """The joints of each picture, all of which are said to be found."""
        return decoded(raw)

    def views(self, maps: Maps) -> dict[str, list[Annotation]]:
        """``pose``: what it says."""
        return {"pose": self.decode(full_precision(self(maps)))}

    def _relative(self, maps: Maps) -> Tensor:
        return self.body(maps[self.reads[0]]).float().unflatten(1, (self.joints, 2))


def boxes_of(sizes: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 1, 2) middle and sides, x and y, of pictures of (B, 2) heights and widths."""
    sides = sizes.flip(1)[:, None].float()
    return sides / 2, sides


def decoded(raw: RegressedJoints) -> list[Annotation]:
    """A partial annotation a picture."""
    visible = torch.full(raw.places.shape[1:2], 2, device=raw.places.device)
    return [Annotation(pose=places, pose_visible=visible) for places in raw.places]
