"""Linear support vector machines on a trunk's features, the way to learn from few pictures.

Papers: Girshick, Donahue, Darrell, Malik 2013, arXiv 1311.2524, section 2.3 (fc7 and linear SVMs); Razavian,
Azizpour, Sullivan, Carlsson 2014, CNN features off-the-shelf, arXiv 1403.6382, section 3 (features of length 1).
"""

from saccade.core.errors import UsageError
from saccade.heads.classify.svm import SvmHead
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.trunks.options import CHOSEN, TrunkOptions
from saccade.trunks.surgery.pooled import POOLED, PooledTrunk

RECIPE = Recipe(
    batch=32,
    stages=(Stage(share=0.0, freeze=("trunk",), solve=("label",)),),
    best="top1",
    note="Nothing descends: the trunk stands still, and the machines are solved from all pictures at once. C is chosen "
    "by five-fold cross-validation on the training pictures, from .01 to 1000.",
)


@system(
    Card(
        task="classify",
        year=2014,
        paper="Razavian et al.: CNN features off-the-shelf, arXiv 1403.6382; Girshick et al., arXiv 1311.2524",
        needs=("label",),
        size=224,
    )
)
def svm(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet18", offers=CHOSEN),
    layer: str = POOLED,
    many: bool = False,
    normalise: bool = True,
    cost: float | None = None,
    scales: tuple[int, ...] = (),
    size: int = 224,
) -> System:
    """A linear support vector machine a class on the features of a trunk that stands still.

    Args:
        classes: Names of the classes.
        trunk: A trunk of ours, or any name of timm's.
        layer: What is looked at: ``pooled``, the average of the last map that has positions, or a map by name, such as
            ``fc7``.
        many: Whether a picture may show several classes, learnt from `labels`.
        normalise: Whether each picture's features are brought to a length of 1.
        cost: The machines' constant C; by default cross-validation chooses it.
        scales: Sides in pixels at which each picture is seen; its features are averaged. By default `size` alone.
        size: Side in pixels of the square cut from the middle.
    """
    if any(side < 1 for side in scales) or (cost is not None and cost <= 0):
        raise UsageError("scales and a cost above 0", f"{list(scales)} and {cost}")
    built = trunk.built(fc=layer != POOLED)
    name = _last_with_positions(built) if layer == POOLED else layer
    if name not in built.levels:
        listed = ", ".join([POOLED, *built.levels])
        raise UsageError(f"a layer of {trunk.named}", repr(layer), cure=f"choose one of {listed}")
    largest = max(scales, default=size)
    pooled = PooledTrunk(built, name, [side / largest for side in sorted(set(scales)) if side != largest])
    head = SvmHead(POOLED, pooled.levels[POOLED].channels, len(classes), many=many, normalise=normalise, cost=cost)
    return System(
        pooled, {"label": head}, classes=classes, input=built.preprocessing.centre_crop(largest), recipe=RECIPE
    )


def _last_with_positions(trunk: Trunk) -> str:
    return next((name for name, level in reversed(list(trunk.levels.items())) if level.stride is not None), "")
