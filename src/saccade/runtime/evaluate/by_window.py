"""Very large pictures are measured part by part: neither they, nor scores or classes of their pixels, are held whole.

Of a picture a row of tiles is seen, the rows of pixels that no further tile shows are decided, held against the same
rows of the truth, counted and forgotten. What cannot be counted so is not told: losses, which are of pictures as a
training sees them, and scores that need the whole map, such as ``boundary_f1``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, DataError, SaccadeError, UsageError
from saccade.core.score_maps import best
from saccade.data.datasets.by_window import ClassesByWindow, classes_by_window
from saccade.data.datasets.picture import path_of
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.evaluator import Evaluator
from saccade.metrics.families import FAMILIES, THOROUGH, choose
from saccade.metrics.metric import Metric, TakesParts
from saccade.runtime.predict.engine import Engine
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import UnreadablePicture
from saccade.runtime.predict.views.multi_scale_flip import Window


def measured_by_window(
    predictor: Predictor,
    dataset: Dataset,
    *,
    batch: int = 16,
    metrics: Sequence[Metric] = (),
    told: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """How good a segmenter is on pictures that it sees tile by tile; the counts are those of the same tiles held whole.

    Args:
        predictor: The segmenter in use, with tiles.
        dataset: The pictures. Those of a large TIFF are read by window, and so is a large TIFF of their classes, where
            the data set has `classes_by_window`; others are decoded whole.
        batch: Tiles that go through the network together.
        metrics: Further metrics beside those that apply; they take parts of pictures.
        told: Takes how many pictures are measured, and of how many.

    Raises:
        ConfigError: The network says no class of each pixel, or the data have none.
        DataError: A picture or its classes cannot be read, or are of different sizes.
        UsageError: A further metric takes whole pictures alone.
    """
    _check(predictor.engine, dataset)
    whole = [type(metric).__name__ for metric in metrics if not isinstance(metric, TakesParts)]
    if whole:
        raise UsageError("metrics that take parts of a picture (add_part, end_picture)", ", ".join(whole))
    fields = frozenset(dataset.fields)
    applying = choose(predictor.engine.gives, fields, dataset.vocabularies, (*FAMILIES, *THOROUGH))
    evaluator = Evaluator([*(one for one in applying if isinstance(one, TakesParts)), *metrics], dataset.classes)
    for index in range(len(dataset)):
        _measure(predictor, dataset, index, batch, evaluator)
        if told is not None:
            told(index + 1, len(dataset))
    return evaluator.result()


def _check(engine: Engine, dataset: Dataset) -> None:
    strange = sorted({"semantic", "semantic_scores"} - engine.gives)
    if strange or "semantic" not in dataset.fields:
        found = f"a network that does not give {strange[0]}" if strange else "data without them"
        raise ConfigError(
            "a segmenter, and data with one class a pixel, to be measured by window",
            found,
            cure="leave --max-pixels out, and measure on smaller pictures",
        )


def _measure(predictor: Predictor, dataset: Dataset, index: int, batch: int, evaluator: Evaluator) -> None:
    """One picture, part by part."""
    name = dataset.id(index)
    picture, classes = _opened(dataset, index, predictor.max_pixels)
    item = predictor.preprocessor().take(0, picture)
    if isinstance(item, UnreadablePicture):
        raise item.error
    if classes is not None and classes.size != item.size:
        raise DataError(
            f"classes of {item.size[1]}x{item.size[0]} pixels, the size of their picture",
            f"{classes.size[1]}x{classes.size[0]}",
            path=name,
            cure="export the mask again at the picture's size, by nearest neighbours",
        )

    def take(window: Window, scores: Tensor, shown: Tensor) -> None:
        if classes is not None:
            prediction = Annotation(semantic=best(scores, shown), semantic_scores=scores)
            evaluator.add_part(prediction, Annotation(semantic=classes.read(*window).long()), name)

    for _, prediction in predictor.prediction([[replace(item, take_part=take)]], batch=batch):
        if isinstance(prediction, SaccadeError):
            raise prediction
    evaluator.end_picture(name)


def _opened(dataset: Dataset, index: int, most: int) -> tuple[Path | Tensor, ClassesByWindow | None]:
    """A picture's file, or its pixels where it has none of its own; its classes, or None where nobody told them."""
    classes = classes_by_window(dataset, index, most)
    path = None if classes is None else path_of(dataset, index)
    if path is not None:
        return path, classes
    sample = dataset[index]
    known = sample.truth.semantic
    return sample.image, None if known is None else ClassesByWindow.of(known)
