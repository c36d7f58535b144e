"""A trunk of two maps, and a picture with three objects."""

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation, Instances
from saccade.network.maps import Maps
from saccade.network.regions import Regions

BOXES = torch.tensor([[6.0, 10, 60, 50], [40, 70, 100, 120], [90, 8, 122, 40]])
LABELS = torch.tensor([0, 3, 1])


class Pyramid(nn.Module):
    """Two maps of a picture of 128 pixels, of strides 8 and 16."""

    out_channels = 8

    def __init__(self, first: int = 8) -> None:
        super().__init__()
        self.fine, self.deep = nn.Conv2d(3, first, 8, 8), nn.Conv2d(first, 8, 2, 2)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        fine = self.fine(images)
        return {"fine": fine, "deep": self.deep(fine)}


def drawn_image() -> Tensor:
    """(1, 3, 128, 128) noise, the same each time."""
    return torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(5))


def maps_of(trunk: nn.Module, image: Tensor, regions: tuple[Tensor, ...] | None = None) -> Maps:
    """All maps of pictures of one size, with regions from outside where some are given."""
    given = None if regions is None else Regions.of(regions)
    return Maps({"image": image, **trunk(image)}, torch.tensor([image.shape[-2:]] * len(image)), given)


def truth(count: int = 1) -> list[Annotation]:
    """The three objects, for so many pictures."""
    return [Annotation(instances=Instances(boxes=BOXES, labels=LABELS))] * count
