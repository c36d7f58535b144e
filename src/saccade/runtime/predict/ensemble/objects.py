"""Objects that several networks find in one picture become one list, in the picture's own pixels.

Paper: Solovyev, Wang, Gabruseva 2019, Weighted boxes fusion, arXiv 1910.13302, whose comparison has the best of boxes
that overlap, as ``max`` does, behind their mean.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.frame import Frame
from saccade.core.geometry.resample import Size
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.boxes.weighted_fusion import fuse_boxes
from saccade.runtime.predict.views.merge import suppressed
from saccade.runtime.predict.views.multi_scale_flip import View, Window

ObjectMerge = Literal["mean", "max"]


def merged_objects(said: Sequence[Annotation], size: Size, suppression: Suppression, merge: ObjectMerge) -> Instances:
    """The objects of all networks, by falling score.

    Args:
        said: What each network says of the picture, with boxes and scores.
        size: The picture's height and width.
        suppression: The first network's: whether boxes of unlike classes stand for one another, how many objects are
            told, and of ``max`` from which overlap on a box goes.
        merge: ``mean``: boxes of one object become one, whose score is the mean (`fuse_boxes`); its mask, its joints
            and their box are those of the surest. ``max``: of those that overlap the best stays as it is.
    """
    if merge == "max":
        whole = View(Window(0, 0, *size), Frame.identity(size), False, size)
        return suppressed(said, [whole] * len(said), suppression)
    # Not `or`: rows of which there are none are false, and have their columns all the same.
    rows = Instances.cat([Instances() if one.instances is None else one.instances for one in said])
    if rows.boxes is None or rows.scores is None:
        return rows
    by_class = suppression.alike == "class" and rows.labels is not None
    groups = rows.labels if by_class and rows.labels is not None else torch.zeros(len(rows), dtype=torch.int64)
    boxes, scores, surest = fuse_boxes(rows.boxes, rows.scores, groups, len(said))
    surest, boxes, scores = (column[: suppression.limit] for column in (surest, boxes, scores))
    told = replace(rows[surest], scores=scores)
    alone = rows.masks is None and rows.keypoints is None
    return replace(told, boxes=boxes) if alone else told
