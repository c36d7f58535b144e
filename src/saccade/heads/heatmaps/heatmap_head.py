"""Where the joints of the picture's one person are: a heat map a joint.

Paper: Newell, Yang, Deng 2016, Stacked hourglass networks for human pose estimation, arXiv 1603.06937, section 3.3.

Legend: B pictures, K joints, (h, w) cells of the maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError, UsageError
from saccade.core.joint_maps import JointMaps
from saccade.network.head import Head, full_precision
from saccade.network.maps import Maps
from saccade.ops.heatmaps import RELEASED, Bump, gaussian_maps, peaks

Absent = Literal["empty", "ignored"]


@dataclass(frozen=True)
class HeatmapRaw:
    """Raw output of a head for heat maps.

    Attributes:
        maps: (B, K, h, w), as high as the joint is likely there.
        sizes: (B, 2) int64, height and width of each picture in the batch's pixels.
    """

    maps: Tensor
    sizes: Tensor


register_dataclass(HeatmapRaw, serialized_type_name="saccade.HeatmapRaw")


class HeatmapHead(Head):
    """Joints by the highest cell of a map each, which the network makes itself; the head has no weights.

    Args:
        reads: Name of the map whose channels are the joints' maps.
        pitch: Input pixels between two of its cells.
        bump: What a joint's map shall be.
        absent: What is learnt of joints that are not annotated. ``empty``: a map of zeros, as released. ``ignored``:
            nothing.

    Raises:
        UsageError: `absent` is neither.
    """

    gives = frozenset({"pose", "pose_visible", "pose_scores"})
    needs = frozenset({"pose", "pose_visible"})
    terms = ("maps",)

    def __init__(self, reads: str, pitch: float, *, bump: Bump = RELEASED, absent: Absent = "empty") -> None:
        super().__init__()
        if absent not in get_args(Absent):
            raise UsageError(f"absent: one of {', '.join(get_args(Absent))}", repr(absent))
        self.reads, self.pitch, self.bump, self.absent = (reads,), pitch, bump, absent

    def forward(self, maps: Maps) -> HeatmapRaw:
        """The joints' maps."""
        return HeatmapRaw(maps[self.reads[0]], maps.sizes)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Mean squared difference from maps of Gaussians, over all cells of all joints, under ``maps``.

        Raises:
            DataError: There are not as many joints as maps.
        """
        found = self(maps).maps.float()
        places, annotated = joints_of(truth, found.shape[1])
        wanted = gaussian_maps(places / self.pitch, (found.shape[-2], found.shape[-1]), self.bump)
        wanted = wanted * annotated[..., None, None]
        costs = (found - wanted).square().mean((-2, -1))
        if self.absent == "empty":
            return {"maps": costs.mean()}
        # A mean over each picture's own joints, so that a picture's share does not depend on its company.
        return {"maps": ((costs * annotated).sum(1) / annotated.sum(1).clamp(min=1)).mean()}

    def decode(self, raw: HeatmapRaw) -> list[Annotation]:
        """The highest cell of each joint's map within the picture, moved by a quarter of a cell (`ops.heatmaps.peaks`).

        A joint is found where its map is above 0 somewhere; its score is the map's height, cut to 0..1.
        """
        predictions: list[Annotation] = []
        for maps, size in zip(raw.maps, raw.sizes.tolist(), strict=True):
            height, width = (max(-int(-side // self.pitch), 1) for side in size)
            shown = maps[:, :height, :width]
            pitch = torch.tensor(float(self.pitch), device=maps.device)
            predictions.append(pose_of(JointMaps(shown, pitch)))
        return predictions

    def views(self, maps: Maps) -> dict[str, Tensor | list[Annotation]]:
        """``maps``, a tile a joint; and ``pose``, what they say."""
        raw = full_precision(self(maps))
        return {"maps": raw.maps, "pose": self.decode(raw)}


def pose_of(maps: JointMaps) -> Annotation:
    """What maps say of the joints, in the pixels that they cover; the maps stay beside."""
    places, heights = peaks(maps.values)
    return Annotation(
        pose=places * maps.pitch,
        pose_visible=torch.where(heights > 0, 2, 0),
        pose_scores=heights.clamp(0, 1),
        pose_maps=maps,
    )


def joints_of(truth: Sequence[Annotation], joints: int) -> tuple[Tensor, Tensor]:
    """(B, K, 2) places in the batch's pixels, 0 where a joint is not annotated, and (B, K) bool, whether it is.

    Raises:
        DataError: A picture has another number of joints than the network.
    """
    other = next((len(shown.get("pose")) for shown in truth if len(shown.get("pose")) != joints), None)
    if other is not None:
        raise DataError(f"{joints} joints, as the network has", other, cure="train a network on these data")
    places = torch.stack([shown.get("pose") for shown in truth])
    annotated = torch.stack([shown.get("pose_visible") > 0 for shown in truth]) & places.isfinite().all(-1)
    return torch.where(annotated[..., None], places, 0.0), annotated
