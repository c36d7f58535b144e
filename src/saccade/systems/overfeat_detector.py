"""OverFeat as a detector: every window of six sizes of a picture says what it shows, or that it shows nothing.

Paper: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2013, OverFeat: Integrated recognition, localization and detection
using convolutional networks, arXiv 1312.6229, section 5.
"""

from dataclasses import replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.input_spec import InputSpec, statistics
from saccade.heads.window_answers import WindowAnswers
from saccade.heads.window_detector import DetectorRules, WindowDetectorHead
from saccade.heads.windows import WindowShape
from saccade.layers.fully_connected import fully_connected
from saccade.layers.initialise import normal
from saccade.layers.norm import Norm, with_norm
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.system import System
from saccade.ops.keep import Keep
from saccade.ops.match import Matcher
from saccade.ops.offending import Offending
from saccade.systems.overfeat import RECIPE as OVERFEAT
from saccade.systems.overfeat_localizer import IN_ORDER, SIDES
from saccade.systems.window_parts import EVERY_SIZE, overfeat_windows, trunk_windows
from saccade.trunks import in_range
from saccade.trunks.dense import convolutional
from saccade.trunks.overfeat import Variant
from saccade.trunks.scales import Scales

SCALES = tuple(round(side / SIDES[-1], 4) for side in SIDES)
MATCHER = Matcher(high=0.5, low=0.3, best="ties")
NEGATIVES = Offending(most=16, random=16)
KEEP = Keep(score=0.05, first=100, each="class", overlap=0.3, limit=100)

RECIPE = replace(
    OVERFEAT,
    batch=8,
    augmentation=Augmentation(flip=0.5),
    best="AP",
    note="Sermanet 2013: as the localizer, with a background class; many windows of a picture learn at once, and a few "
    "negatives of each are taken as it is seen, some at random and those that offend most. ILSVRC-2013: mAP 19.4 % in "
    "the competition, 24.3 % after it. The paper does not say how many negatives there are, which windows are objects, "
    "or how summed scores become one: 16 and 16, an overlap from .5 or an object's best, and s / (s + ½) are ours.",
)


@system(
    Card(
        task="detect",
        year=2013,
        paper="Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun: OverFeat, arXiv 1312.6229, section 5",
        needs=("instances.boxes", "instances.labels"),
        size=SIDES[-1],
        classes=200,
    )
)
def overfeat_detector(
    classes: tuple[str, ...],
    *,
    trunk: str = "overfeat",
    variant: Variant = "accurate",
    window: int = 32,
    stride: int | None = None,
    hidden: int = 4096,
    scales: tuple[float, ...] = (),
    per_class: bool = False,
    answers: Literal["merge", "nms"] = "merge",
    order: Literal["paper", "joint"] = "paper",
    norm: Norm = "batch",
    width: float = 1.0,
    channels: int = 3,
    size: int = SIDES[-1],
) -> System:
    """Classes, background among them, and boxes of all windows at several scales; boxes that agree are merged.

    Args:
        classes: Names of the classes.
        trunk: ``overfeat``, or another trunk of ours whose stages run in a row.
        variant: Of ``overfeat``. ``accurate``: windows of 221 pixels, 12 apart. ``fast``: 231 pixels, 16 apart.
        window: Side in pixels of the windows of another trunk.
        stride: Of the map where another trunk ends. None: its deepest one.
        hidden: Numbers in the hidden layers of scores; those of boxes have as many, then a quarter.
        scales: Sizes at which the picture is seen, as factors of `size`, at most 1; 1 finds the smallest objects.
            None given: the paper's six for ``overfeat``, and for another trunk those, a root of two apart, at which the
            picture holds a window.
        per_class: Whether each class has a box of its own.
        answers: ``merge``: boxes of a class that agree become one, and gain by each other's scores. ``nms``: the surest
            of those that overlap stays.
        order: ``paper``: classifier first, then the box layers alone, on a trunk that stands still. ``joint``: all at
            once; boxes move the trunk too.
        norm: How a trunk that normalises does so (see `sliding_window`).
        width: Factor of all channels.
        channels: Channels of the picture.
        size: Length of the picture's shorter side in pixels at a scale of 1.

    Raises:
        UsageError: There is no such trunk or variant, it has no map of that stride, or windows of that size do not fit.
    """
    paper = trunk == "overfeat"
    slid = (
        overfeat_windows(variant, width, channels) if paper else trunk_windows(trunk, window, stride, width, channels)
    )
    with_norm(slid.body, norm)
    first = hidden * 3 // 4 if paper and variant == "fast" else hidden
    score = fully_connected(slid.level, _scaled(width, first, hidden), len(classes) + 1, grid=slid.grid, dropout=0.5)
    numbers = 4 * len(classes) if per_class else 4
    box = fully_connected(slid.level, _scaled(width, hidden, hidden // 4), numbers, grid=slid.grid)
    if paper:
        normal(nn.ModuleList([score, box]), width=width)
    holding = tuple(scale for scale in EVERY_SIZE if size * scale >= slid.least)
    factors = tuple(sorted(scales or (SCALES if paper else holding or (1.0,))))
    head = WindowDetectorHead(
        convolutional(score, slid.level.channels),
        convolutional(box, slid.level.channels),
        WindowShape(slid.side, slid.step, slid.pool, factors),
        DetectorRules(MATCHER, NEGATIVES, WindowAnswers(KEEP, 0.8 if answers == "merge" else None), order == "joint"),
    )
    mean, std = statistics(channels)
    spec = in_range(trunk, InputSpec("shorter", shorter=size, mean=mean, std=std))
    recipe = RECIPE if order == "joint" else replace(RECIPE, stages=IN_ORDER)
    return System(Scales(slid.body, factors), {"windows": head}, classes=classes, input=spec, recipe=recipe)


def _scaled(width: float, *sizes: int) -> list[int]:
    return [scaled(size, width) for size in sizes]
