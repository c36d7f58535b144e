"""Look into a network: what it sees in a picture, as pictures."""

import os
from collections.abc import Sequence
from pathlib import Path

from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.explain.occlusion import probability_of
from saccade.explain.subject import Subject
from saccade.explain.views import Visualization, visualize
from saccade.network.system import System
from saccade.runtime.device import evaluating
from saccade.runtime.predict.given import Picture, read_picture
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load


def look(
    run: str | os.PathLike[str] | Predictor | System,
    picture: Picture,
    label: str | int | None = None,
    views: Sequence[str] = (),
    layer: str | None = None,
) -> dict[str, Visualization]:
    """Views of what a network sees in a picture.

    Args:
        run: A run (its folder, or what `train` returned), a `Predictor`, or a `System`.
        picture: Whatever a `Predictor` takes: a path, an address, bytes, a Pillow picture or an array.
        label: The class that is asked about, by name or number; by default the network's best prediction.
        views: Names of views, such as ``cam``; by default all that the network has.
        layer: The layer that views of one layer look at: a map's name, and for ``cam`` and ``field`` also a
            module's path.

    Returns:
        The views by name: ``answer``, ``cam``, ``occlusion``, ``field``, ``filters``, ``activations``,
        ``deconvnet``, ``anchors``, ``targets`` and ``cells``, as far as the network has them, and ``PART/VIEW`` for
        what its parts show of their own. Each has a `picture` (PIL), a `title` and `facts`.

    Raises:
        DataError: The picture or the run cannot be read.
        UsageError: The class, a view or the layer is unknown; the message lists those that there are.
        ConfigError: A value or gradient inside the network is not finite.
    """
    predictor = run if isinstance(run, Predictor) else Predictor(run) if isinstance(run, System) else load(Path(run))
    subject = subject_of(predictor, read_picture(picture, predictor.engine.input.channels), label)
    with evaluating(predictor.system):
        return visualize(subject, views, layer)


def subject_of(predictor: Predictor, picture: Picture, label: str | int | None = None, group: int = 16) -> Subject:
    """A picture in front of a network in use, with the network's prediction.

    Args:
        predictor: The network in use.
        picture: Whatever a `Predictor` takes.
        label: The class that is asked about; by default the network's best prediction.
        group: Changed copies of the picture that may go through the network together.

    Raises:
        DataError: The picture cannot be read.
        UsageError: The class is unknown.
    """
    image = read_picture(picture, predictor.engine.input.channels)
    batch = predictor.engine.place(predictor.system.batch([image]))
    (prediction,) = predictor.predictions(batch)
    chosen = best_label(prediction) if label is None else label_of(predictor.classes, label)
    probability, least = probability_of(prediction, chosen), predictor.engine.drawn_from
    return Subject(predictor.system, image, batch, prediction, chosen, probability, group, least)


def best_label(prediction: Annotation) -> int:
    """The class that a prediction is most for; 0 where it is for none."""
    if prediction.label_scores is not None:
        return int(prediction.label_scores.argmax())
    rows = prediction.instances
    if rows is None or rows.labels is None or not len(rows):
        return 0
    return int(rows.labels[0 if rows.scores is None else int(rows.scores.argmax())])


def label_of(classes: Sequence[str], label: str | int) -> int:
    """The number of a class that is given by name or number.

    Raises:
        UsageError: There is no such class.
    """
    if isinstance(label, int) and 0 <= label < len(classes):
        return label
    if isinstance(label, str) and label in classes:
        return list(classes).index(label)
    listed = ", ".join(classes[:20]) + (", …" if len(classes) > 20 else "")
    raise UsageError("a class of the network", repr(label), cure=f"classes are {listed}")
