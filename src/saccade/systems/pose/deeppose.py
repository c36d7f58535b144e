"""DeepPose: joints as numbers, and networks that look at each of them again.

Paper: Toshev, Szegedy 2014, DeepPose: Human pose estimation via deep neural networks, arXiv 1312.4659.
"""

import copy
from dataclasses import dataclass, replace

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.person_crop import PersonCrop
from saccade.core.joint_names import torso_diagonals
from saccade.core.options.options import OptionGroup
from saccade.heads.joints.refined import JointSquares, RefinedJointsHead
from saccade.heads.joints.regressed import RegressedJointsHead
from saccade.heads.joints.square_network import SquareNetwork
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.scale import scaled
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.systems.classify.image_classifier import last_level
from saccade.trunks.options import CHOSEN, TrunkOptions

# Of trunks without fully connected layers: positions a side of the map that ours reads, and its size.
GRID, HIDDEN = 6, 1024
DROPOUT = 0.6

RECIPE = Recipe(
    optimiser="adagrad",
    lr=5e-4,
    weight_decay=0.0,
    schedule="constant",
    epochs=300,
    batch=128,
    augmentation=Augmentation(flip=0.5, scale=(0.8, 1.25), translate=0.1),
    few=True,
    best="pck",
    note="Toshev 2014: Adagrad at 5e-4, batches of 128, dropout .6; pictures are cut out anew and flipped, by how much "
    "is not said. Each network learns alone, once those before it have: a third of the run each, where the paper took "
    "three days for the first and seven for each other on some 100 machines. LSP PCP@.5 of upper and lower arms and "
    "legs: .50 .27 .74 .65 of the first stage, .56 .36 .78 .70 of the second, .56 .38 .77 .71 of the third.",
)


@dataclass(frozen=True)
class CascadeOptions(OptionGroup):
    """How joints are looked at again.

    Attributes:
        cascade: Networks one after another: the first sees the whole, each other one a square around each joint.
        sigma: Sides of these squares in distances of a shoulder from the opposite hip: the paper's 1 is for FLIC's
            upper bodies, 2 for LSP. Where joints have no such names, half the diagonal of the box around all joints
            stands for that distance.
        samples: Joints of a picture that each later network learns from at a step, drawn at random.

    Raises:
        UsageError: There is no network, no square or no sample.
    """

    cascade: int = 3
    sigma: float = 1.0
    samples: int = 1

    def __post_init__(self) -> None:
        if self.cascade < 1 or self.samples < 1 or not self.sigma > 0:
            found = f"cascade={self.cascade}, sigma={self.sigma:g}, samples={self.samples}"
            raise UsageError("a cascade and samples from 1, and a sigma above 0", found)


@system(
    Card(
        task="pose",
        year=2014,
        paper="Toshev, Szegedy: DeepPose: Human pose estimation via deep neural networks, arXiv 1312.4659",
        needs=("pose", "pose_visible"),
        size=220,
        classes=14,
    )
)
def deeppose(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("alexnet", offers=CHOSEN),
    squares: CascadeOptions = CascadeOptions(),
    size: int = 220,
) -> System:
    """Joints regressed from the whole person, then from squares around each of them, stage by stage.

    Args:
        classes: Names of the joints.
        trunk: The trunk of every network of the cascade, each with weights of its own.
        squares: How joints are looked at again.
        size: Side in pixels of the square around the person, and of those around joints.

    Raises:
        UsageError: A number is too small.
    """
    if size < 1:
        raise UsageError("a size from 1", f"size={size}")
    body, joints = _with_dropout(trunk.built()), len(classes)
    reads, layers = _last_layers(body, joints, trunk.width, size)
    first = RegressedJointsHead(reads, layers, joints)
    heads: dict[str, RegressedJointsHead | RefinedJointsHead] = {"stage1": first}
    rule = JointSquares(size, squares.sigma, torso_diagonals(classes), squares.samples)
    for number in range(2, squares.cascade + 1):
        before, network = heads[f"stage{number - 1}"], _square_network(trunk, joints, size)
        heads[f"stage{number}"] = RefinedJointsHead(before, network, joints, rule)
    return System(
        body,
        heads,
        silent=list(heads)[:-1],
        classes={"joints": classes},
        input=body.preprocessing.onto(InputSpec("person", (size, size), person=PersonCrop())),
        recipe=replace(RECIPE, stages=one_by_one(list(heads))),
    )


def one_by_one(names: list[str]) -> tuple[Stage, ...]:
    """Equal stages in which each head learns alone, the trunk with the first."""
    stages: list[Stage] = []
    for name in names:
        others = tuple(other for other in names if other != name)
        still = others if name == names[0] else ("trunk", *others)
        stages.append(Stage(1 / len(names), freeze=still, silent=others))
    return tuple(stages)


def _square_network(trunk: TrunkOptions, joints: int, size: int) -> SquareNetwork:
    """A network for squares."""
    own = trunk.built() if isinstance(trunk.trunk, str) else copy.deepcopy(trunk.built())
    reads, layers = _last_layers(_with_dropout(own), joints, trunk.width, size)
    return SquareNetwork(own, reads, layers)


def _last_layers(trunk: Trunk, joints: int, width: float, size: int) -> tuple[str, nn.Sequential]:
    """The map that is read, and layers from it to 2K numbers: one of ours between, where the trunk has none."""
    name, level = last_level(trunk)
    if level.stride is None:
        return name, _from_nothing(fully_connected(level, (), 2 * joints))
    grid = max(1, min(GRID, size // level.stride))
    return name, _from_nothing(fully_connected(level, [scaled(HIDDEN, width)], 2 * joints, grid=grid, dropout=DROPOUT))


def _from_nothing(layers: nn.Sequential) -> nn.Sequential:
    """The layers, the last of which begins at 0: joints in the middle, or where they were thought to be.

    Values of AlexNet's kind are so large at first that PyTorch's beginning would put joints far beyond the picture.
    """
    nn.init.zeros_(layers[-1].get_parameter("weight"))
    nn.init.zeros_(layers[-1].get_parameter("bias"))
    return layers


def _with_dropout(trunk: Trunk) -> Trunk:
    """The trunk, whose fully connected layers drop as many values as the paper's."""
    for layer in trunk.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = DROPOUT
    return trunk
