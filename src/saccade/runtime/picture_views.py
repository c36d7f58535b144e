"""Several views of a picture: what a network says of it larger, smaller and mirrored becomes one answer.

Each view is an affine map after the network's own way in, so that its frame leads every box back to the picture's own
pixels. There the boxes of all views, each already suppressed within its view, compete once more by the system's own
rule; scores of classes are averaged. He et al. 2015, Deep Residual Learning, appendix A, and Girshick's detectors
were measured so.

Legend: V views, a scale's plain view before its mirrored one.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from saccade.core.affine import mirror, scaling
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, UsageError
from saccade.core.frame import Frame
from saccade.core.input_spec import InputSpec
from saccade.heads.dense_boxes import DenseBoxHead
from saccade.heads.regions import RegionHead
from saccade.network.system import System
from saccade.ops.keep import Keep
from saccade.ops.nms import nms

T = TypeVar("T")

# What views may be asked of: other fields (maps, joints) have no rule here by which views agree.
FIELDS = frozenset(("label", "label_scores", *(f"instances.{name}" for name in ("boxes", "labels", "scores", "masks"))))
SMALLEST, LARGEST = 0.1, 8.0


@dataclass(frozen=True)
class Views:
    """Which views of a picture a network is shown.

    Attributes:
        scales: Sizes, as factors of the size that the network takes otherwise.
        flip: Whether each is shown mirrored too.

    Raises:
        UsageError: There is no scale, or one is out of bounds or stands twice.
    """

    scales: tuple[float, ...] = (1.0,)
    flip: bool = False

    def __post_init__(self) -> None:
        good = all(math.isfinite(scale) and SMALLEST <= scale <= LARGEST for scale in self.scales)
        if not self.scales or not good or len(set(self.scales)) != len(self.scales):
            listed = ", ".join(f"{scale:g}" for scale in self.scales) or "none"
            raise UsageError(f"distinct scales from {SMALLEST:g} to {LARGEST:g}", listed)

    def __len__(self) -> int:
        return len(self.scales) * (2 if self.flip else 1)

    @property
    def plain(self) -> bool:
        """Whether there is one view: the picture as the network takes it anyway."""
        return self.scales == (1.0,) and not self.flip

    def of(self, image: Tensor, spec: InputSpec) -> Iterator[tuple[Tensor, Frame]]:
        """Each view (C, h, w) of a picture, float32 0..1 before normalising, with its frame."""
        own = spec.frame((image.shape[-2], image.shape[-1]))
        for scale in self.scales:
            seen, frame = spec.resize(image, scaled(own, scale))
            yield seen, frame
            if self.flip:
                yield seen.flip(-1), frame.then(mirror(frame.target[1]), frame.target)


def scaled(frame: Frame, scale: float) -> Frame:
    """The frame followed by a change of size, to whole pixels; the frame itself where nothing changes."""
    if scale == 1:
        return frame
    height, width = (max(round(side * scale), 1) for side in frame.target)
    return frame.then(scaling(width / frame.target[1], height / frame.target[0]), (height, width))


def check_views(system: System, views: Views) -> None:
    """Says before anything is read that a system cannot be shown several views.

    Raises:
        ConfigError: It gives fields that views cannot agree on, its boxes are not meant to be every object, or it
            takes pictures of one size and there are scales.
    """
    if views.plain:
        return
    spoken = [(name, head) for name, head in system.each_head() if name not in system.silent]
    strange = sorted(system.gives - FIELDS)
    # Boxes beside scores of the whole picture are the few of a localizer, not every object.
    few = [name for name, head in spoken if head.owns_rows and "label_scores" in system.gives]
    if strange or few:
        found = f"{', '.join(strange)}" if strange else f"the few boxes of {', '.join(few)}"
        raise ConfigError(
            "a system that gives classes of pictures, or boxes of all objects for several views",
            f"one that gives {found}",
            cure="leave --scales and --flip away",
        )
    for scale in views.scales:
        _check_size(system, scale)


def _check_size(system: System, scale: float) -> None:
    """Shows the network a blank picture of the size, where it takes pictures of one size otherwise."""
    spec = system.input
    if spec.size is None or scale == 1:
        return
    frame = scaled(spec.frame(spec.size), scale)
    height, width = frame.target
    blank, whole = torch.zeros(spec.channels, height, width), torch.tensor([[0.0, 0.0, width, height]])
    batch = spec.assemble([blank], [frame], regions=[whole])
    weight = next(system.parameters())
    try:
        with torch.no_grad():
            system.forward(replace(batch.to(weight.device), images=batch.images.to(weight)))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"a network that takes pictures of any size for scale {scale:g}",
            f"one that cannot take {height}x{width}: {str(error).partition(chr(10))[0]}",
            cure="leave --scales away; --flip alone may serve",
        ) from error


def keep_of(system: System) -> Keep:
    """By which rule the system's boxes suppress each other; `Keep`'s own numbers where its head does not say."""
    for _, head in system.each_head():
        if isinstance(head, DenseBoxHead):
            return head.rules.keep
        if isinstance(head, RegionHead):
            return head.box.rules.keep
        own = getattr(head, "keep", None)
        if isinstance(own, Keep):
            return own
    return Keep()


def merged(answers: Sequence[Annotation], keep: Keep) -> Annotation:
    """One answer of those to V views, all in the picture's own pixels.

    Args:
        answers: What was said of each view.
        keep: The rule by which boxes of one class suppress each other, and how many stay.

    Returns:
        The mean of the scores of classes with the class that is best by it, and the instances that stay, by falling
        score; scores of instances are as their own views gave them.
    """
    first = answers[0]
    scores = [answer.label_scores for answer in answers if answer.label_scores is not None]
    if scores:
        mean = torch.stack(scores).mean(0)
        first = replace(first, label_scores=mean, label=None if first.label is None else mean.argmax())
    rows = [answer.instances for answer in answers if answer.instances is not None]
    return replace(first, instances=_suppressed(Instances.cat(rows), keep)) if rows else first


def _suppressed(rows: Instances, keep: Keep) -> Instances:
    if rows.boxes is None or rows.scores is None:
        return rows
    by_class = keep.alike == "class" and rows.labels is not None
    groups = rows.labels if by_class and rows.labels is not None else torch.zeros(len(rows), dtype=torch.int64)
    return rows[nms(rows.boxes, rows.scores, groups, keep.overlap, keep.limit)]


def gathered(items: Iterable[tuple[int, int, T]], count: int) -> Iterator[tuple[int, list[T]]]:
    """Things that belong to one place, as soon as all of them came.

    Args:
        items: Place, position among the place's own, and thing; places may come mixed.
        count: Things of each place.

    Yields:
        Each place once, with its things by position.
    """
    waiting: dict[int, dict[int, T]] = {}
    for place, position, thing in items:
        mine = waiting.setdefault(place, {})
        mine[position] = thing
        if len(mine) == count:
            del waiting[place]
            yield place, [mine[at] for at in range(count)]
