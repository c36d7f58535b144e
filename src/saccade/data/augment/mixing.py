"""Several pictures as one: mosaic (four on a canvas) and mixup (two blended), with the truth of all."""

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.geometry import warp
from saccade.core.geometry.affine import translation
from saccade.core.input.channels import as_float
from saccade.core.masks import Masks

# How visible joints are: not annotated, or seen.
ABSENT, SEEN = 0, 2

Size = tuple[int, int]
Rectangle = tuple[int, int, int, int]


def quarters(cross: tuple[int, int], size: Size) -> list[Rectangle]:
    """The four rectangles x1, y1, x2, y2 into which a cross at (x, y) cuts a canvas, row by row."""
    x, y = cross
    height, width = size
    return [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]


def mosaic(
    images: Sequence[Tensor], truths: Sequence[Annotation], places: Sequence[Rectangle], size: Size, classes: int
) -> tuple[Tensor, Annotation]:
    """Pictures side by side on one canvas.

    Args:
        images: (C, h, w) each, of the size of its place.
        truths: What each shows, in its own pixels.
        places: Rectangles of whole pixels that cover the canvas.
        size: (H, W) of the canvas.
        classes: Number of classes, for the soft label.

    Returns:
        The canvas (C, H, W), and its truth: rows of all, maps side by side (where one lacks classes per pixel, 255 or
        unknown), the joints of the first, labels weighed by area. Classes were looked for where they were in all.
    """
    images = _alike(images)
    canvas = images[0].new_empty(len(images[0]), *size)
    moved: list[Annotation] = []
    for image, truth, (x1, y1, x2, y2) in zip(images, truths, places, strict=True):
        canvas[:, y1:y2, x1:x2] = image
        moved.append(warp.annotation(truth, translation(x1, y1), size))
    shares = [(x2 - x1) * (y2 - y1) / (size[0] * size[1]) for x1, y1, x2, y2 in places]
    classes_per_pixel = [truth.semantic for truth in moved if truth.semantic is not None]
    semantic = torch.stack(classes_per_pixel).amin(0) if classes_per_pixel else None  # all others say 255 there
    evidence = all_sought([truth.semantic_sought for truth in moved if truth.tells_pixels])
    layers, unknown = _layers(moved)
    mixed = replace(_together(moved, shares, classes), semantic_masks=layers, semantic_masks_unknown=unknown)
    return canvas, replace(mixed, semantic=semantic, semantic_sought=evidence)


def mixup(
    images: tuple[Tensor, Tensor], truths: tuple[Annotation, Annotation], share: float, classes: int
) -> tuple[Tensor, Annotation]:
    """Two pictures of one size, blended (mixup, arXiv 1710.09412).

    Args:
        images: (C, H, W) each.
        truths: What each shows.
        share: Weight of the first, .5..1.
        classes: Number of classes, for the soft label.

    Returns:
        The blend, and its truth: rows and contours of both, classes per pixel and joints of the first. Classes of
        objects were looked for where they were in both.
    """
    first, second = _alike(images)
    blend = first.float() * share + second.float() * (1 - share)
    image = blend if first.is_floating_point() else blend.round().to(first.dtype)
    return image, _together(truths, (share, 1 - share), classes)


def _layers(moved: Sequence[Annotation]) -> tuple[Masks | None, Tensor | None]:
    """Masks of classes of pictures that lie side by side, and the pixels of those that have none, which are unknown."""
    known = [(truth.semantic_masks, truth.semantic_masks_unknown) for truth in moved]
    spoken = [(masks, unknown) for masks, unknown in known if masks is not None]
    if not spoken:
        return None, None
    count = len(spoken[0][0])
    groups = [range(row, count * len(spoken), count) for row in range(count)]
    # What lies outside a picture is unknown to it; a picture that covers the canvas leaves nothing so.
    outside = [unknown for _, unknown in spoken if unknown is not None]
    unknown = torch.stack(outside).all(0) if len(outside) == len(spoken) else None
    unknown = None if unknown is None or not bool(unknown.any()) else unknown
    return Masks.cat([masks for masks, _ in spoken]).joined(groups), unknown


def regions_of_all(parts: Sequence[Tensor | None], places: Sequence[Rectangle] | None = None) -> Tensor | None:
    """(r, 4) regions of several pictures as one; None where some picture has none.

    Args:
        parts: Regions of each, in its own pixels.
        places: Where each picture lies on a canvas; None: all lie on each other.
    """
    known = [boxes for boxes in parts if boxes is not None]
    if len(known) < len(parts):
        return None
    if places is not None:
        known = [warp.boxes(boxes, translation(x, y)) for boxes, (x, y, _, _) in zip(known, places, strict=True)]
    return torch.cat(known)


def _alike(images: Sequence[Tensor]) -> list[Tensor]:
    """The pictures in one type: bytes if all are, else floats."""
    return list(images) if len({image.dtype for image in images}) == 1 else [as_float(image) for image in images]


def _together(truths: Sequence[Annotation], shares: Sequence[float], classes: int) -> Annotation:
    """The first truth with rows, labels and contours of all; what one of them does not annotate nobody does."""
    scores = _blend([_soft(truth, classes) for truth in truths], shares)
    many = [truth.labels for truth in truths if truth.labels is not None]
    rows = [truth.instances for truth in truths if truth.instances is not None]
    lines = [truth.contours for truth in truths if truth.contours is not None]
    fewest = min((len(maps) for maps in lines), default=0)  # pictures may have different numbers of annotators
    complete = len(truths)
    return replace(
        truths[0],
        label=truths[0].label if scores is None else scores.argmax(),
        label_scores=scores,
        labels=_any(torch.stack(many)) if len(many) == complete else None,
        instances=rows_of_all(rows) if len(rows) == complete else None,
        sought=all_sought([truth.sought for truth in truths]),
        contours=torch.stack([maps[:fewest] for maps in lines]).amax(0) if len(lines) == complete else None,
    )


def rows_of_all(parts: Sequence[Instances]) -> Instances:
    """Rows of several pictures, one after the other; masks and joints stay where some picture has them."""
    masks = next((part.masks for part in parts if part.masks is not None), None)
    joints = next((part.keypoints for part in parts if part.keypoints is not None), None)
    if masks is not None:
        parts = [_with_masks(part, masks.size) for part in parts]
    if joints is not None:
        parts = [_with_joints(part, joints.shape[1]) for part in parts]
    return Instances.cat(parts)


def _with_masks(rows: Instances, size: Size) -> Instances:
    """The rows, without a mask each where nobody drew them."""
    if rows.masks is not None:
        return rows
    return replace(rows, masks=Masks.empty(size, len(rows)), masked=torch.zeros(len(rows), dtype=torch.bool))


def _with_joints(rows: Instances, count: int) -> Instances:
    """The rows, with joints that are not annotated where nobody marked them."""
    if rows.keypoints is not None and rows.visible is not None:
        return rows
    joints = torch.zeros(len(rows), count, 2) if rows.keypoints is None else rows.keypoints
    visible = torch.full(joints.shape[:2], ABSENT if rows.keypoints is None else SEEN)
    return replace(rows, keypoints=joints, visible=visible)


def all_sought(marks: Sequence[Tensor | None]) -> Tensor | None:
    """(C,) the classes that were looked for in all of several pictures; None where that is every class."""
    known = [mark for mark in marks if mark is not None]
    return torch.stack(known).all(0) if known else None


def _soft(truth: Annotation, classes: int) -> Tensor | None:
    if truth.label_scores is not None or truth.label is None:
        return truth.label_scores
    return F.one_hot(truth.label, classes).float()


def _blend(scores: Sequence[Tensor | None], shares: Sequence[float]) -> Tensor | None:
    known = [score * share for score, share in zip(scores, shares, strict=True) if score is not None]
    return torch.stack(known).sum(0) if len(known) == len(shares) else None


def _any(labels: Tensor) -> Tensor:
    """(C,) from (pictures, C): present where any says so, absent where all do, else unknown."""
    present, absent = (labels == 1).any(0), (labels == 0).all(0)
    return torch.where(present, 1, torch.where(absent, 0, -1))
