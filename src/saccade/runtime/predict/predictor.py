"""From pictures to answers: the one way of use, for the API, the command line and the service.

A picture is read (`incoming`), waits for others of its size (`buckets`), goes through the network with them (`engine`),
and what is said of its views becomes one answer in its own pixels (`agreement`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, Unpack

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import SaccadeError, UsageError
from saccade.core.frame import Frame
from saccade.core.geometry.resample import Size
from saccade.core.vocabulary import Vocabularies
from saccade.network.system import System
from saccade.runtime.device import at_home, is_out_of_memory, out_of_memory, pick_device, pick_dtype
from saccade.runtime.predict.buckets import buckets
from saccade.runtime.predict.engine import Engine, engine_of, finish
from saccade.runtime.predict.merge import Agreement, check_views
from saccade.runtime.predict.multi_scale_flip import Seeing, viewing
from saccade.runtime.predict.preprocess import Incoming, Intake, Picture, Refused

# Pixels of resized pictures that may wait for others of their size: 800 MB as float RGB.
ROOM = 2**26

T = TypeVar("T")
Answer = Annotation | SaccadeError
Shown = tuple[Incoming, int]


class Said(NamedTuple):
    """What a network says of one view of a picture, in the pixels to which `frame` leads."""

    item: Incoming
    view: int
    frame: Frame
    guess: Answer


class Predictor:
    """A network in use. Pictures are grouped by size, so that the company of others never changes an answer.

    The given system itself is used where it has the right device and precision, and a copy of it elsewhere.

    Args:
        system: The network: a system, or an engine, which has a device and a precision of its own.
        precision: ``32``, ``bf16`` or ``16``: the type to which a system's weights are cast.
        device: Of a system: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        keep_scores: Whether answers hold the scores of all classes at every pixel, of networks that give some: 4 bytes
            each, a gigabyte for 21 classes of 12 megapixels.
        seen: Which views each picture is shown in: ``scales``, ``flip``, ``tile``, ``overlap`` (see `viewing`); of
            several the answers are merged (`runtime.predict.merge`).

    Raises:
        UsageError: There is no such device or precision, or a scale or tile is out of bounds.
        ConfigError: The network cannot be shown several views.
    """

    def __init__(
        self,
        system: System | Engine,
        precision: str | None = "32",
        device: str = "auto",
        *,
        keep_scores: bool = False,
        **seen: Unpack[Seeing],
    ) -> None:
        self.views, self.keep_scores = viewing(**seen), keep_scores
        if isinstance(system, System):
            system = engine_of(at_home(system, pick_device(device), pick_dtype(precision)))
        elif device != "auto" or precision not in (None, "auto", "32"):
            raise UsageError("a system for this device and precision", f"{system.name}, which has its own")
        self.engine = system
        check_views(self.engine, self.views)

    @property
    def system(self) -> System:
        """The network's layers, for those who look inside.

        Raises:
            ConfigError: It is an engine that only answers.
        """
        return self.engine.system

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; labels are their positions. Of several vocabularies those of the main one."""
        return self.vocabularies.main

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        return self.engine.vocabularies

    def intake(self, shows: bool = False) -> Intake:
        """How pictures get into the network; where it `shows`, they are kept to be drawn on."""
        return Intake(self.engine.input, self.engine.search, self.views, shows, self.engine.refine is not None)

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
        intake = self.intake()
        groups = grouped(intake, intake.each(pictures), _size_of, batch, ROOM)
        yield from ((item.place, answer) for item, answer in self.answer(groups, threshold, batch))

    def answer(
        self, groups: Iterable[Iterable[Incoming | Refused]], threshold: float = 0.0, batch: int = 16
    ) -> Iterator[tuple[Incoming | Refused, Answer]]:
        """Each picture that `intake` took in, with its answer, as they are found, group by group.

        Args:
            groups: Pictures, those together that go through the network together.
            threshold: Instances that score less are left out.
            batch: Greatest number of views that go through the network together.
        """
        for group in groups:
            read: list[Incoming] = []
            for item in group:
                if isinstance(item, Incoming):
                    read.append(item)
                else:
                    yield item, item.error
            yield from self._agreed(read, threshold, batch)

    def _agreed(self, read: Sequence[Incoming], threshold: float, batch: int) -> Iterator[tuple[Incoming, Answer]]:
        """Pictures with what their views together say; the first error of a view is the picture's."""
        keep_scores = self.keep_scores or self.engine.refine is not None
        waiting = {
            item.place: Agreement(item.views, self.engine.keep, keep_scores) if len(item.views) > 1 else None
            for item in read
        }
        for together in self._together(read, batch):
            for said in self._said(together, threshold):
                place = said.item.place
                if place in waiting and (answer := self._own(said, waiting[place], keep_scores)) is not None:
                    del waiting[place]
                    yield said.item, answer

    def _own(self, said: Said, views: Agreement | None, keep_scores: bool) -> Answer | None:
        """The answer in the picture's own pixels, once the last of its views has come; maps may not fit into memory."""
        if isinstance(said.guess, SaccadeError):
            return said.guess
        try:
            if views is None:
                answer = said.frame.undo(said.guess, keep_scores)
            else:
                answer = views.add(said.view, said.guess, said.frame)
            return None if answer is None else self.engine.last_touch(answer, said.item.image, self.keep_scores)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return _too_large(said.item, "the machine")

    def _together(self, read: Sequence[Incoming], batch: int) -> Iterator[list[Shown]]:
        """Views of one size, as many as go through the network together."""
        by_size: dict[Size, list[Shown]] = {}
        for item in read:
            for place, view in enumerate(item.views):
                by_size.setdefault(self.engine.input.padded(view.frame.target), []).append((item, place))
        for (height, width), shown in by_size.items():
            count = max(min(batch, ROOM // (height * width)), 1)
            yield from (shown[first : first + count] for first in range(0, len(shown), count))

    def _said(self, shown: Sequence[Shown], threshold: float) -> Iterator[Said]:
        """What is said of views of one size; where they do not fit into memory together, they go one by one."""
        try:
            batch = self._batch(shown)
            guesses = self.guesses(batch, threshold)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        else:
            for (item, view), frame, guess in zip(shown, batch.frames, guesses, strict=True):
                yield Said(item, view, frame, guess)
            return
        if self.engine.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(shown) > 1:
            for one in shown:
                yield from self._said([one], threshold)
        else:
            item, view = shown[0]
            yield Said(item, view, item.views[view].frame, _too_large(item, self.engine.device))

    def _batch(self, shown: Sequence[Shown]) -> Batch:
        spec = self.engine.input
        regions = [item.regions_of(view) for item, view in shown]
        images, frames = [item.see(view, spec) for item, view in shown], [item.views[v].frame for item, v in shown]
        return spec.assemble(images, frames, regions=regions)

    def guesses(self, batch: Batch, threshold: float = 0.0) -> list[Annotation]:
        """What the network says of a batch, in the batch's pixels, on the CPU, float32."""
        return [finish(guess, threshold) for guess in self.engine.decode(self.engine.forward(batch))]

    def answers(self, batch: Batch, threshold: float = 0.0) -> list[Annotation]:
        """Answers to the pictures of a batch, each in its own pixels, on the CPU, float32."""
        return batch.undo(self.guesses(batch, threshold), self.keep_scores)

    def raw(self, batch: Batch) -> Any:
        """The network's raw output, on its device and in its precision."""
        return self.engine.forward(batch)


def grouped(
    intake: Intake, items: Iterable[T], size: Callable[[T], Size | None], batch: int, room: int
) -> Iterator[list[T]]:
    """Pictures of one size together, as they come: once on each way, before they are read or after.

    Args:
        intake: How they get into the network.
        items: What stands for a picture.
        size: Height and width of each; None where that is not known: these are grouped by themselves.
        batch: Greatest number of pictures of a group.
        room: Pixels that may wait.
    """
    sized = ((item, size(item)) for item in items)
    groups = buckets(sized, lambda s: intake.company(s[1]), lambda s: intake.weight(s[1]), batch, room)
    yield from ([item for item, _ in group] for group in groups)


def _size_of(item: Incoming | Refused) -> Size | None:
    return item.size if isinstance(item, Incoming) else None


def _too_large(item: Incoming, where: torch.device | str) -> SaccadeError:
    return out_of_memory(f"a picture of {item.size[0]}x{item.size[1]} pixels", where)
