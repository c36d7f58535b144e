"""R-FCN: all that costs time is shared by a whole picture; a region only gathers votes from maps that know positions.

Paper: Dai, Li, He, Sun 2016, R-FCN, arXiv 1605.06409.
"""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.heads.regions.box_top import BoxRules, BoxTop
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.sampling import RegionRules
from saccade.layers.scale import scaled
from saccade.layers.towers.position_sensitive import PositionSensitiveTower
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.samplers import everything
from saccade.ops.boxes.suppression import Suppression
from saccade.systems.detect.parts.detector import shorter_side, trunk_to
from saccade.systems.detect.parts.region import HALF, STRIDE, outputs
from saccade.systems.detect.parts.region_stages import Schedule, stages_of
from saccade.systems.detect.parts.suppression_options import SuppressionOptions
from saccade.systems.detect.rpn import SCALES, proposal_head
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.dilate import dilate

LEARN, CELLS, HIDDEN = 300, 7, 512
BOXES = BoxRules(suppression=Suppression(score=0.05, first=100_000, overlap=0.3, limit=100), hardest=128)

RECIPE = Recipe(
    lr=1e-3,
    milestones=(2 / 3,),
    epochs=15,
    batch=8,
    augmentation=Augmentation(flip=0.5),
    difficult=False,
    best="AP",
    note="Dai 2016: 20 000 steps of eight pictures at 0.001 and 10 000 at 0.0001, 128 regions of 300 that cost most, "
    "from ImageNet weights, proposals and regions in turn. VOC 2007 mAP with ResNet-101: 79.5, with several scales in "
    "training 80.5; 0.17 seconds a picture.",
)

# Each of the two stages of regions, a sixth of the run, has the paper's steps; of proposals' it tells no length.
ALTERNATE = replace(RECIPE, epochs=6 * RECIPE.epochs)


@system(
    Card(
        task="detect",
        year=2016,
        paper="Dai, Li, He, Sun: R-FCN, arXiv 1605.06409",
        needs=("instances.boxes", "instances.labels"),
        size=600,
        classes=20,
    )
)
def rfcn(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet101"),
    suppression: SuppressionOptions = SuppressionOptions(offers=("limit",)),
    cells: int = CELLS,
    schedule: Schedule = "joint",
    size: int = 600,
    scales: tuple[float, ...] = SCALES,
) -> System:
    """A ResNet whose last stage keeps stride 16, an RPN on the stage before, and position-sensitive maps.

    Of 300 proposals of a picture the 128 that cost most are learnt from.

    Args:
        classes: Names of the classes.
        trunk: A ResNet.
        suppression: How many boxes are told.
        cells: k; each class has k × k maps, one for each part of an object, and boxes have k × k for each edge.
        schedule: ``joint``: all losses at once. ``alternate``: proposals, regions, proposals again and regions again,
            the second from a trunk that begins anew, the last two on one that stands still, as the paper trains
            (section 2).
        size: Length of the shorter side in pixels; the longer is at most 5/3 of it.
        scales: Sides of the anchors, in units of 16 pixels.

    Raises:
        UsageError: The trunk lacks a map of stride 16 or 32, or is none of ours; or no anchor fits into a picture.
    """
    whole, (middle, last) = trunk_to(trunk, (STRIDE, 2 * STRIDE))
    if not isinstance(whole, Chain):
        raise UsageError("a trunk of ours, whose last stage can keep its map's size", repr(trunk.named))
    body = dilate(whole, STRIDE)
    # The authors' files give proposals 512 channels on a map of 1024.
    hidden = scaled(HIDDEN, trunk.width)
    propose = proposal_head(middle, body.levels[middle].channels, size, scales, hidden)
    told = replace(BOXES, suppression=suppression.applied(BOXES.suppression))
    asked = outputs(told, len(classes), per_class=False)
    tower = PositionSensitiveTower(body.levels[last], last, scaled(1024, trunk.width), cells, asked)
    rules = RegionRules(propose.rules.suppression.limit, replace(propose.rules.suppression, limit=LEARN))
    head = RegionHead(propose, everything, HALF, {"box": BoxTop(tower, (last,), told, len(classes))}, rules)
    stages = stages_of(schedule, body, trunk.pretrained, pyramid=False)
    recipe = replace(RECIPE if schedule == "joint" else ALTERNATE, stages=stages)
    spec = shorter_side(size, body.preprocessing)
    return System(body, {"regions": head}, classes=classes, input=spec, recipe=recipe)
