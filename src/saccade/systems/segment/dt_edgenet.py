"""DeepLab whose scores are smoothed along rows and columns, up to edges that it learns for the purpose.

Paper: Chen, Barron, Papandreou, Murphy, Yuille 2015, Semantic image segmentation with task-specific edge detection
using CNNs and a discriminatively trained domain transform, arXiv 1511.03328.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from saccade.core.errors import UsageError
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.skip_head import SkipPixelHead
from saccade.layers.decoder.filtered_scores import FilteredScores, Gate
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.system import System
from saccade.systems.segment.coarse import OF_OTHER_TRUNKS, grid_of, large_field_vgg, width_of
from saccade.systems.segment.deeplab1 import FC
from saccade.systems.segment.deeplab1 import RECIPE as DEEPLAB
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride
from saccade.trunks.surgery.dilated_vgg import POOLS, vgg_of

# Of the released layer.
SIGMA_RANGE = 5.0
# Maps with edges: of strides 2, 4 and 8.
FINE = 3

RECIPE = replace(
    DEEPLAB,
    note="Chen 2015: DeepLab's LargeFOV and the edges learn together, through the filter, by a mean over the picture's "
    "pixels; rates, batch and steps are those of DeepLab, of whose run it may begin (--init). Mean IoU on VOC 2012: "
    "DeepLab on val 62.25; on test 69.0, with a dense CRF besides 71.2; learnt on COCO before, with a dense CRF 73.6.",
)


@dataclass(frozen=True)
class FilterOptions(OptionGroup):
    """The filter.

    Attributes:
        gate: What decides how much of the pixel before is carried on. ``edges``: the strength of a learnt edge.
            ``gru``: a learnt gate, as a gated recurrent unit's, whose candidate is the score itself.
        sigma_space: Pixels over which scores are smoothed where there is no edge; the released layer's 50.
        sigma_range: An edge of this strength counts as `sigma_space` pixels of distance; by default the released
            layer's 5. ``gru`` has none.
        iterations: Rounds over rows and columns, each half as wide as the one before.
    """

    gate: Gate = "edges"
    sigma_space: float = 50.0
    sigma_range: float | None = None
    iterations: int = 3


@system(
    Card(
        task="segment",
        year=2015,
        paper="Chen et al.: Domain transform and EdgeNet, arXiv 1511.03328",
        needs=("semantic",),
        size=321,
        classes=21,
    )
)
def dt_edgenet(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    smoothing: FilterOptions = FilterOptions(),
    size: int = 513,
) -> System:
    """DeepLab's LargeFOV, its scores smoothed up to edges that maps of blocks 2, 3 and 4 show, learnt at every pixel.

    Args:
        classes: Names of the classes.
        trunk: ``vgg16`` or another VGG, made DeepLab's; or any trunk, ours or timm's, dilated to stride 8.
        smoothing: How scores are smoothed.
        size: Length of the longer side in pixels.

    Raises:
        UsageError: The trunk cannot be dilated; a number of the filter is out of range; or there are no pixels.
    """
    _check(smoothing)
    vgg = vgg_of(trunk)
    fc = replace(FC["largefov"], filters=scaled(FC["largefov"].filters, width_of(trunk, vgg)))
    body = at_stride(trunk) if vgg is None else large_field_vgg(vgg, fc, averaged=True)
    coarse, fine = list(body.levels)[-1], _last_of_strides(body) if vgg is None else _of_blocks(body)
    grid = grid_of(body)
    scores = FilteredScores(
        {coarse: body.levels[coarse]},
        {name: body.levels[name] for name in fine},
        len(classes),
        corners=grid.corners,
        gate=smoothing.gate,
        sigma_space=smoothing.sigma_space,
        sigma_range=SIGMA_RANGE if smoothing.sigma_range is None else smoothing.sigma_range,
        iterations=smoothing.iterations,
    )
    head = SkipPixelHead(scores, len(classes))
    recipe = OF_OTHER_TRUNKS if vgg is None else RECIPE
    return System(body, {"pixels": head}, classes=classes, input=grid.input(body.preprocessing, size), recipe=recipe)


def _check(smoothing: FilterOptions) -> None:
    """Refuse what is out of range."""
    if smoothing.gate == "gru" and smoothing.sigma_range is not None:
        raise UsageError("no sigma_range where the gate is learnt", smoothing.sigma_range, cure="leave it out")
    for name, value in (("sigma_space", smoothing.sigma_space), ("sigma_range", smoothing.sigma_range)):
        if value is not None and not value > 0:
            raise UsageError(f"{name} above 0", value)
    if smoothing.iterations < 1:
        raise UsageError("iterations from 1", smoothing.iterations)


def _of_blocks(vgg: Trunk) -> list[str]:
    """The last maps of blocks 2, 3 and 4: ``conv2_2``, ``conv3_3`` and ``conv4_3`` of VGG-16."""
    return [before for before, name in pairwise(vgg.levels) if name in POOLS[1 : 1 + FINE]]


def _last_of_strides(trunk: Trunk) -> list[str]:
    """The last map of each of the three coarsest strides."""
    last = {level.stride or 1: name for name, level in trunk.levels.items()}
    return [last[stride] for stride in sorted(last)[-FINE:]]
