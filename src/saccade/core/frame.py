"""Where a picture's pixels went on their way into a network, and the way back."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.core import warp
from saccade.core.annotation import Annotation


@dataclass(frozen=True)
class Frame:
    """The affine map from a picture's own pixels to the network's, and its inverse.

    Attributes:
        matrix: (3, 3) float64; maps continuous (x, y, 1) of the source to continuous coordinates of the target.
        source: (H, W) of the picture as it was read.
        target: (H, W) of the picture as the network sees it, before padding.
        pairs: Joints that change places when the map mirrors (left and right wrist, …).
    """

    matrix: Tensor
    source: tuple[int, int]
    target: tuple[int, int]
    pairs: tuple[tuple[int, int], ...] = ()

    @staticmethod
    def identity(size: tuple[int, int]) -> "Frame":
        """The frame that leaves a picture of `size` (H, W) alone."""
        return Frame(torch.eye(3, dtype=torch.float64), size, size)

    def then(self, matrix: Tensor, target: tuple[int, int]) -> "Frame":
        """This frame followed by another affine map into a picture of size `target` (H, W)."""
        return replace(self, matrix=matrix @ self.matrix, target=target)

    def inverse(self) -> "Frame":
        """The frame that leads back."""
        return replace(self, matrix=torch.linalg.inv(self.matrix), source=self.target, target=self.source)

    @property
    def mirrors(self) -> bool:
        """Whether left and right change places."""
        return bool(torch.linalg.det(self.matrix[:2, :2]) < 0)

    def apply(self, annotation: Annotation) -> Annotation:
        """The annotation of the source, moved to the target. Boxes may leave the picture; no row is dropped."""
        moved = warp.annotation(annotation, self.matrix, self.target)
        return warp.swap_joints(moved, self.pairs) if self.mirrors else moved

    def undo(self, annotation: Annotation) -> Annotation:
        """The annotation of the target, in the source's own pixels, boxes clipped to the picture; no row is dropped."""
        return warp.clip_boxes(self.inverse().apply(annotation), self.source)
