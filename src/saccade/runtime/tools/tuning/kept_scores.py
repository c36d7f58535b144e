"""Scores of pixels of some pictures, found once and kept in a folder, so that many filters can be tried on them.

Legend: C classes, (H, W) a picture's own pixels, K its channels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.input.channels import as_float
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.tensors.safetensors_file import read_tensors, write_tensors
from saccade.safe_io.writing.atomic import replacing


@dataclass(frozen=True)
class KeptPicture:
    """One picture.

    Attributes:
        id: Its name.
        image: (K, H, W) on the scale 0..255.
        scores: (C, H, W) float32 probabilities.
        semantic: (H, W) int64 true classes, 255 where they are unknown.
    """

    id: str
    image: Tensor
    scores: Tensor
    semantic: Tensor


@dataclass(frozen=True)
class KeptScores:
    """Pictures of a data set whose scores lie in a folder, in half precision.

    Attributes:
        folder: The folder.
        dataset: The data set.
        places: Places of the pictures in it.
    """

    folder: Path
    dataset: Dataset
    places: Sequence[int]

    def find(self, predictor: Predictor, told: Callable[[int, int], None] | None = None) -> None:
        """Ask the network about the pictures that are not there yet.

        Args:
            predictor: The network in use, which keeps scores.
            told: Takes how many pictures are there, and of how many.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for done, place in enumerate(self.places, 1):
            if not self._path(place).is_file():
                self._keep(predictor, place)
            if told is not None:
                told(done, len(self.places))

    def __iter__(self) -> Iterator[KeptPicture]:
        for place in self.places:
            found = read_tensors(self._path(place))
            image, scores, semantic = found["image"], found["scores"].float(), found["semantic"].long()
            yield KeptPicture(self.dataset.id(place), as_float(image) * 255, scores, semantic)

    def _keep(self, predictor: Predictor, place: int) -> None:
        sample = self.dataset[place]
        scores = predictor([sample.image])[0].get("semantic_scores").half()
        tensors = {"image": sample.image, "scores": scores, "semantic": sample.truth.get("semantic").to(torch.int16)}
        with replacing(self._path(place)) as partial:
            write_tensors(partial, tensors)

    def _path(self, place: int) -> Path:
        return self.folder / f"{place}.safetensors"


def chosen_places(dataset: Dataset, most: int) -> list[int]:
    """Places of at most so many pictures whose pixels have classes, spread evenly.

    Raises:
        ConfigError: No picture has some.
    """
    known = [place for place in range(len(dataset)) if dataset.truth(place).has("semantic")]
    if not known:
        raise ConfigError("pictures whose pixels have classes", f"none of {len(dataset)}", cure="give other --data")
    count = min(most, len(known))
    return [known[number * len(known) // count] for number in range(count)]
