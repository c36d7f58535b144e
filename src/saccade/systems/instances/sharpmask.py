"""SharpMask: DeepMask whose best masks are refined, map by map, up to the trunk's finest.

Paper: Pinheiro, Lin, Collobert, Dollár 2016, Learning to refine object segments, arXiv 1603.08695.
"""

from dataclasses import replace

from saccade.heads.windows.refined_masks import RefinedMaskHead
from saccade.layers.blocks.symmetric_padding import with_symmetric_padding
from saccade.layers.scale import scaled
from saccade.layers.towers.mask_refinement import MaskRefinement
from saccade.layers.towers.object_masks import HIDDEN, SharedBranches
from saccade.network.card import Card, system
from saccade.network.recipe import Stage
from saccade.network.system import System
from saccade.systems.detect.parts.detector import trunk_to
from saccade.systems.instances.deepmask import RECIPE as DEEPMASK
from saccade.systems.instances.deepmask import STRIDE, MaskWindows, cells_of, masks_system
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.on_patches import OnPatches

# Strides of the maps that are mixed in, from the finest.
STRIDES = (2, 4, 8, STRIDE)

RECIPE = replace(
    DEEPMASK,
    # First the coarse masks and scores; then what refines them, alone.
    stages=(
        Stage(share=0.5, freeze=("masks.refine",), silent=("masks/refined",)),
        Stage(share=0.5, freeze=("trunk", "masks.branches"), silent=("masks/mask", "masks/score")),
    ),
    epochs=96,
    note="Pinheiro 2016 and its code: DeepMask first, then the refinement alone on all that stands still, by plain "
    "descent at the same rates without momentum or decay, which it has here. COCO AR of masks at 10, 100, 1000 on 5000 "
    "pictures 15.6, 27.6, 35.5; of boxes 19.8, 36.7, 49.0.",
)


@system(
    Card(
        task="instances",
        year=2016,
        paper="Pinheiro, Lin, Collobert, Dollár: Learning to refine object segments, arXiv 1603.08695",
        needs=("instances.boxes", "instances.masks"),
        size=480,
        classes=80,
    )
)
def sharpmask(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet50"),
    windows: MaskWindows = MaskWindows(),
    size: int = 480,
) -> System:
    """`deepmask` with shared branches, whose best masks are refined to a cell a pixel of their windows.

    Args:
        classes: Names of the classes, which are not told apart.
        trunk: A trunk with maps of strides 2, 4, 8 and 16.
        windows: Which windows of a picture are seen, learnt from and told of.
        size: Length of the picture's shorter side in pixels at a scale of 1; the longer is at most 5/3 of it.

    Raises:
        UsageError: The trunk lacks a map of a stride, or windows of that size do not fit it.
    """
    body, names = trunk_to(trunk, STRIDES)
    body = with_symmetric_padding(body)
    cells = cells_of(body, windows.side("shared"), STRIDE)
    levels = {name: body.levels[name] for name in reversed(names)}
    refine = MaskRefinement(levels, scaled(HIDDEN, trunk.width), cells, trunk.width)
    patches, branches = OnPatches(body), SharedBranches(levels[names[-1]].channels, cells, trunk.width)
    places, rules = windows.places("shared"), windows.rules("shared", STRIDE)
    head = RefinedMaskHead(patches.describe, names[-1], branches, refine, places, rules)
    return masks_system(classes, patches, head, size, RECIPE)
