"""What region detectors share in putting parts together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.core.options.options import OptionGroup
from saccade.heads.regions.box_top import BoxRules, BoxTop
from saccade.heads.regions.region_top import ColumnTop
from saccade.layers.initialise import default
from saccade.layers.pools.region_pool import RegionPool
from saccade.layers.towers.region_towers import Outputs, PooledTower
from saccade.network.part import Trunk
from saccade.ops.boxes.match import Matcher
from saccade.ops.regions.pool import Kind
from saccade.trunks import TRUNKS, ends_fully_connected
from saccade.trunks.chain import named
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.cut import cut, last_of_strides
from saccade.trunks.surgery.regionwise import Regionwise

# Whether a region has a box for each class, or one for whatever it shows.
Boxes = Literal["per_class", "agnostic"]

# What regions are pooled from, where the trunk does not end in fully connected layers.
PooledFrom = Literal["pyramid", "c4"]

# Further tops, by name, of the maps that regions are pooled from, by name, and the channels between their layers.
Columns = Callable[[Mapping[str, Level], int], Mapping[str, ColumnTop]]

STRIDE = 16
# A region from half an overlap on answers for the object; all others are background.
HALF = Matcher(high=0.5, low=0.5)


def no_columns(levels: Mapping[str, Level], hidden: int) -> Mapping[str, ColumnTop]:
    """No tops beside that of boxes."""
    return {}


@dataclass(frozen=True)
class SearchOptions(OptionGroup):
    """Where regions come from that a network does not propose itself.

    Attributes:
        search: Where regions come from: ``selective-search``, ``selective-search-quality``, ``edge-boxes``,
            ``windows``, a file that ``saccade propose`` wrote, or the folder of a run, whose network proposes them.
        proposals: Regions of a picture at most.
    """

    search: str = "selective-search"
    proposals: int = 2000


@dataclass(frozen=True)
class RegionOptions(OptionGroup):
    """How a detector proposes its regions itself, learns from them and tells what it found.

    Attributes:
        boxes: ``per_class``: each region has a box for each class. ``agnostic``: one for whatever it shows.
        scales: Sides of the anchors: in units of 16 pixels (8, 16, 32; of C4 from 2 on), on a pyramid in units of each
            map's stride (8).
        samples: Regions of a picture that are learnt from, a quarter of them objects; 128, on a pyramid 512, of C4 64.
        limit: Objects of one picture that are told at most.
    """

    boxes: Boxes = "per_class"
    scales: tuple[float, ...] | None = None
    samples: int | None = None
    limit: int = 100


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


def classic(trunk: TrunkOptions) -> Classic:
    """A trunk that ends before its last pooling, and its fc6 and fc7, with its weights.

    Args:
        trunk: A trunk of ours with two fully connected layers: a VGG, AlexNet, CaffeNet, ZFNet.

    Raises:
        UsageError: There is no such trunk, or it has no such layers.
    """
    whole, body, grid = _with_regions_body(trunk)
    (reads,) = last_of_strides(whole, (STRIDE,))
    return Classic(cut(whole, reads), reads, body, grid, whole.levels["fc7"].channels)


def regionwise(trunk: TrunkOptions) -> tuple[Regionwise, Classic]:
    """A trunk that looks at regions one by one, last pooling included, and its fc6 and fc7 (R-CNN, section 2.2).

    Args:
        trunk: A trunk of ours with two fully connected layers: a VGG, AlexNet, CaffeNet, ZFNet.

    Returns:
        The trunk, and the same in parts; its last map is ``reads``.

    Raises:
        UsageError: There is no such trunk, or it has no such layers.
    """
    whole, body, grid = _with_regions_body(trunk)
    names = list(whole.levels)
    stages = names[: names.index("fc6")]
    looking = Regionwise({stage: whole.get_submodule(stage) for stage in stages}, whole.preprocessing)
    return looking, Classic(cut(whole, stages[-1]), stages[-1], body, grid, whole.levels["fc7"].channels)


def _with_regions_body(trunk: TrunkOptions) -> tuple[Trunk, nn.Sequential, int]:
    """The whole trunk, its fc6 and fc7 for regions that have the grid's positions already, and the grid's side."""
    whole = trunk.built() if trunk.fully_connected else None
    if whole is None or not {"fc6", "fc7"} <= set(whole.levels):
        known = ", ".join(sorted(name for name in TRUNKS if ends_fully_connected(name)))
        raise UsageError("a trunk with fully connected layers", repr(trunk.named), cure=f"choose {known}")
    fc6, fc7 = (whole.get_submodule(part) for part in ("fc6", "fc7"))
    grid: Any = fc6.get_submodule("pool")
    layers = named(**{part: layer for part, layer in fc6.named_children() if part != "pool"})
    return whole, named(fc6=layers, fc7=fc7, flatten=nn.Flatten(1)), int(grid.output_size)


def classic_box_top(
    parts: Classic, rules: BoxRules, classes: int, boxes: Boxes = "per_class", kind: Kind = "max"
) -> BoxTop:
    """Fast R-CNN's top: RoI max pooling, fc6 and fc7, a score and a box a class, background among them."""
    pool = RegionPool(parts.trunk.levels, (parts.reads,), parts.grid, kind)
    tower = PooledTower(pool, parts.body, parts.size, outputs(rules, classes, per_class=boxes == "per_class"))
    return BoxTop(tower, (parts.reads,), rules, classes)


def pyramid_box_top(
    levels: Mapping[str, Level], hidden: int, rules: BoxRules, classes: int, boxes: Boxes = "per_class"
) -> BoxTop:
    """The pyramid's top: RoI align from the map of a region's size, and two layers of `hidden` numbers (FPN, 4.2)."""
    pool = RegionPool(levels, tuple(levels), 7, "align")
    size = pool.channels * 7 * 7
    body = nn.Sequential(nn.Flatten(1), nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
    default(body)
    tower = PooledTower(pool, body, hidden, outputs(rules, classes, per_class=boxes == "per_class"))
    return BoxTop(tower, tuple(levels), rules, classes)


def outputs(rules: BoxRules, classes: int, *, per_class: bool = True) -> Outputs:
    """Logits and boxes of a region."""
    logits = rules.score_loss.channels(classes)
    return Outputs(logits, logits if per_class else 1)
