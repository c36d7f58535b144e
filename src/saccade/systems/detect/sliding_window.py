"""A classifier slid over the picture at several sizes: where the ladder of detectors starts.

Paper: Vaillant, Monrocq, LeCun 1994, Original approach for the localisation of objects in images, IEE Proceedings on
Vision, Image and Signal Processing 141(4): a network that learns from windows with and without an object, then runs
over whole pictures at once, at several sizes.
"""

from dataclasses import dataclass, replace
from typing import Literal

from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.core.options.options import OptionGroup
from saccade.heads.windows.sliding import SlidingHead, SlidingRules
from saccade.heads.windows.sliding_crops import SlidingCropsHead
from saccade.heads.windows.window_predictions import WindowPredictions
from saccade.network.card import Card, system
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.online_hard_mining import OnlineHardMining
from saccade.ops.boxes.samplers import RandomSampler
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.windows.samples import Jitter, WindowSample
from saccade.ops.windows.scales import WindowScales
from saccade.systems.detect.parts.window import EVERY_SIZE, slid_trunk
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.window_trunk import WindowTrunk, window_by_window

Evaluate = Literal["dense", "windows"]

# Moved a little, a box still shows its object; moved far, it is the background that is hardest to tell from it.
SAMPLE = WindowSample(
    jitters=(Jitter(4, shift=0.12, growth=0.2), Jitter(6, shift=0.8, growth=0.6)),
    each=20,
    matcher=Matcher(high=0.6, low=0.4, best="ties"),
    pick=RandomSampler(number=96, share=0.25),
)
NEGATIVES = OnlineHardMining(most=32, random=32)
# Many windows show an object about equally well: what stays lies in their middle.
KEEP = Suppression(score=0.05, first=400, each="class", overlap=0.3, limit=100, vote=0.5)

RECIPE = Recipe(
    optimiser="adamw",
    lr=2e-3,
    weight_decay=0.05,
    decay_all=False,
    schedule="cosine",
    warmup=0.05,
    epochs=30,
    batch=4,
    clip=1.0,
    augmentation=Augmentation(flip=0.5, brightness=0.2, contrast=0.2, saturation=0.2),
    best="AP",
    note="Vaillant 1994 learns from windows with and without an object and then runs over whole pictures, densely. The "
    "trunk is free here and so the rest is ours: decoupled weight decay and a cosine; of each picture all windows that "
    "show an object, 32 of its background that offend most and 32 at random. One by one (--evaluate windows) it learns "
    "from 96 that are cut out, a quarter of them objects' boxes moved a little, the others near objects and anywhere.",
)


@dataclass(frozen=True)
class WindowOptions(OptionGroup):
    """Which windows of a picture the classifier sees.

    Attributes:
        window: Side in pixels of the windows that the classifier sees.
        stride: Pixels between windows: the trunk ends at its last map of that stride. None: at its deepest map.
        scales: Sizes at which the picture is seen, as factors of `size`; 1 finds the smallest objects.
        ratios: Heights over widths of the windows on the picture, which is stretched so that they become squares.
    """

    window: int = 32
    stride: int | None = None
    scales: tuple[float, ...] = EVERY_SIZE
    ratios: tuple[float, ...] = (1.0,)

    @property
    def factors(self) -> list[tuple[float, float]]:
        """Height and width of each picture that is seen, over those of the picture itself."""
        return [(scale * ratio**-0.5, scale * ratio**0.5) for scale in self.scales for ratio in self.ratios]


@system(
    Card(
        task="detect",
        year=1994,
        paper="Vaillant, Monrocq, LeCun: Original approach for the localisation of objects in images, IEE Proc. 141(4)",
        needs=("instances.boxes", "instances.labels"),
        size=384,
        classes=20,
    )
)
def sliding_window(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("resnet20"),
    windows: WindowOptions = WindowOptions(),
    fc: bool = False,
    evaluate: Evaluate = "dense",
    overlap: float = 0.3,
    size: int = 384,
) -> System:
    """A classifier with a background class on all windows of a picture; those that overlap become one.

    Args:
        classes: Names of the classes.
        trunk: Any trunk of ours whose stages run in a row: ``lenet5``, ``resnet20``, ``vgg16`` …
        windows: Which windows the classifier sees.
        fc: Whether the trunk's fully connected layers slide too, as convolutions; they need the window that they were
            built for, such as 224 pixels. Without them a window is the average over its positions.
        evaluate: ``dense``: all windows at once. ``windows``: each is cut out and runs alone, which costs much more.
            It is trained in the same way, since a trunk that pads tells one from the other.
        overlap: Intersection over union above which the less sure of two windows goes.
        size: Length of the picture's shorter side in pixels at a scale of 1.

    Raises:
        UsageError: There is no such trunk, it has no map of that stride, or windows of that size do not fit it.
    """
    classifier = slid_trunk(trunk, fc=fc, stride=windows.stride)
    channels = classifier.preprocessing.channels
    answers = WindowPredictions(replace(KEEP, overlap=overlap))
    if evaluate == "dense":
        body = WindowTrunk(classifier, windows.window, windows.factors, channels)
        rules = SlidingRules(SAMPLE.matcher, NEGATIVES, answers)
        head = SlidingHead(tuple(body.levels), body.size, len(classes), body.scales, rules)
    else:
        body, level = window_by_window(classifier, windows.window, channels)
        places = WindowScales(windows.window, level.stride or 1, tuple(windows.factors))
        head = SlidingCropsHead(body.describe, level.channels, len(classes), places, SAMPLE, answers)
    spec = body.preprocessing.onto(InputSpec("shorter", shorter=size))
    return System(body, {"windows": head}, classes=classes, input=spec, recipe=RECIPE)
