"""What a network says of several views of a picture becomes one prediction: one rule a field.

Legend: V views of a picture, n rows of instances of all views together, C classes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.core.frame import Frame
from saccade.core.geometry import warp
from saccade.core.masks import Masks
from saccade.ops.boxes.nms import nms
from saccade.ops.boxes.suppression import Suppression
from saccade.runtime.predict.engine import Engine
from saccade.runtime.predict.views.joint_mean import SeenJoints, mean_of_joints
from saccade.runtime.predict.views.map_mean import MapMean, TakePart
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip, View, scaled
from saccade.runtime.predict.views.seams import Seen, mended

Rule = Callable[[Sequence[Annotation], Sequence[View], Suppression], Any]


class Agreement:
    """What the views of one picture say, gathered as it comes.

    Args:
        views: The views.
        suppression: The rule by which boxes of one class suppress each other, and how many stay.
        keep_scores: Whether scores of pixels stay, in the picture's own pixels.
        compact: Whether classes of pixels are held in bytes (see `MapMean`).
        take_part: Takes scores of pixels part by part, in place of classes of the whole (see `MapMean`).
    """

    def __init__(
        self,
        views: Sequence[View],
        suppression: Suppression | None,
        keep_scores: bool = False,
        compact: bool = False,
        take_part: TakePart | None = None,
    ) -> None:
        self.views, self.suppression, self.keep_scores = views, suppression or Suppression(), keep_scores
        self.compact, self.take_part = compact, take_part
        self._said: dict[int, Annotation] = {}
        self._joints: dict[int, SeenJoints] = {}
        self._maps: dict[str, MapMean] = {}

    def add(self, place: int, prediction: Annotation, frame: Frame) -> Annotation | None:
        """What is said of one view; the prediction when it was the last one.

        Args:
            place: The view's.
            prediction: In a batch's pixels.
            frame: From the picture's own pixels to these.
        """
        shown = warp.cut(prediction, frame.target)
        if shown.pose_maps is not None:
            self._joints[place] = SeenJoints(shown.pose_maps, frame)
        for name in MAPS:
            if shown.has(name):
                self._mean(name).add(place, shown.get(name), frame)
        self._said[place] = frame.undo(replace(shown, **dict.fromkeys((*MAPS, *DECIDED))))
        return self._agreed() if len(self._said) == len(self.views) else None

    def _mean(self, name: str) -> MapMean:
        if name not in self._maps:
            decide, lines = MAPS[name], name == "contours"
            kept, take = self.keep_scores or lines, self.take_part if name == "semantic_scores" else None
            self._maps[name] = MapMean(
                self.views, lines=lines, decide=decide, suppression=kept, compact=self.compact, take=take
            )
        return self._maps[name]

    def _agreed(self) -> Annotation:
        said = [self._said[place] for place in range(len(self.views))]
        merged = {name: rule(said, self.views, self.suppression) for name, rule in RULES.items() if said[0].has(name)}
        merged |= {name: mean.means for name, mean in self._maps.items()}
        if len(self._joints) == len(said):
            of_joints = mean_of_joints([self._joints[place] for place in range(len(said))])
            merged |= {name: of_joints.get(name) for name in of_joints.present()}
        if "semantic_scores" in self._maps:
            merged["semantic"] = self._maps["semantic_scores"].semantic
        several = self._maps.get("semantic_mask_scores")
        if several is not None and several.masks is not None and several.unseen is not None:
            merged["semantic_masks"] = Masks.from_dense(several.masks)
            merged["semantic_masks_unknown"] = several.unseen if bool(several.unseen.any()) else None
        return replace(said[0], **merged)


def mean_scores(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Tensor:
    """(C,) the mean of the views' scores."""
    return torch.stack([one.label_scores for one in said if one.label_scores is not None]).mean(0)


def best_label(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Tensor:
    """() the class that is best by the mean of scores; without scores, the one that most views say."""
    if said[0].label_scores is not None:
        return mean_scores(said, views, suppression).argmax()
    return torch.stack([one.label for one in said if one.label is not None]).mode().values


def present_labels(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Tensor:
    """(C,) the classes whose mean score is above a half; without scores, those that more than half of the views say."""
    if said[0].label_scores is not None:
        return (mean_scores(said, views, suppression) > 0.5).long()
    return (torch.stack([one.labels for one in said if one.labels is not None]).float().mean(0) > 0.5).long()


def suppressed(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Instances:
    """The rows of all views that stay, by falling score, with all their columns; scores are as their views gave them.

    What a border between tiles cuts is mended first (`seams`), whatever its score. The limit of predictions holds for
    each tile.
    """
    # Not `or`: rows of which there are none are false, and have their columns all the same.
    parts = [Instances() if one.instances is None else one.instances for one in said]
    rows = Instances.cat(parts)
    by_class = suppression.alike == "class" and rows.labels is not None
    groups = rows.labels if by_class and rows.labels is not None else torch.zeros(len(rows), dtype=torch.int64)
    tiles = len({view.window for view in views})
    if tiles > 1:
        seen = mended(Seen.of(parts, groups, views))
        rows, groups = seen.rows, seen.groups
    if rows.boxes is None or rows.scores is None:
        return rows
    return rows[nms(rows.boxes, rows.scores, groups, suppression.overlap, suppression.limit * tiles)]


def mean_joints(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Tensor:
    """(K, 2) the mean of where the views see each joint; of views with maps of joints the mean of these decides."""
    return torch.stack([one.pose for one in said if one.pose is not None]).mean(0)


def most_visible(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Tensor:
    """(K,) the most that a view says of each joint: visible before hidden."""
    return torch.stack([one.pose_visible for one in said if one.pose_visible is not None]).amax(0)


def mean_joint_scores(said: Sequence[Annotation], views: Sequence[View], suppression: Suppression) -> Tensor:
    """(K,) the mean of how sure the views are of each joint."""
    return torch.stack([one.pose_scores for one in said if one.pose_scores is not None]).mean(0)


RULES: Mapping[str, Rule] = {
    "label": best_label,
    "label_scores": mean_scores,
    "labels": present_labels,
    "instances": suppressed,
    "pose": mean_joints,
    "pose_visible": most_visible,
    "pose_scores": mean_joint_scores,
}
# Fields of pixels, of which `MapMean` takes the mean over the views that show each pixel, and what it decides by that.
MAPS: Mapping[str, Literal["best", "above_half"] | None] = {
    "semantic_scores": "best",
    "semantic_mask_scores": "above_half",
    "contours": None,
}
# Fields that follow from these.
DECIDED = ("semantic", "semantic_masks", "semantic_masks_unknown")
# Columns of instances that are as their own view gave them.
COLUMNS = frozenset(("boxes", "labels", "scores", "masks", "keypoints", "visible", "keypoint_scores"))
# Fields that speak of the whole picture's one person, of whom a tile shows a part.
OF_THE_WHOLE = frozenset(("pose", "pose_visible", "pose_scores"))


def check_views(engine: Engine, views: MultiScaleFlip) -> None:
    """Says before anything is read that a network cannot be shown several views.

    Raises:
        ConfigError: It gives fields that views cannot agree on, its boxes are not meant to be every object, it
            takes pictures of one size and there are scales, or it is no classifier of crops and there are crops.
    """
    if views.plain:
        return
    if views.crops is not None:
        _check_crops(engine)
        return
    strange = sorted(field for field in engine.gives if not _agrees(field, engine.gives, views))
    few = not strange and "instances.boxes" in engine.gives and engine.suppression is None
    if strange or few:
        found = ", ".join(strange) if strange else "a few boxes that are not every object"
        raise ConfigError(
            "a network whose predictions about several views can be merged",
            f"one that gives {found}",
            cure="leave --scales, --flip and --tile away",
        )
    for scale in views.scales:
        _check_size(engine, scale)


def _check_crops(engine: Engine) -> None:
    """Refuse crops to a network that says more than a picture's classes, or that sees pictures otherwise anyway."""
    strange = sorted(engine.gives - {"label", "labels", "label_scores"})
    if strange or engine.input.rule != "crop":
        found = (
            f"one that gives {', '.join(strange)}" if strange else f"one whose pictures get in by {engine.input.rule}"
        )
        raise ConfigError("a classifier that sees the centre of each picture", found, cure="leave --crops away")


def check_large(engine: Engine, views: MultiScaleFlip, keep_scores: bool) -> None:
    """Refuse pictures of more pixels than are decoded whole, where a network needs, or says, too much of the whole.

    Raises:
        ConfigError: They are not seen in tiles, or the network refines its predictions by the whole picture, seeks
            regions in it, or gives numbers of every pixel beside its class.
    """
    reasons = {
        "the whole picture": views.tiles is None,
        "one that refines its predictions by the whole picture": engine.refine is not None,
        "one that seeks regions in the whole picture": engine.search is not None,
        "one that gives contours of every pixel": "contours" in engine.gives,
        "one that gives masks of several classes a pixel": "semantic_masks" in engine.gives,
        "scores of every pixel that are kept": keep_scores,
    }
    found = next((reason for reason, holds in reasons.items() if holds), None)
    if found is not None:
        raise ConfigError(
            "a network that sees very large pictures by tiles and says classes or objects",
            found,
            cure="write --tile 640 beside --max-pixels, without --keep-scores; or leave --max-pixels out",
        )


def _agrees(field: str, gives: frozenset[str], views: MultiScaleFlip) -> bool:
    """Whether there is a rule by which views agree on a dotted field."""
    root, _, column = field.partition(".")
    if field == "semantic":
        return "semantic_scores" in gives
    if field == "semantic_masks":
        return "semantic_mask_scores" in gives
    if column:
        return column in COLUMNS
    return (root in RULES or root in MAPS) and not (root in OF_THE_WHOLE and views.tiles is not None)


def _check_size(engine: Engine, scale: float) -> None:
    """Shows the network a blank picture of the size, where it takes pictures of one size otherwise."""
    spec = engine.input
    if spec.size is None or scale == 1:
        return
    frame = scaled(spec.frame(spec.size), scale)
    height, width = frame.target
    blank, whole = torch.zeros(spec.channels, height, width), torch.tensor([[0.0, 0.0, width, height]])
    try:
        engine.forward(spec.assemble([blank], [frame], regions=[whole]))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"a network that takes pictures of any size for scale {scale:g}",
            f"one that cannot take {height}x{width}: {str(error).partition(chr(10))[0]}",
            cure="leave --scales away; --flip alone may serve",
        ) from error
