"""A system without weights that finds every bright patch, with its mask."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from skimage.measure import label, regionprops
from torch import Tensor
from torch.export import register_dataclass

from helpers import CLASSES, TinyTrunk
from saccade.core.annotation import Annotation, Instances
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.network.system import System
from saccade.ops.boxes.suppression import Suppression


@dataclass(frozen=True)
class Shown:
    """(B, 3, H, W) pictures and (B, 2) their sizes."""

    images: Tensor
    sizes: Tensor


register_dataclass(Shown, serialized_type_name="saccade.tests.Shown")


class BlobHead(Head):
    """Box and mask of every white patch; those that are cut are surer, as networks may well be."""

    reads = (IMAGE,)
    gives = frozenset(f"instances.{name}" for name in ("boxes", "labels", "scores", "masks"))
    needs = frozenset({"instances.boxes"})
    terms = ("none",)
    owns_rows = True
    suppression = Suppression(overlap=0.5, limit=30)

    def forward(self, maps: Maps) -> Shown:
        return Shown(maps[IMAGE], maps.sizes)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        return {"none": maps["deep"].sum() * 0}

    def decode(self, raw: Shown) -> list[Annotation]:
        return [self._of(image, *size) for image, size in zip(raw.images, raw.sizes.tolist(), strict=True)]

    def _of(self, image: Tensor, height: int, width: int) -> Annotation:
        patches = label((image[0, :height, :width] > 0.5).numpy())
        found = regionprops(patches)
        boxes = torch.tensor([[p.bbox[1], p.bbox[0], p.bbox[3], p.bbox[2]] for p in found]).view(-1, 4).float()
        cut = (boxes == 0).any(1) | (boxes[:, 2] == width) | (boxes[:, 3] == height)
        dense = torch.from_numpy(np.stack([patches == p.label for p in found])) if found else torch.zeros(0, 9, 9)
        masks = Masks.from_dense(dense) if found else Masks.empty((height, width))
        scores = torch.where(cut, 0.9, 0.6)
        return Annotation(instances=Instances(boxes, torch.zeros(len(found), dtype=torch.int64), scores, masks))


def blob_system(channels: int = 3) -> System:
    """A system that finds what is brighter than a half in the first channel."""
    spec = InputSpec("native", mean=(0.0,) * channels, std=(1.0,) * channels)
    return System(TinyTrunk(channels), {"blobs": BlobHead()}, classes=CLASSES, input=spec).eval()
