"""What a report says, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from saccade.metrics.evaluation import Evaluation
from saccade.metrics.illustration import Key
from saccade.view.pages.feature_view import FeatureView


@dataclass(frozen=True)
class GalleryItem:
    """A picture of the report.

    Attributes:
        caption: What is to be said of it; lines are kept.
        prediction: The picture with the prediction drawn.
        truth: The picture with the truth drawn, shown to the left, or None.
        note: A few characters in a corner of the caption, such as ``38 %``.
        bad: Whether the note is a bad one.
    """

    caption: str
    prediction: Image.Image
    truth: Image.Image | None = None
    note: str = ""
    bad: bool = False


@dataclass(frozen=True)
class Panel:
    """A picture of what a network sees.

    Attributes:
        title: What kind of picture it is.
        caption: What is to be said of it.
        picture: RGB.
    """

    title: str
    caption: str
    picture: Image.Image


@dataclass(frozen=True)
class ReportContent:
    """What a report says; each part may be absent, and its section then is too.

    Attributes:
        system: Name of the system.
        data: Name of the data.
        facts: What stands below the title: when, how long, on which device, how many pictures.
        command: What was typed.
        training: One record a step: ``step``, ``loss``, ``loss/HEAD/TERM``, ``lr``.
        validation: One record a validation: ``step``, ``loss``, scores.
        evaluation: How good the predictions are.
        worst: The pictures that were got most wrong.
        typical: A sample of all pictures.
        features: How the network arranges the pictures.
        seen: What the network sees in some of them.
        colours: The classes in the colours that they are drawn in.
        table: Name of the file beside the page that holds the scores of each picture.
        settings: Settings of the training.
        environment: Versions of software, and the machine.
    """

    system: str
    data: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    training: Sequence[Mapping[str, Any]] = ()
    validation: Sequence[Mapping[str, Any]] = ()
    evaluation: Evaluation | None = None
    worst: Sequence[GalleryItem] = ()
    typical: Sequence[GalleryItem] = ()
    features: FeatureView | None = None
    seen: Sequence[Panel] = ()
    colours: Sequence[Key] = ()
    table: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
