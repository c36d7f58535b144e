"""DeepMask: a mask for whatever is centred in a window, for windows all over the picture.

Paper: Pinheiro, Collobert, Dollár 2015, Learning to segment object candidates, arXiv 1506.06204; and its faster form of
Pinheiro, Lin, Collobert, Dollár 2016, SharpMask, arXiv 1603.08695, section 4.
"""

from dataclasses import dataclass
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.options.options import OptionGroup
from saccade.heads.windows.mask_windows import ObjectMaskRules
from saccade.heads.windows.object_masks import ObjectMaskHead
from saccade.layers.blocks.symmetric_padding import with_symmetric_padding
from saccade.layers.towers.object_masks import SeparateBranches, SharedBranches
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.windows.centred_scales import CentredScales
from saccade.ops.windows.patches import PatchSample
from saccade.systems.detect.parts.detector import shorter_side, trunk_to
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.on_patches import OnPatches
from saccade.trunks.surgery.window_trunk import window_positions

Branches = Literal["separate", "shared"]

STRIDE = 16
# Side of a window, and the octaves at which the picture is seen, of each form; an object has 128 pixels of 224.
WINDOW: dict[Branches, int] = {"separate": 224, "shared": 160}
SMALLEST: dict[Branches, float] = {"separate": -2.0, "shared": -2.5}
OCTAVES = tuple(step / 2 for step in range(7))

RECIPE = Recipe(
    lr=1e-3,
    milestones=(1 / 6, 0.4),
    gamma=0.3162,
    epochs=48,
    batch=8,
    augmentation=Augmentation(flip=0.5),
    best="mask_AR100",
    note="Pinheiro 2015 and its code: batches of 32 patches, of masks or of scores alone, 4000 an epoch for 300 epochs "
    "at 0.001, halved after 50 and divided by 5 after 120; here two steps of the same product, and eight patches of "
    "each picture. COCO AR of masks at 10, 100, 1000 on 5000 pictures 12.6, 24.5, 33.1; the shared form 14.4, 25.8, "
    "33.1.",
)


@dataclass(frozen=True)
class MaskWindows(OptionGroup):
    """Which windows of a picture are seen, learnt from and told of.

    Attributes:
        window: Side in pixels of the windows, a multiple of 16. None: 224 with separate branches, 160 with shared ones.
        scales: Sizes at which the picture is seen, as factors of `size`. None given: seven, a root of two apart, up to
            2 with separate branches and up to 1.41 with shared ones.
        proposals: How many masks of a picture are told at most.
        mask_threshold: How likely a pixel is of the object at least, where it is set; the paper has .2 for COCO and .1
            for Pascal VOC.
        samples: Patches of a picture that are learnt from, half for masks and half for scores.
        overlap: Overlap (IoU) of their boxes above which the worse of two masks goes, such as .5 where each object
            should be told of once. 1: none goes, as published: proposals lose nothing by being told twice.
    """

    window: int | None = None
    scales: tuple[float, ...] = ()
    proposals: int = 500
    mask_threshold: float = 0.2
    samples: int = 8
    overlap: float = 1.0

    def side(self, branches: Branches) -> int:
        """Pixels a side of a window.

        Raises:
            UsageError: They are no multiple of the stride.
        """
        side = WINDOW[branches] if self.window is None else self.window
        if side < STRIDE or side % STRIDE:
            raise UsageError(f"a window of a multiple of {STRIDE} pixels", f"window={side}")
        return side

    def places(self, branches: Branches) -> CentredScales:
        """Where windows stand.

        Raises:
            UsageError: They are no multiple of the stride, or a scale is none.
        """
        factors = self.scales or tuple(round(2 ** (SMALLEST[branches] + step), 4) for step in OCTAVES)
        if min(factors) <= 0:
            raise UsageError("scales above 0", f"{min(factors):g}")
        return CentredScales(self.side(branches), STRIDE, tuple((factor, factor) for factor in factors))

    def rules(self, branches: Branches, context: int) -> ObjectMaskRules:
        """What the windows learn, and what is told of them.

        Raises:
            UsageError: A number is out of range.
        """
        if not 0 < self.mask_threshold < 1:
            raise UsageError("a threshold between 0 and 1", f"mask_threshold={self.mask_threshold}")
        if not 0 < self.overlap <= 1:
            raise UsageError("an overlap above 0, of 1 at most", f"overlap={self.overlap}")
        for name, value, least in (("proposals", self.proposals, 1), ("samples", self.samples, 2)):
            if value < least:
                raise UsageError(f"{name} from {least}", value)
        side = self.side(branches)
        # As the released code rounds it: 92 of 160.
        sample = PatchSample(side, -(-side * 128 // 224), self.samples)
        return ObjectMaskRules(sample, context, self.proposals, self.mask_threshold, self.overlap)


@system(
    Card(
        task="instances",
        year=2015,
        paper="Pinheiro, Collobert, Dollár: Learning to segment object candidates, arXiv 1506.06204",
        needs=("instances.boxes", "instances.masks"),
        size=480,
        classes=80,
    )
)
def deepmask(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg11"),
    branches: Branches = "separate",
    windows: MaskWindows = MaskWindows(),
    size: int = 480,
) -> System:
    """Masks of whatever stands out, with a score and without a class.

    Args:
        classes: Names of the classes, which are not told apart.
        trunk: A trunk with a map of stride 16.
        branches: What stands between that map and a window's mask and score. ``separate``: two branches, each of its
            own large layer (2015). ``shared``: one row of 512 numbers for both, which is faster; patches then have 16
            pixels of context at each side, and maps are mirrored at their border (2016).
        windows: Which windows of a picture are seen, learnt from and told of.
        size: Length of the picture's shorter side in pixels at a scale of 1; the longer is at most 5/3 of it.

    Raises:
        UsageError: The trunk has no map of stride 16, or windows of that size do not fit it.
    """
    body, (reads,) = trunk_to(trunk, (STRIDE,))
    context = STRIDE if branches == "shared" else 0
    body = with_symmetric_padding(body) if context else body
    side, channels = windows.side(branches), body.levels[reads].channels
    made = SharedBranches if branches == "shared" else SeparateBranches
    cells = cells_of(body, side, context)
    patches = OnPatches(body)
    head = ObjectMaskHead(
        patches.describe,
        reads,
        made(channels, cells, trunk.width),
        windows.places(branches),
        windows.rules(branches, context),
    )
    return masks_system(classes, patches, head, size, RECIPE)


def masks_system(classes: tuple[str, ...], trunk: OnPatches, head: ObjectMaskHead, size: int, recipe: Recipe) -> System:
    """A system of one head of masks, whose score weighs a 32nd."""
    spec = shorter_side(size, trunk.preprocessing)
    weights = {"masks/score": 1 / 32}
    return System(trunk, {"masks": head}, classes=classes, input=spec, recipe=recipe, loss_weights=weights)


def cells_of(body: Trunk, side: int, context: int) -> int:
    """Cells a side that a window has on the deepest map.

    Raises:
        UsageError: The window is too small for the trunk's layers.
    """
    cells = window_positions(body, side + 2 * context, body.preprocessing.channels) - 2 * context // STRIDE
    if cells < 1:
        raise UsageError(
            "a window that leaves the trunk a position", f"{side} × {side} pixels", cure="give a larger one"
        )
    return cells
