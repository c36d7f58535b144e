"""Where a picture's pixels went on their way into a network, and the way back."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saccade.core import score_maps
from saccade.core.annotation import Annotation, Instances
from saccade.core.geometry import displacement as elastic
from saccade.core.geometry import warp
from saccade.core.geometry.affine import is_identity
from saccade.core.geometry.paste import pasted
from saccade.core.masks import Masks


@dataclass(frozen=True)
class Frame:
    """The map from a picture's own pixels to the network's, and its inverse: affine, or affine and then bent.

    Attributes:
        matrix: (3, 3) float64; maps continuous (x, y, 1) of the source to continuous coordinates of the target.
        source: (H, W) of the picture as it was read.
        target: (H, W) of the picture as the network sees it, before padding.
        pairs: Joints that change places when the map mirrors (left and right wrist, …).
        displacement: (2, H, W) float32 on the target's pixels, in pixels, or None: the target's pixel at p shows what
            the affine map alone would have put at p + displacement(p).
    """

    matrix: Tensor
    source: tuple[int, int]
    target: tuple[int, int]
    pairs: tuple[tuple[int, int], ...] = ()
    displacement: Tensor | None = None

    @staticmethod
    def identity(size: tuple[int, int]) -> "Frame":
        """The frame that leaves a picture of `size` (H, W) alone."""
        return Frame(torch.eye(3, dtype=torch.float64), size, size)

    def then(self, matrix: Tensor, target: tuple[int, int]) -> "Frame":
        """This frame followed by another affine map into a picture of size `target` (H, W)."""
        bent = None if self.displacement is None else elastic.moved(self.displacement, matrix, target)
        return replace(self, matrix=matrix @ self.matrix, target=target, displacement=bent)

    def inverse(self) -> "Frame":
        """The frame that leads back."""
        bent = None if self.displacement is None else elastic.inverse(self.displacement, self.matrix, self.source)
        back = torch.linalg.inv(self.matrix)
        return replace(self, matrix=back, source=self.target, target=self.source, displacement=bent)

    @property
    def scale(self) -> float:
        """Pixels of the target to one of the source: the root of what an area grows by, without bends."""
        return float(torch.linalg.det(self.matrix[:2, :2]).abs().sqrt())

    @property
    def mirrors(self) -> bool:
        """Whether left and right change places."""
        (a, b, _), (c, d, _) = self.matrix[:2].tolist()
        return a * d - b * c < 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing moves."""
        return self.displacement is None and self.source == self.target and is_identity(self.matrix)

    def boxes(self, boxes: Tensor) -> Tensor:
        """(n, 4) boxes x1, y1, x2, y2 of the source, moved to the target, which they may leave."""
        return warp.boxes(boxes, self.matrix, self.displacement)

    def apply(self, annotation: Annotation) -> Annotation:
        """The annotation of the source, moved to the target. Boxes may leave the picture; no row is dropped."""
        moved = warp.annotation(annotation, self.matrix, self.target, self.displacement)
        return warp.swap_joints(moved, self.pairs) if self.mirrors else moved

    def _painted(self, rows: Instances | None) -> tuple[Instances | None, Masks | None]:
        """Rows less their grids, and the masks that these stand for, in the target; None where they move as bits."""
        if rows is None or rows.mask_scores is None:
            return rows, None
        masks = pasted(rows, self.matrix, self.target, self.displacement)
        return replace(rows, mask_scores=None, masks=rows.masks if masks is None else None), masks

    def undo(self, annotation: Annotation, keep_scores: bool = True) -> Annotation:
        """The annotation of the target, in the source's own pixels, boxes clipped to the picture; no row is dropped.

        Pixels of the source that the target does not show get class 255, score 0 and no mask. Maps that still
        have a batch's padding to the right and below lose it first. Where pixels have scores, these are interpolated
        and the class of each of the source's own pixels is the best there, or its classes those above one half; classes
        and masks alone move by the nearest pixel. Masks that stand on a grid over their box are painted anew; maps of
        joints go, whose places are decided.

        Args:
            annotation: What the target shows.
            keep_scores: Whether scores of pixels stay, (C, H, W) of the source; else their classes alone do.
        """
        shown, back = warp.cut(annotation, self.target), self.inverse()
        scores, likely = shown.semantic_scores, shown.semantic_mask_scores
        told = {} if scores is None else {"semantic": None, "semantic_scores": None}
        several = {} if likely is None else dict.fromkeys(score_maps.OF_SEVERAL)
        rows, masks = back._painted(shown.instances)
        found = back.apply(replace(shown, instances=rows, pose_maps=None, **told, **several))
        if masks is not None and found.instances is not None:
            found = replace(found, instances=replace(found.instances, masks=masks))
        found = warp.clip_boxes(found, self.source)
        if scores is not None:
            moved = score_maps.ScoreMap(scores, back.matrix, self.source, back.displacement)
            semantic, kept = score_maps.decided(moved, keep_scores)
            found = replace(found, semantic=semantic, semantic_scores=kept)
        if likely is not None:
            moved = score_maps.ScoreMap(likely, back.matrix, self.source, back.displacement)
            masks, unknown, kept = score_maps.decided_masks(moved, keep_scores)
            found = replace(found, semantic_masks=masks, semantic_masks_unknown=unknown, semantic_mask_scores=kept)
        return found
