"""Pictures as a network takes them, with all that leads back to where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.frame import Frame


@dataclass(frozen=True)
class Batch:
    """B pictures, normalised, padded with zeros to the right and below to one size.

    Attributes:
        images: (B, C, H, W) float32.
        sizes: (B, 2) int64, height and width of each picture inside the padding.
        frames: B frames, from each picture's own pixels to its place here.
        truth: B annotations in the batch's pixels, or None.
        ids: B names of pictures, or empty.
        features: The trunk's maps of these pictures where they were made before, so that the trunk is not run.
        canvas: Height and width of the padded pictures, where features stand in for these; their `images` are empty.
        regions: B times (r, 4) boxes in the batch's pixels that a search outside the network proposed, best first.
    """

    images: Tensor
    sizes: Tensor
    frames: tuple[Frame, ...]
    truth: tuple[Annotation, ...] | None = None
    ids: tuple[str, ...] = ()
    features: Mapping[str, Tensor] | None = None
    canvas: tuple[int, int] | None = None
    regions: tuple[Tensor, ...] | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def scales(self) -> Tensor | None:
        """(B,) float32, pixels here to one of each picture's own; None where frames are not known."""
        if not self.frames:
            return None
        return torch.tensor([frame.scale for frame in self.frames], device=self.sizes.device)

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device; frames stay where they are."""
        truth = None if self.truth is None else tuple(t.to(device) for t in self.truth)
        # channels_last is how convolutions run fastest on every device that we measured.
        images = self.images.to(device, non_blocking=True)
        # Where features were made before, the pictures are a size without memory, which a layout would give it.
        images = images if self.features is not None else images.to(memory_format=torch.channels_last)
        features = None if self.features is None else {name: map.to(device) for name, map in self.features.items()}
        regions = None if self.regions is None else tuple(boxes.to(device) for boxes in self.regions)
        moved = {"truth": truth, "features": features, "regions": regions}
        return replace(self, images=images, sizes=self.sizes.to(device), **moved)

    def undo(self, predictions: Sequence[Annotation], keep_scores: bool = True) -> list[Annotation]:
        """Annotations in the batch's pixels, moved to each picture's own pixels on the CPU; see `Frame.undo`."""
        return [
            frame.undo(prediction.to("cpu"), keep_scores)
            for frame, prediction in zip(self.frames, predictions, strict=True)
        ]
