"""What a network sees, for the report of its run: first-layer filters, and class activation in a few pictures."""

import warnings
from collections.abc import Sequence

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.explain.views import views_of, visualize
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.runtime.device import evaluating
from saccade.runtime.inspect.look import subject_of
from saccade.runtime.predict.predictor import Predictor
from saccade.view.pages.content import Panel

EACH = 2  # right predictions, and as many wrong ones: a gradient a picture costs little


def explanations(predictor: Predictor, dataset: Dataset, evaluation: Evaluation) -> tuple[Panel, ...]:
    """Plates for the report of a network that says the class of whole pictures; none for any other.

    A failure is no reason to lose the report of a training, and no reason to be silent: it becomes a warning.

    Args:
        predictor: The network in use.
        dataset: What it was measured on.
        evaluation: What was found there; wrong predictions and right ones are taken from both ends of its ranking.
    """
    system = predictor.system
    if not system.gives & {"label", "labels"} or "cam" not in views_of(system) or not evaluation.judged:
        return ()
    try:
        with evaluating(system):
            return _panels(predictor, dataset, _chosen(evaluation.judged))
    except Exception as error:
        warnings.warn(f"the report lacks what the network sees: {error}", stacklevel=2)
        return ()


def _chosen(judged: Sequence[PictureSeverity]) -> list[PictureSeverity]:
    """The most wrong and the most right pictures, each once."""
    return list(judged) if len(judged) <= 2 * EACH else [*judged[:EACH], *judged[-EACH:]]


def _panels(predictor: Predictor, dataset: Dataset, judged: Sequence[PictureSeverity]) -> tuple[Panel, ...]:
    places = {dataset.id(index): index for index in range(len(dataset))}
    panels: list[Panel] = []
    wanted = [name for name in ("filters", "cam") if name in views_of(predictor.system)]
    for one in judged:
        sample = dataset[places[one.id]]
        subject = subject_of(predictor, sample.image)
        for seen in visualize(subject, wanted, of_run=not panels).values():
            of_picture = f"{one.id}\n{subject.caption}, truth: {_told(sample.truth, dataset.classes)}"
            panels.append(Panel(seen.title, of_picture if seen.name == "cam" else seen.lead, seen.picture))
    return tuple(panels)


def _told(truth: Annotation, classes: Sequence[str]) -> str:
    """The class or classes that the truth gives a picture."""
    if truth.label is not None:
        return str(classes[int(truth.label)])
    shown = [] if truth.labels is None else (truth.labels == 1).nonzero()[:, 0].tolist()
    return ", ".join(str(classes[label]) for label in shown) or "none"
