"""From pictures to answers: the one way of use, for the API, the command line and the service."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import SaccadeError, UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.network.system import System
from saccade.runtime.answers import finish
from saccade.runtime.buckets import buckets
from saccade.runtime.device import at_home, evaluating, is_out_of_memory, out_of_memory, pick_device, pick_dtype
from saccade.runtime.incoming import Incoming, Intake, Picture, Refused
from saccade.runtime.picture_views import Views, check_views, gathered, keep_of, merged

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
        scales: Sizes at which each picture is seen, as factors of its usual one; of several the answers are merged
            (`runtime.picture_views`).
        flip: Whether each picture is seen mirrored too.

    Raises:
        UsageError: There is no such device or precision, or a scale is out of bounds.
        ConfigError: The system cannot be shown several views.
    """

    def __init__(
        self,
        system: System,
        precision: str | None = "32",
        device: str = "auto",
        scales: Sequence[float] = (1.0,),
        flip: bool = False,
    ) -> None:
        self.device, self.dtype = pick_device(device), pick_dtype(precision)
        self.views = Views(tuple(map(float, scales)), flip)
        self.system = at_home(system, self.device, self.dtype)
        with evaluating(self.system):
            check_views(self.system, self.views)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; labels are their positions. Of several vocabularies those of the main one."""
        return self.system.classes

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        return self.system.vocabularies

    @property
    def intake(self) -> Intake:
        """How pictures get into the network."""
        return Intake(self.system.input, self.system.search, self.views)

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
            raise UsageError("a list of pictures and a batch of at least 1", f"{pictures}, {batch}")
        yield from self.answer(self.intake.each(pictures), threshold, batch)

    def answer(
        self, taken: Iterable[Incoming | Refused], threshold: float = 0.0, batch: int = 16
    ) -> Iterator[tuple[int, Answer]]:
        """Position and answer of each picture that `intake` took in, as they are found."""
        found = self._each(taken, threshold, batch)
        if self.views.plain:
            yield from ((item.place, answer) for item, answer in found)
            return
        keep = keep_of(self.system)
        for place, answers in gathered(self._by_view(found), len(self.views)):
            yield place, _first_error(answers) or merged([one for one in answers if isinstance(one, Annotation)], keep)

    def _each(
        self, taken: Iterable[Incoming | Refused], threshold: float, batch: int
    ) -> Iterator[tuple[Incoming | Refused, Answer]]:
        """What was taken in, each with its answer."""
        refused: list[Refused] = []
        spec = self.system.input
        read = _sift(taken, refused)
        for group in buckets(read, lambda i: spec.padded(i.frame.target), lambda i: i.image[0].numel(), batch, ROOM):
            yield from self._answer_group(group, threshold)
            yield from _drain(refused)
        yield from _drain(refused)

    def _by_view(self, found: Iterable[tuple[Incoming | Refused, Answer]]) -> Iterator[tuple[int, int, Answer]]:
        """Place, view and answer; a picture that was refused gives its error for every view."""
        for item, answer in found:
            for view in [item.view] if isinstance(item, Incoming) else range(len(self.views)):
                yield item.place, view, answer

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

    def _answer_group(self, group: Sequence[Incoming], threshold: float) -> Iterator[tuple[Incoming, Answer]]:
        """Answers to pictures of one size; where they do not fit into memory together, they go one by one."""
        try:
            images, frames, regions = zip(*((i.image, i.frame, i.regions) for i in group), strict=True)
            batch = self.system.input.assemble(images, frames, regions=regions)
            yield from zip(group, self.answers(batch, threshold), strict=True)
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
            yield group[0], out_of_memory(f"a picture of {height}x{width} pixels", self.device)


def _sift(stream: Iterable[Incoming | Refused], refused: list[Refused]) -> Iterator[Incoming]:
    """Those that came in; the others are put into `refused`."""
    for item in stream:
        if isinstance(item, Incoming):
            yield item
        else:
            refused.append(item)


def _drain(refused: list[Refused]) -> Iterator[tuple[Refused, SaccadeError]]:
    while refused:
        item = refused.pop(0)
        yield item, item.error


def _first_error(answers: Iterable[Answer]) -> SaccadeError | None:
    return next((answer for answer in answers if isinstance(answer, SaccadeError)), None)
