"""What region detectors share in putting parts together."""

import inspect
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.box_top import BoxRules, BoxTop
from saccade.layers.initialise import default
from saccade.layers.region_pool import RegionPool
from saccade.layers.region_towers import Outputs, PooledTower
from saccade.network.part import Trunk
from saccade.network.recipe import Stage
from saccade.ops.match import Matcher
from saccade.systems.detector_parts import last_of_strides
from saccade.trunks import TRUNKS
from saccade.trunks import trunk as build_trunk
from saccade.trunks.chain import named
from saccade.trunks.cut import cut
from saccade.trunks.regionwise import Regionwise

# Whether a region has a box for each class, or one for whatever it shows.
Boxes = Literal["per_class", "agnostic"]

STRIDE = 16
# A region from half an overlap on answers for the object; all others are background.
HALF = Matcher(high=0.5, low=0.5)


class Classic(NamedTuple):
    """A trunk of the first decade, cut in two: convolutions, and the fully connected layers that see regions.

    Attributes:
        trunk: Pictures to maps, the last of stride 16.
        reads: Name of the last map.
        body: (n, C, grid, grid) of a pooled region to (n, size).
        grid: Positions a side that the body reads.
        size: Numbers that it gives.
    """

    trunk: Trunk
    reads: str
    body: nn.Sequential
    grid: int
    size: int


def is_classic(name: str) -> bool:
    """Whether a trunk ends in fully connected layers."""
    return name in TRUNKS and "fc" in inspect.signature(TRUNKS[name]).parameters


def classic(name: str, **options: Any) -> Classic:
    """A trunk that ends before its last pooling, and its fc6 and fc7, with its weights.

    Args:
        name: A trunk of ours with two fully connected layers: a VGG, AlexNet, CaffeNet, ZFNet.
        **options: The trunk's own options.

    Raises:
        UsageError: There is no such trunk, or it has no such layers.
    """
    whole, body, grid = _classic(name, options)
    (reads,) = last_of_strides(whole, (STRIDE,))
    return Classic(cut(whole, reads), reads, body, grid, whole.levels["fc7"].channels)


def regionwise(name: str, **options: Any) -> tuple[Regionwise, Classic]:
    """A trunk that looks at regions one by one, last pooling included, and its fc6 and fc7 (R-CNN, section 2.2).

    Args:
        name: A trunk of ours with two fully connected layers: a VGG, AlexNet, CaffeNet, ZFNet.
        **options: The trunk's own options.

    Returns:
        The trunk, and the same in parts; its last map is ``reads``.

    Raises:
        UsageError: There is no such trunk, or it has no such layers.
    """
    whole, body, grid = _classic(name, options)
    names = list(whole.levels)
    stages = names[: names.index("fc6")]
    trunk = Regionwise({stage: whole.get_submodule(stage) for stage in stages})
    return trunk, Classic(cut(whole, stages[-1]), stages[-1], body, grid, whole.levels["fc7"].channels)


def _classic(name: str, options: Mapping[str, Any]) -> tuple[Trunk, nn.Sequential, int]:
    """The whole trunk, its fc6 and fc7 for regions that have the grid's positions already, and the grid's side."""
    if not is_classic(name):
        known = ", ".join(sorted(known for known in TRUNKS if is_classic(known)))
        raise UsageError("a trunk with fully connected layers", repr(name), cure=f"choose {known}")
    whole = build_trunk(name, **options)
    fc6, fc7 = (whole.get_submodule(part) for part in ("fc6", "fc7"))
    grid: Any = fc6.get_submodule("pool")
    layers = named(**{part: layer for part, layer in fc6.named_children() if part != "pool"})
    return whole, named(fc6=layers, fc7=fc7, flatten=nn.Flatten(1)), int(grid.output_size)


def classic_box_top(parts: Classic, rules: BoxRules, classes: int, boxes: Boxes = "per_class") -> BoxTop:
    """Fast R-CNN's top: RoI max pooling, fc6 and fc7, a score and a box a class, background among them."""
    pool = RegionPool(parts.trunk.levels, (parts.reads,), parts.grid, "max")
    tower = PooledTower(pool, parts.body, parts.size, outputs(rules, classes, per_class=each_class(boxes)))
    return BoxTop(tower, (parts.reads,), rules, classes)


def pyramid_box_top(
    levels: Mapping[str, Level], hidden: int, rules: BoxRules, classes: int, boxes: Boxes = "per_class"
) -> BoxTop:
    """The pyramid's top: RoI align from the map of a region's size, and two layers of `hidden` numbers (FPN, 4.2)."""
    pool = RegionPool(levels, tuple(levels), 7, "align")
    size = pool.channels * 7 * 7
    body = nn.Sequential(nn.Flatten(1), nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
    default(body)
    tower = PooledTower(pool, body, hidden, outputs(rules, classes, per_class=each_class(boxes)))
    return BoxTop(tower, tuple(levels), rules, classes)


def outputs(rules: BoxRules, classes: int, *, per_class: bool = True) -> Outputs:
    """Logits and boxes of a region."""
    logits = rules.score_loss.channels(classes)
    return Outputs(logits, logits if per_class else 1)


def each_class(boxes: Boxes) -> bool:
    """Whether each class has a box of its own.

    Raises:
        UsageError: There are no such boxes.
    """
    if boxes not in get_args(Boxes):
        raise UsageError(f"boxes of {' or '.join(get_args(Boxes))}", repr(boxes))
    return boxes == "per_class"


def first_layers(trunk: Trunk, pretrained: bool) -> tuple[str, ...]:
    """What detectors leave as ImageNet taught it: layers of strides below 4, and all normalisation.

    From scratch nothing stands still. timm's networks name maps and no layers after strides: of them all normalisation.
    """
    if not pretrained:
        return ()
    parts = dict(trunk.named_modules())
    early = [f"trunk.{name}" for name, level in trunk.levels.items() if name in parts and (level.stride or 99) < 4]
    kinds = nn.modules.batchnorm._BatchNorm  # pyright: ignore[reportPrivateUsage]
    norms = [f"trunk.{path}" for path, module in parts.items() if isinstance(module, kinds)]
    return (*early, *norms)


def one_stage(trunk: Trunk, pretrained: bool) -> tuple[Stage, ...]:
    """All learns together, but for what `first_layers` names."""
    return (Stage(freeze=first_layers(trunk, pretrained)),)
