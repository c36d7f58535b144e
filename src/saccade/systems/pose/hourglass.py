"""Stacked hourglasses: joints by heat maps that each hourglass makes anew, of what the one before thought.

Paper: Newell, Yang, Deng 2016, Stacked hourglass networks for human pose estimation, arXiv 1603.06937; sizes, targets
and recipe of the code that was released with it.
"""

from dataclasses import dataclass
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.person_crop import PersonCrop
from saccade.core.options.options import OptionGroup
from saccade.heads.heatmaps.heatmap_head import Absent, HeatmapHead
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.heatmaps import PAPER, RELEASED
from saccade.trunks.networks.hourglass import MULTIPLE, STRIDE, StackedHourglass
from saccade.trunks.options import SCALED, TrunkOptions

OWN = "hourglass"

RECIPE = Recipe(
    optimiser="rmsprop",
    lr=2.5e-4,
    decay=0.99,
    epsilon=1e-8,
    momentum=0.0,
    weight_decay=0.0,
    schedule="step",
    milestones=(0.75,),
    gamma=0.2,
    epochs=220,
    batch=6,
    augmentation=Augmentation(
        flip=0.5, scale=(2**-0.5, 2**0.5), rotate=60.0, jitter="normal", rotate_chance=0.4, channels=0.4
    ),
    few=True,
    best="pck",
    note="Newell 2016, as released: RMSprop at 2.5e-4 over 100 times 8000 steps of 6 pictures, 216 passes over MPII's "
    "22 246 people; the paper divides the rate by 5 once learning stalls, here after three quarters. Pictures are "
    "flipped, turned by N(0, 30) degrees in two of five cases, scaled by 2 to the power of N(0, .25), both cut at two "
    "deviations, and each colour is multiplied by .6 to 1.4. MPII test PCKh@.5: .909; FLIC PCK@.2: elbow .990, wrist "
    ".970. About three days on a Titan X.",
)


@dataclass(frozen=True)
class HeatmapOptions(OptionGroup):
    """What joints' maps shall be.

    Attributes:
        gaussian: What a map shows around its joint. ``released``: a bump of 7 × 7 cells and a deviation of 1.75 about
            the middle of the joint's cell. ``paper``: one of a deviation of 1 about the joint itself.
        absent: What is learnt of joints that are not annotated. ``empty``: a map of zeros, as released. ``ignored``:
            nothing.
    """

    gaussian: Literal["released", "paper"] = "released"
    absent: Absent = "empty"

    def head(self, reads: str) -> HeatmapHead:
        """The head that learns and tells the maps `reads`."""
        bump = RELEASED if self.gaussian == "released" else PAPER
        return HeatmapHead(reads, STRIDE, bump=bump, absent=self.absent)


@system(
    Card(
        task="pose",
        year=2016,
        paper="Newell, Yang, Deng: Stacked hourglass networks for human pose estimation, arXiv 1603.06937",
        needs=("pose", "pose_visible"),
        size=256,
        classes=16,
    )
)
def hourglass(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions(OWN, offers=SCALED),
    stacks: int = 8,
    modules: int = 1,
    intermediate: bool = True,
    maps: HeatmapOptions = HeatmapOptions(),
    size: int = 256,
) -> System:
    """Hourglasses in a row, each of which learns the joints' maps; the last one's are the prediction.

    Args:
        classes: Names of the joints.
        trunk: Its width, channels and statistics.
        stacks: Hourglasses in a row; the paper compares 1, 2, 4 and 8 of 8, 4, 2 and 1 modules.
        modules: Bottlenecks in a row at each place of an hourglass.
        intermediate: Whether each hourglass learns, by a head of its own; else the last one alone does.
        maps: What joints' maps shall be.
        size: Side in pixels of the square around the person, a multiple of 64.

    Raises:
        UsageError: The size is no multiple of 64, or there is no hourglass or module.
    """
    if size < MULTIPLE or size % MULTIPLE:
        raise UsageError(f"a size of a multiple of {MULTIPLE} pixels", f"size={size}")
    row = StackedHourglass(len(classes), stacks=stacks, modules=modules, width=trunk.width, channels=trunk.channels)
    body = trunk.prepared(row)
    names = [f"stack{number}" for number in range(1, stacks + 1)]
    learning = names if intermediate else names[-1:]
    return System(
        body,
        {name: maps.head(name) for name in learning},
        silent=learning[:-1],
        classes={"joints": classes},
        input=body.preprocessing.onto(InputSpec("person", (size, size), multiple=MULTIPLE, person=PersonCrop())),
        recipe=RECIPE,
    )
