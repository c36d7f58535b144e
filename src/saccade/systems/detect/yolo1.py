"""YOLO: the cells of a grid say what stands in them and where, in one pass over the whole picture.

Paper: Redmon, Divvala, Girshick, Farhadi 2015, You only look once, arXiv 1506.02640.
"""

from typing import Literal

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.heads.dense.grid_boxes import GridBoxHead
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.scale import scaled
from saccade.layers.towers.shared_cells import SharedCells
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.systems.detect.parts.pixel_teacher import TeacherOptions
from saccade.trunks.networks.yolo24 import LEAK
from saccade.trunks.options import CHOSEN, TrunkOptions
from saccade.trunks.surgery.cut import cut

# Factors of equation 3: where boxes are counts for more than that most cells are empty.
LOSS_WEIGHTS = {"boxes/centre": 5.0, "boxes/size": 5.0, "boxes/empty": 0.5}

RECIPE = Recipe(
    lr=0.01,
    milestones=(75 / 135, 105 / 135),
    warmup=1 / 135,
    warmup_start=0.1,
    epochs=135,
    batch=64,
    clip=10.0,
    augmentation=Augmentation(flip=0.5, scale=(0.8, 1.2), translate=0.2, hsv_saturation=1.5, hsv_exposure=1.5),
    difficult=False,
    best="AP50",
    note="Redmon 2015: 135 passes over VOC 2007 + 2012, rate raised from 0.001 to 0.01 in the first, divided by 10 "
    "after 75 and 105; shifts and sizes by up to 20 %, exposure and saturation by up to 1.5; 20 convolutions know "
    "ImageNet. VOC 2007 mAP 63.4, with VGG-16 66.4; VOC 2012 57.9. The bound of the gradient is ours.",
)


@system(
    Card(
        task="detect",
        year=2015,
        paper="Redmon, Divvala, Girshick, Farhadi: You only look once, arXiv 1506.02640",
        needs=("instances.boxes", "instances.labels"),
        size=448,
        classes=20,
    )
)
def yolo1(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("yolo24", offers=CHOSEN),
    teacher: TeacherOptions = TeacherOptions(),
    grid: int = 7,
    boxes: int = 2,
    hidden: int = 4096,
    cells: Literal["own", "shared"] = "own",
    size: int = 448,
) -> System:
    """24 convolutions and two fully connected layers, on pictures stretched to a square.

    The layers read the trunk's deepest map that has as many positions a side as the grid has cells: at 448 pixels the
    paper's whole trunk, of stride 64; at fewer pixels a finer map of it, unless the grid is coarser too.

    Args:
        classes: Names of the classes.
        trunk: A trunk of ours, or any name of timm's. ``yolo_tiny`` with ``hidden=0`` is Fast YOLO as it was released.
        teacher: Whether pixels' classes teach the features too.
        grid: Cells a side; an object is sought by the cell of its centre, and each cell has one class.
        boxes: Boxes a cell, of which the one that fits best learns.
        hidden: Size of the layer before the last; 0: there is none.
        cells: ``own``: the paper's fully connected layers, which know each cell by its place. ``shared``: convolutions
            that say the same of all cells, as later detectors have them; they learn from fewer pictures.
        size: Side in pixels that pictures are stretched to.

    Raises:
        UsageError: Grid, boxes or hidden layer are too small, or the trunk has no map of so many positions.
    """
    _check(grid, boxes, hidden)
    built = trunk.built(fc=False)
    reads = deepest(built, grid, size)
    inner = scaled(hidden, trunk.width) if hidden else 0
    layers = LAYERS[cells](built.levels[reads], inner, (len(classes), boxes, 4 * boxes), grid)
    head = GridBoxHead(reads, layers, grid=grid, boxes=boxes, classes=len(classes))
    body = cut(built, reads)
    taught = teacher.taught(body.levels, len(classes))
    return System(
        body,
        {"boxes": head, **taught.heads},
        loss_weights={**LOSS_WEIGHTS, **taught.loss_weights},
        silent=taught.silent,
        classes=classes,
        input=built.preprocessing.stretch(size),
        recipe=RECIPE,
    )


def _own_cells(level: Level, inner: int, values: tuple[int, ...], grid: int) -> nn.Module:
    """The paper's fully connected layers: `values` of each cell, which know it by its place."""
    sizes = (inner,) if inner else ()
    return fully_connected(level, sizes, grid**2 * sum(values), grid=grid, dropout=0.5, leak=LEAK)


def _shared_cells(level: Level, inner: int, values: tuple[int, ...], grid: int) -> nn.Module:
    """Convolutions that say the same of all cells."""
    return SharedCells(level.channels, inner, values, grid=grid, dropout=0.5, leak=LEAK)


LAYERS = {"own": _own_cells, "shared": _shared_cells}


def _check(grid: int, boxes: int, hidden: int) -> None:
    if grid < 1 or boxes < 1 or hidden < 0:
        found = f"grid={grid}, boxes={boxes}, hidden={hidden}"
        raise UsageError("a cell and a box or more, and a hidden layer of size 0 or more", found)


def deepest(trunk: Trunk, grid: int, size: int) -> str:
    """The trunk's deepest map with at least `grid` positions a side of a picture of `size` pixels.

    Raises:
        UsageError: There is none.
    """
    fine = [name for name, level in trunk.levels.items() if level.stride and -(-size // level.stride) >= grid]
    if not fine:
        raise UsageError(
            f"a picture of at least {grid} pixels a side for a grid of {grid}",
            size,
            cure="choose a larger --size, or a coarser --grid",
        )
    return fine[-1]
