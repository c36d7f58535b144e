"""OverFeat as a detector: every window of six sizes of a picture says what it shows, or that it shows nothing.

Paper: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2013, OverFeat: Integrated recognition, localization and detection
using convolutional networks, arXiv 1312.6229, section 5.
"""

from dataclasses import dataclass, replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.windows.window_detector import DetectorRules, WindowDetectorHead
from saccade.heads.windows.window_head import WindowShape
from saccade.heads.windows.window_predictions import WindowPredictions
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.initialise import normal
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.system import System
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.online_hard_mining import OnlineHardMining
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.classify.overfeat import RECIPE as OVERFEAT
from saccade.systems.detect.parts.window import EVERY_SIZE, Windowed, overfeat_windows, trunk_windows
from saccade.systems.localize.overfeat_localizer import IN_ORDER, SIDES
from saccade.trunks.networks.overfeat import Variant
from saccade.trunks.options import SCALED, TrunkOptions
from saccade.trunks.surgery.fc_to_conv import convolutional
from saccade.trunks.surgery.scales import Scales

SCALES = tuple(round(side / SIDES[-1], 4) for side in SIDES)
MATCHER = Matcher(high=0.5, low=0.3, best="ties")
NEGATIVES = OnlineHardMining(most=16, random=16)
KEEP = Suppression(score=0.05, first=100, each="class", overlap=0.3, limit=100)

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


@dataclass(frozen=True)
class WindowOptions(OptionGroup):
    """Which windows of a picture are seen.

    Attributes:
        variant: Of ``overfeat``. ``accurate``: windows of 221 pixels, 12 apart. ``fast``: 231 pixels, 16 apart.
        window: Side in pixels of the windows of another trunk.
        stride: Of the map where another trunk ends. None: its deepest one.
        scales: Sizes at which the picture is seen, as factors of `size`, at most 1; 1 finds the smallest objects.
            None given: the paper's six for ``overfeat``, and for another trunk those, a root of two apart, at which the
            picture holds a window.
    """

    variant: Variant = "accurate"
    window: int = 32
    stride: int | None = None
    scales: tuple[float, ...] = ()

    def of_paper(self, trunk: TrunkOptions) -> bool:
        """Whether the trunk is OverFeat's own."""
        return trunk.trunk == "overfeat"

    def slid(self, trunk: TrunkOptions) -> Windowed:
        """The trunk that slides, and what a window of it is."""
        if self.of_paper(trunk):
            return overfeat_windows(trunk, self.variant)
        return trunk_windows(trunk, self.window, self.stride)

    def factors(self, trunk: TrunkOptions, size: int, least: int) -> tuple[float, ...]:
        """The scales, rising.

        Args:
            trunk: Whose windows they are.
            size: Shorter side of the picture in pixels at a scale of 1.
            least: Pixels a side that hold a window.
        """
        holding = tuple(scale for scale in EVERY_SIZE if size * scale >= least)
        return tuple(sorted(self.scales or (SCALES if self.of_paper(trunk) else holding or (1.0,))))


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
    trunk: TrunkOptions = TrunkOptions("overfeat", offers=("trunk", "norm", *SCALED)),
    windows: WindowOptions = WindowOptions(),
    hidden: int = 4096,
    per_class: bool = False,
    answers: Literal["merge", "nms"] = "merge",
    order: Literal["paper", "joint"] = "paper",
    size: int = SIDES[-1],
) -> System:
    """Classes, background among them, and boxes of all windows at several scales; boxes that agree are merged.

    Args:
        classes: Names of the classes.
        trunk: ``overfeat``, or another trunk of ours whose stages run in a row.
        windows: Which windows are seen.
        hidden: Numbers in the hidden layers of scores; those of boxes have as many, then a quarter.
        per_class: Whether each class has a box of its own.
        answers: ``merge``: boxes of a class that agree become one, and gain by each other's scores. ``nms``: the surest
            of those that overlap stays.
        order: ``paper``: classifier first, then the box layers alone, on a trunk that stands still. ``joint``: all at
            once; boxes move the trunk too.
        size: Length of the picture's shorter side in pixels at a scale of 1.

    Raises:
        UsageError: There is no such trunk or variant, it has no map of that stride, or windows of that size do not fit.
    """
    slid = windows.slid(trunk)
    grid = slid.grid
    first = hidden * 3 // 4 if windows.of_paper(trunk) and windows.variant == "fast" else hidden
    score = fully_connected(slid.level, _scaled(trunk.width, first, hidden), len(classes) + 1, grid=grid, dropout=0.5)
    numbers = 4 * len(classes) if per_class else 4
    box = fully_connected(slid.level, _scaled(trunk.width, hidden, hidden // 4), numbers, grid=grid)
    if windows.of_paper(trunk):
        normal(nn.ModuleList([score, box]), width=trunk.width)
    factors = windows.factors(trunk, size, slid.least)
    head = WindowDetectorHead(
        convolutional(score, slid.level.channels),
        convolutional(box, slid.level.channels),
        WindowShape(slid.side, slid.step, slid.pool, factors),
        DetectorRules(
            MATCHER, NEGATIVES, WindowPredictions(KEEP, 0.8 if answers == "merge" else None), order == "joint"
        ),
    )
    body = Scales(slid.body, factors)
    spec = body.preprocessing.onto(InputSpec("shorter", shorter=size))
    recipe = RECIPE if order == "joint" else replace(RECIPE, stages=IN_ORDER)
    return System(body, {"windows": head}, classes=classes, input=spec, recipe=recipe)


def _scaled(width: float, *sizes: int) -> list[int]:
    return [scaled(size, width) for size in sizes]
