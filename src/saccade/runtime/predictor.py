"""From pictures to answers: the one way of use, for the API, the command line and the service."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import SaccadeError, UsageError
from saccade.network.system import System
from saccade.runtime.answers import finish
from saccade.runtime.buckets import buckets
from saccade.runtime.device import at_home, evaluating, is_out_of_memory, out_of_memory, pick_device, pick_dtype
from saccade.runtime.incoming import Incoming, Picture, Refused, incoming

# Pixels of resized pictures that may wait for others of their size: 800 MB as float RGB.
ROOM = 2**26

Answer = Annotation | SaccadeError


class Predictor:
    """A system in use. Pictures are grouped by size, so that the company of others never changes an answer.

    The given system itself is used where it has the right device and precision, and a copy of it elsewhere.

    Args:
        system: The network.
        precision: ``32``, ``bf16`` or ``16``: the type to which weights are cast.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    """

    def __init__(self, system: System, precision: str | None = "32", device: str = "auto") -> None:
        self.device, self.dtype = pick_device(device), pick_dtype(precision)
        self.system = at_home(system, self.device, self.dtype)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; labels are their positions."""
        return self.system.classes

    def __call__(self, pictures: Iterable[Picture], threshold: float = 0.0, batch: int = 16) -> list[Annotation]:
        """Answers to pictures, in their order.

        Args:
            pictures: Paths, or (C, H, W) arrays: uint8 0..255 or float 0..1.
            threshold: Instances that score less are left out.
            batch: Greatest number of pictures that go through the network together.

        Returns:
            One annotation a picture, in its own pixels (of a file: after its EXIF orientation), on the CPU, float32,
            instances by falling score.

        Raises:
            DataError: A picture cannot be read.
            ResourceError: A picture alone does not fit into memory.
        """
        found: dict[int, Annotation] = {}
        for place, answer in self.stream(pictures, threshold, batch):
            if isinstance(answer, SaccadeError):
                raise answer
            found[place] = answer
        return [found[place] for place in sorted(found)]

    def stream(
        self, pictures: Iterable[Picture], threshold: float = 0.0, batch: int = 16
    ) -> Iterator[tuple[int, Answer]]:
        """Position and answer of each picture, as they are found; a picture that fails gives its error.

        Raises:
            UsageError: A single picture is given instead of several, or `batch` is below 1.
        """
        if isinstance(pictures, str | Path) or batch < 1:
            raise UsageError(f"a list of pictures and a batch of at least 1 are expected, found {pictures}, {batch}")
        yield from self.answer(incoming(pictures, self.system.input, self.system.search), threshold, batch)

    def answer(
        self, taken: Iterable[Incoming | Refused], threshold: float = 0.0, batch: int = 16
    ) -> Iterator[tuple[int, Answer]]:
        """Position and answer of each picture that was taken in, as they are found."""
        refused: list[Refused] = []
        spec = self.system.input
        read = _sift(taken, refused)
        for group in buckets(read, lambda i: spec.padded(i.frame.target), lambda i: i.image[0].numel(), batch, ROOM):
            yield from self._answer_group(group, threshold)
            yield from _drain(refused)
        yield from _drain(refused)

    def answers(self, batch: Batch, threshold: float = 0.0) -> list[Annotation]:
        """Answers to the pictures of a batch, each in its own pixels, on the CPU, float32."""
        with evaluating(self.system):
            guesses = self.system.predict(self.place(batch))
        return batch.undo([finish(guess, threshold) for guess in guesses])

    def raw(self, batch: Batch) -> dict[str, Any]:
        """Each head's raw output, on the predictor's device and in its precision."""
        with evaluating(self.system), torch.no_grad():
            return self.system.forward(self.place(batch))

    def place(self, batch: Batch) -> Batch:
        """The batch on the predictor's device, its pictures in its precision."""
        batch = batch.to(self.device)
        return replace(batch, images=batch.images.to(self.dtype))

    def _answer_group(self, group: Sequence[Incoming], threshold: float) -> Iterator[tuple[int, Answer]]:
        """Answers to pictures of one size; where they do not fit into memory together, they go one by one."""
        try:
            regions = [i.regions for i in group if i.regions is not None] or None
            batch = self.system.input.assemble([i.image for i in group], [i.frame for i in group], regions=regions)
            yield from zip([i.place for i in group], self.answers(batch, threshold), strict=True)
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(group) > 1:
            for one in group:
                yield from self._answer_group([one], threshold)
        else:
            height, width = group[0].frame.source
            yield group[0].place, out_of_memory(f"a picture of {height}x{width} pixels", self.device)


def _sift(stream: Iterable[Incoming | Refused], refused: list[Refused]) -> Iterator[Incoming]:
    """Those that came in; the others are put into `refused`."""
    for item in stream:
        if isinstance(item, Incoming):
            yield item
        else:
            refused.append(item)


def _drain(refused: list[Refused]) -> Iterator[tuple[int, SaccadeError]]:
    while refused:
        item = refused.pop(0)
        yield item.place, item.error
