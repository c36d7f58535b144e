"""The work of a loader's worker: a batch from its keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from saccade.core.batch import Batch
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, SaccadeError
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Framed
from saccade.data.loading.ipc import LoadedBatch
from saccade.data.loading.order import generator
from saccade.data.loading.workers import WorkerStatus

Prepare = Callable[[Dataset, int, torch.Generator], Framed]


class Key(NamedTuple):
    """One picture of one epoch: its place in the data set, and how often it came before in the epoch."""

    epoch: int
    place: int
    copy: int = 0


@dataclass(frozen=True)
class Plain:
    """Pictures as evaluation takes them: resized by the input spec, and nothing else."""

    spec: InputSpec

    def __call__(self, dataset: Dataset, index: int, generator: torch.Generator) -> Framed:
        """A picture in its frame, with its truth and regions there."""
        return self.spec.framed(dataset[index])


@dataclass(frozen=True)
class Fetch:
    """Makes batches; torch's loader takes it for a data set.

    Attributes:
        dataset: The pictures.
        spec: Puts prepared pictures together.
        prepare: Makes one picture ready.
        seed: Of all random draws.
        skip: Whether pictures that cannot be read are left out; otherwise the first one ends the batch.
        worker_status: Where it writes what it is at.
    """

    dataset: Dataset
    spec: InputSpec
    prepare: Prepare
    seed: int
    skip: bool
    worker_status: WorkerStatus

    def __getitems__(self, keys: Sequence[Key]) -> LoadedBatch:
        """The batch of these keys."""
        ready: list[Framed] = []
        ids: list[str] = []
        bad: list[tuple[int, SaccadeError]] = []
        for key in keys:
            self.worker_status.begin(key.place)
            try:
                ready.append(self.prepare(self.dataset, key.place, self._generator(key)))
                ids.append(self.dataset.id(key.place))
            except SaccadeError as error:
                error.path = error.path or self.dataset.id(key.place)
                bad.append((key.place, error))
                if not (self.skip and isinstance(error, DataError)):
                    return LoadedBatch(None, tuple(bad))
        loaded = LoadedBatch(self._assemble(ready, ids), tuple(bad))
        self.worker_status.end()
        return loaded

    def _generator(self, key: Key) -> torch.Generator:
        """Draws of a picture: of (seed, epoch, index), and unlike those of its earlier copies in the epoch."""
        copies = (key.copy,) if key.copy else ()
        return generator(self.seed, key.epoch, key.place, *copies)

    def _assemble(self, ready: list[Framed], ids: list[str]) -> Batch | None:
        if not ready:
            return None
        images, frames, truth, regions = zip(*ready, strict=True)
        return self.spec.assemble(images, frames, truth, ids, regions)
