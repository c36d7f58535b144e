"""What a stage shows, as an annotation with every kind of truth.

Legend: n things, C classes of objects, K joints, (H, W) picture.
"""

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.masks import Masks
from saccade.data.scenes.figure import HEAD_RADIUS, JOINTS, head
from saccade.data.scenes.layout import CLASSES, Thing, project
from saccade.data.scenes.shapes import CIRCLE, Array
from saccade.data.scenes.stage import Placed, Stage

SEMANTIC_CLASSES = (*CLASSES, "background")

FIELDS = frozenset(
    {
        *("label", "labels", "semantic", "semantic_masks", "contours", "pose", "pose_visible"),
        *(f"instances.{name}" for name in ("boxes", "labels", "masks", "keypoints", "visible", "area", "crowd")),
        *("person.centre", "person.scale", "person.head_size"),
    }
)


def annotate(stage: Stage, *, contours_of_classes: bool = False) -> Annotation:
    """All that a stage shows; instances by falling visible area, the pose of the largest figure.

    Args:
        stage: What stands where.
        contours_of_classes: Whether there is a map of contours a class, in place of one for all that there is.
    """
    order = np.argsort(-np.bincount(stage.owner[stage.owner >= 0], minlength=len(stage.placed)), kind="stable")
    placed = [stage.placed[position] for position in order]
    labels = torch.tensor([one.thing.label for one in placed])
    masks = _masks(stage, order.tolist())
    joints = [_joints(one, stage) for one in placed]
    figure = next((row for row, one in enumerate(placed) if one.thing.joints is not None), None)
    return Annotation(
        label=labels[0].clone(),
        labels=torch.bincount(labels, minlength=len(CLASSES)).clamp(max=1),
        instances=Instances(
            boxes=masks.windows.float(),
            labels=labels,
            masks=masks,
            keypoints=torch.stack([points for points, _ in joints]),
            visible=torch.stack([visible for _, visible in joints]),
            area=masks.areas(),
            crowd=torch.zeros(len(placed), dtype=torch.bool),
        ),
        semantic=_semantic(stage),
        semantic_masks=_layers(stage),
        contours=_class_contours(stage) if contours_of_classes else _contours(stage),
        pose=None if figure is None else joints[figure][0],
        pose_visible=None if figure is None else joints[figure][1],
        person=None if figure is None else _person(placed[figure], len(stage.owner)),
    )


def _masks(stage: Stage, order: list[int]) -> Masks:
    """The pixels that each thing shows, cut to tight windows."""
    crops: list[Tensor] = []
    corners: list[tuple[int, int]] = []
    for position in order:
        shown = stage.visible(position)
        rows, columns = (np.flatnonzero(shown.any(axis)) for axis in (1, 0))
        crops.append(torch.from_numpy(shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()))
        x1, y1, _, _ = stage.placed[position].window
        corners.append((x1 + int(columns[0]), y1 + int(rows[0])))
    height, width = stage.owner.shape
    return Masks.from_crops(crops, corners, (height, width))


def _joints(placed: Placed, stage: Stage) -> tuple[Tensor, Tensor]:
    """(K, 2) float32 joints and (K,) int64: 2 where they show, 1 where something hides them; zeros for no figure."""
    if placed.thing.joints is None:
        return torch.zeros(len(JOINTS.names), 2), torch.zeros(len(JOINTS.names), dtype=torch.int64)
    points = project(placed.thing.to_picture, placed.thing.joints) * len(stage.owner)
    columns, rows = np.floor(points).astype(int).clip(0, len(stage.owner) - 1).T
    hidden = stage.depth[rows, columns] > placed.thing.depth
    return torch.from_numpy(points).float(), torch.from_numpy(np.where(hidden, 1, 2))


def _person(placed: Placed, size: int) -> Person:
    """The whole figure, hidden parts too, as MPII measures people; nothing where the thing is no figure."""
    if placed.thing.joints is None:
        return Person()
    rows, columns = (np.flatnonzero(placed.mask.any(axis)) for axis in (1, 0))
    x1, y1, _, _ = placed.window
    middle = [x1 + (columns[0] + columns[-1] + 1) / 2, y1 + (rows[0] + rows[-1] + 1) / 2]
    return Person(
        centre=torch.tensor(middle, dtype=torch.float32),
        scale=torch.tensor((rows[-1] + 1 - rows[0]) / 200, dtype=torch.float32),
        head_size=torch.tensor(0.6 * _head_diagonal(placed.thing, placed.thing.joints) * size, dtype=torch.float32),
    )


def _head_diagonal(thing: Thing, joints: Array) -> float:
    """Diagonal of the upright box around the head, in units of the picture's side."""
    outline = project(thing.to_picture, head(joints) + HEAD_RADIUS * CIRCLE)
    return float(np.hypot(*np.ptp(outline, axis=0)))


def _semantic(stage: Stage) -> Tensor:
    """(H, W) int64 positions in `SEMANTIC_CLASSES`."""
    labels = [one.thing.label for one in stage.placed]
    return torch.from_numpy(np.array([*labels, len(CLASSES)])[stage.owner])


def _layers(stage: Stage) -> Masks:
    """The pixels of each of `SEMANTIC_CLASSES`, those that something hides too; background is what nothing covers."""
    size = (stage.owner.shape[0], stage.owner.shape[1])
    whole = [torch.from_numpy(one.mask) for one in stage.placed]
    corners = [(one.window[0], one.window[1]) for one in stage.placed]
    labels = [one.thing.label for one in stage.placed]
    own = Masks.from_crops([*whole, torch.from_numpy(stage.owner < 0)], [*corners, (0, 0)], size)
    labels.append(len(CLASSES))
    return own.joined([[row for row, one in enumerate(labels) if one == label] for label in range(len(CLASSES) + 1)])


def _contours(stage: Stage) -> Tensor:
    """(1, H, W) float32: 1 on the pixels of a thing that touch something farther away, a line one pixel wide."""
    near = np.zeros(stage.owner.shape, dtype=bool)
    for this, other in _neighbours():
        near_view, this_view, other_view = near[this], stage.depth[this], stage.depth[other]
        near_view |= this_view > other_view
    return torch.from_numpy(near[None].astype(np.float32))


def _class_contours(stage: Stage) -> Tensor:
    """(C, H, W) float32: of the same lines those on things of each class."""
    labels = torch.tensor([*(one.thing.label for one in stage.placed), len(CLASSES)])[torch.from_numpy(stage.owner)]
    return _contours(stage) * (labels == torch.arange(len(CLASSES))[:, None, None])


def _neighbours() -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """The four ways to lay a picture over itself, shifted by one pixel."""
    every, first, last = slice(None), slice(None, -1), slice(1, None)
    return [
        ((every, first), (every, last)),
        ((every, last), (every, first)),
        ((first, every), (last, every)),
        ((last, every), (first, every)),
    ]
