"""Which metrics apply: a table of what each reads of a system's predictions and what it needs of a data set's truth.

Fields alone decide. A new family of metrics is a file of its own, and a row here.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from saccade.core.dataset import Joints
from saccade.core.vocabulary import UNTOLD_CONTOURS, Names, Vocabularies
from saccade.metrics.classify.classification import Classification, MultiLabel
from saccade.metrics.detect.boundary import BoundaryDetection
from saccade.metrics.detect.detection import Detection
from saccade.metrics.localize.localization import Localization
from saccade.metrics.metric import Metric
from saccade.metrics.pose.keypoint_detection import KeypointDetection
from saccade.metrics.pose.pose import Pose
from saccade.metrics.segment.borders import Borders
from saccade.metrics.segment.calibration import PixelCalibration
from saccade.metrics.segment.class_contours import ClassContours
from saccade.metrics.segment.contours import Contours
from saccade.metrics.segment.segmentation import Segmentation
from saccade.metrics.segment.several import SeveralSegmentation


class Family(NamedTuple):
    """A metric, and when it applies.

    Attributes:
        make: Makes it from the names of its vocabulary's classes, and of those beside it.
        reads: Dotted fields that predictions must have.
        needs: Dotted fields that the truth must have.
        vocabulary: The field whose labels it counts: its class names are those of this field.
        unless: Dotted fields of predictions in whose presence another family speaks.
        beside: Fields whose names it is made from too.
        of_classes: Whether the names must be those of classes, not of contours of whatever there is.
        of_joints: Whether it is made from the joints' constants of similarity too, as far as the data tell them.
    """

    make: Callable[..., Metric]
    reads: frozenset[str]
    needs: frozenset[str]
    vocabulary: str = "instances"
    unless: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()
    of_classes: bool = False
    of_joints: bool = False


_BOXES = frozenset({"instances.boxes"})
_LABELS = frozenset({"instances.labels"})
_MASKS = frozenset({"instances.masks"})
_RANKED = _BOXES | {"instances.scores"}

FAMILIES: tuple[Family, ...] = (
    # Scores of many classes a picture are no ranking of one: top-1 would mislead.
    Family(Classification, Classification.reads, Classification.needs, unless=frozenset({"labels"})),
    Family(MultiLabel, MultiLabel.reads, MultiLabel.needs),
    # Its `dice` is that of a box; where pixels are told, boxes are beside them, and `AP` tells how good they are.
    Family(Localization, Localization.reads, Localization.needs, unless=frozenset({"semantic", "semantic_masks"})),
    Family(Pose, Pose.reads, Pose.needs, vocabulary="pose"),
    # Joints of objects come before their boxes: they are what is drawn, and what a run is known by.
    Family(KeypointDetection, KeypointDetection.reads, KeypointDetection.needs, beside=("pose",), of_joints=True),
    # Of instances the masks come first: what is drawn, and what a run is known by.
    Family(partial(Detection, shape="mask"), _RANKED | _LABELS | _MASKS, _BOXES | _LABELS | _MASKS),
    Family(Detection, _RANKED | _LABELS, _BOXES | _LABELS),
    # Proposals: what their masks or boxes hold is not told.
    Family(partial(Detection, told_apart=False, shape="mask"), _RANKED | _MASKS, _BOXES | _MASKS, unless=_LABELS),
    Family(partial(Detection, told_apart=False), _RANKED, _BOXES, unless=_LABELS),
    Family(Segmentation, Segmentation.reads, Segmentation.needs, vocabulary="semantic"),
    Family(SeveralSegmentation, SeveralSegmentation.reads, SeveralSegmentation.needs, vocabulary="semantic"),
)


def thorough(*, crests: bool = True) -> tuple[Family, ...]:
    """Metrics that cost too much for each epoch of a training: an evaluation has them too.

    Args:
        crests: Whether contours are brought to their crests before they are measured.
    """
    return (
        Family(Borders, Borders.reads, Borders.needs, vocabulary="semantic"),
        Family(PixelCalibration, PixelCalibration.reads, PixelCalibration.needs, vocabulary="semantic"),
        Family(BoundaryDetection, BoundaryDetection.reads, BoundaryDetection.needs),
        Family(partial(Contours, crests=crests), Contours.reads, Contours.needs, vocabulary="contours"),
        Family(ClassContours, ClassContours.reads, ClassContours.needs, vocabulary="contours", of_classes=True),
    )


THOROUGH = thorough()


def choose(
    gives: frozenset[str],
    truth_fields: frozenset[str],
    names: Names,
    families: Sequence[Family] = FAMILIES,
    joints: Joints | None = None,
) -> list[Metric]:
    """The metrics that apply to a system's predictions about a data set.

    Args:
        gives: Dotted fields that the system's predictions fill.
        truth_fields: Dotted fields that the data set annotates.
        names: Names of the classes, by vocabulary where fields differ in them.
        families: The metrics to choose from.
        joints: What the data set's joints are, where it tells.
    """
    vocabularies = Vocabularies.of(names, gives | truth_fields)
    told = {"sigmas": joints.sigmas} if joints is not None else {}
    return [
        family.make(
            *(vocabularies.names(field) for field in (family.vocabulary, *family.beside)),
            **(told if family.of_joints else {}),
        )
        for family in families
        if family.reads <= gives and family.needs <= truth_fields and not family.unless & gives
        if not family.of_classes or vocabularies.names(family.vocabulary) not in ((), UNTOLD_CONTOURS)
    ]
