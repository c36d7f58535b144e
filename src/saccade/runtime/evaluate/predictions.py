"""What a network in use says of pictures of a data set."""

from collections.abc import Iterator, Sequence

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import SaccadeError
from saccade.runtime.predict.predictor import Predictor


def predictions(predictor: Predictor, dataset: Dataset, batch: int, places: Sequence[int]) -> Iterator[Annotation]:
    """Predictions about the pictures at some places, in this order; those that are found too early wait.

    Args:
        predictor: The network in use. One of a single person's pose is told by the truth where that person is.
        dataset: The pictures.
        batch: Pictures that go through the network together.
        places: Which of them.

    Raises:
        SaccadeError: A picture cannot be predicted.
    """
    preprocessor, samples = predictor.preprocessor(), enumerate(dataset[place] for place in places)
    group = [preprocessor.take(at, sample.image, sample) for at, sample in samples]
    early: dict[int, Annotation] = {}
    following = 0
    for item, prediction in predictor.prediction([group], batch=batch):
        if isinstance(prediction, SaccadeError):
            raise prediction
        early[item.place] = prediction
        while following in early:
            yield early.pop(following)
            following += 1
