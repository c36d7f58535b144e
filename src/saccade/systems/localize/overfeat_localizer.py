"""OverFeat's localizer: every window of six sizes of a picture says what it sees and where it would put the box.

Paper: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2013, OverFeat: Integrated recognition, localization and detection
using convolutional networks, arXiv 1312.6229, section 4.
"""

from dataclasses import replace
from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.heads.windows.window_head import WindowHead, WindowShape
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.initialise import normal
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.recipe import Stage
from saccade.network.system import System
from saccade.systems.classify.overfeat import RECIPE as OVERFEAT
from saccade.trunks.networks.overfeat import Variant
from saccade.trunks.options import SCALED, TrunkOptions
from saccade.trunks.surgery.cut import cut
from saccade.trunks.surgery.fc_to_conv import convolutional
from saccade.trunks.surgery.scales import Scales

# Shorter sides of the six scales for windows of 221 pixels (table 5); for others they grow with the window.
SIDES = (245, 281, 317, 389, 425, 461)

# Of each variant: the last map before the last pooling, the side of that pooling and the positions that it leaves of a
# window, the window's side, and the pixels between positions before it.
LAST = {"fast": "conv5", "accurate": "conv6"}
SHAPES = {"fast": (2, 6, 231, 16), "accurate": (3, 5, 221, 12)}
HIDDEN = {"fast": (3072, 4096), "accurate": (4096, 4096)}

RECIPE = replace(
    OVERFEAT,
    batch=32,
    augmentation=Augmentation(flip=0.5),
    best="-localization_error",
    note="Sermanet 2013: the classifier first, then the box layers alone on a trunk that stands still, from windows "
    "that hold half of the object, at several scales. ILSVRC-2013 localization: 29.9 % error of five predictions, four "
    "scales, one box for all classes; boxes of each class had 44.1 % against 31.3 % on the validation set.",
)

# The box layers learn last, alone.
IN_ORDER = (
    Stage(share=0.5, freeze=("windows.box",)),
    Stage(share=0.5, freeze=("trunk", "windows.score")),
)


@system(
    Card(
        task="localize",
        year=2013,
        paper="Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun: OverFeat, arXiv 1312.6229",
        needs=("label", "instances.boxes"),
        size=SIDES[-1],
    )
)
def overfeat_localizer(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("overfeat", offers=SCALED),
    variant: Variant = "accurate",
    scales: int = 6,
    per_class: bool = False,
    order: Literal["both", "paper"] = "paper",
) -> System:
    """Classes and boxes of all windows at several scales; boxes that agree are merged.

    Args:
        classes: Names of the classes.
        trunk: How the trunk is built.
        variant: ``accurate``: windows of 221 pixels, 12 apart. ``fast``: 231 pixels, 16 apart.
        scales: How many of the six sizes are read, from the smallest, whose shorter side is 245 pixels, to 461.
        per_class: Whether each class has a box of its own.
        order: ``paper``: classifier first, then the box layers alone. ``both``: at once, which leaves the classifier as
            it is too, since boxes send no gradient into the trunk.
    """
    body = cut(trunk.built(variant=variant, fc=False), LAST[variant])
    pool, grid, side, step = SHAPES[variant]
    level = list(body.levels.values())[-1]
    sides = [round(shorter * side / 221) for shorter in SIDES[: max(1, min(scales, len(SIDES)))]]
    factors = tuple(shorter / sides[-1] for shorter in sides)
    hidden = [scaled(size, trunk.width) for size in HIDDEN[variant]]
    score = fully_connected(level, hidden, len(classes), grid=grid, dropout=0.5)
    regressor = [scaled(size, trunk.width) for size in (4096, 1024)]
    box = fully_connected(level, regressor, 4 * len(classes) if per_class else 4, grid=grid)
    normal(nn.ModuleList([score, box]), width=trunk.width)
    shape = WindowShape(side, step, pool, factors)
    head = WindowHead(convolutional(score, level.channels), convolutional(box, level.channels), shape)
    spec = body.preprocessing.onto(InputSpec("shorter", shorter=sides[-1]))
    recipe = RECIPE if order == "both" else replace(RECIPE, stages=IN_ORDER)
    return System(Scales(body, factors), {"windows": head}, classes=classes, input=spec, recipe=recipe)
