"""Pictures that nobody has annotated, those first of which a network is least sure: what to label next.

Source: Settles 2009, Active learning literature survey, section 3.1: uncertainty sampling by the margin between the two
likeliest classes; of joints by the least confidence.

Legend: n objects, C classes, (H, W) picture.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, SaccadeError
from saccade.runtime.predict.predictor import Predictor

# Objects whose uncertainty makes that of their picture: with all of them, crowds of the unlikely would come first.
MOST_DOUBTFUL = 3


@dataclass(frozen=True)
class Doubt:
    """A picture, and how unsure the network is of it.

    Attributes:
        path: The file.
        doubt: 0..1, the mean over the fields that the network gives.
        of: The doubt of each field.
    """

    path: Path
    doubt: float
    of: Mapping[str, float]


def label_next(
    predictor: Predictor,
    pictures: Sequence[Path],
    failed: Callable[[Path, SaccadeError], None],
    tell: Callable[[int, int], None] = lambda _, __: None,
) -> list[Doubt]:
    """Pictures by falling doubt.

    Args:
        predictor: The network in use; one that gives classes of pixels must keep their scores.
        pictures: Files.
        failed: Takes each picture that cannot be read, with the error; it is in no place of the result.
        tell: Called with how many pictures are done, and of how many.

    Raises:
        ConfigError: Nothing that the network gives says how sure it is.
    """
    rules = {field: rule for field, rule in DOUBTS.items() if field in _scored(predictor)}
    if not rules:
        given = ", ".join(sorted(predictor.engine.gives))
        raise ConfigError(f"a network that gives one of {', '.join(DOUBTS)}", given)
    found: list[Doubt] = []
    for done, (place, prediction) in enumerate(predictor.stream(list(pictures)), 1):
        tell(done, len(pictures))
        if isinstance(prediction, SaccadeError):
            failed(pictures[place], prediction)
            continue
        of = {field: rule(prediction) for field, rule in rules.items() if prediction.get(field) is not None}
        found.append(Doubt(pictures[place], sum(of.values()) / max(len(of), 1), of))
    return sorted(found, key=lambda one: (-one.doubt, str(one.path)))


def _scored(predictor: Predictor) -> Iterator[str]:
    """Fields with scores: those of pixels come with the classes of pixels."""
    yield from predictor.engine.gives
    yield from (f"{field}_scores" for field in predictor.engine.gives if field == "semantic")


def _margin(scores: Tensor) -> Tensor:
    """1 less what the likeliest class is ahead of the next, along the first axis; of one class 1 - |2 p - 1|."""
    if len(scores) < 2:
        return 1 - (2 * scores[0] - 1).abs()
    first, second = scores.topk(2, 0).values
    return 1 - (first - second)


def _of_label(said: Annotation) -> float:
    return 0.0 if said.label_scores is None else float(_margin(said.label_scores))


def _of_objects(said: Annotation) -> float:
    """The mean doubt of the most doubtful objects: a score of .5 is nobody's guess, 0 and 1 are sure."""
    scores = None if said.instances is None else said.instances.scores
    if scores is None or not len(scores):
        return 0.0
    doubts = (1 - (2 * scores - 1).abs()).sort(descending=True).values[:MOST_DOUBTFUL]
    return float(doubts.sum() / MOST_DOUBTFUL)


def _of_pixels(said: Annotation) -> float:
    return 0.0 if said.semantic_scores is None else float(_margin(said.semantic_scores).mean())


def _of_joints(said: Annotation) -> float:
    """The mean doubt of the joints, 1 less the height of their maps: a faint map is sure of nothing."""
    scores = said.pose_scores
    return 0.0 if scores is None or not len(scores) else float(1 - scores.clamp(0, 1).mean())


DOUBTS: dict[str, Callable[[Annotation], float]] = {
    "label_scores": _of_label,
    "instances.scores": _of_objects,
    "semantic_scores": _of_pixels,
    "pose_scores": _of_joints,
}
