"""From a data set to batches: ordered, prepared and put together in workers, and the same whatever the workers do.

The order of an epoch is a function of (seed, epoch), what happens to a picture one of (seed, epoch, index). A run that
is resumed in the middle of an epoch, with another number of workers, so sees what it would have seen.
"""

import multiprocessing
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from saccade.core.batch import Batch
from saccade.core.dataset import Dataset
from saccade.core.errors import SaccadeError
from saccade.core.input.input_spec import InputSpec
from saccade.data.datasets.picture import size_of
from saccade.data.loading import ipc as carry
from saccade.data.loading import order
from saccade.data.loading.fetch import Fetch, Key, Plain, Prepare
from saccade.data.loading.skips import Skips
from saccade.data.loading.workers import WorkerStatus, start_worker


@dataclass(frozen=True)
class LoaderSettings:
    """How batches are made.

    Attributes:
        batch: Pictures in a batch, in each process.
        shuffle: Training's order: shuffled anew each epoch, equal numbers for all processes. Otherwise each picture
            comes once, and pictures are grouped by their size in the network.
        drop_last: Whether training drops a last, smaller batch.
        seed: Of order and augmentation.
        workers: Processes that read; 0 reads in the main process.
        prefetch: Batches that each worker makes ahead.
        timeout: Seconds to wait for a batch before a worker counts as stuck; 0 waits for ever.
        rank: Which of the training processes this is.
        world: How many there are.
        on_bad: Whether a picture that cannot be read ends the run or is skipped.
        left_out: Pictures that were left out of the data set before, since they cannot be read: they count with those
            that are skipped.
    """

    batch: int = 16
    shuffle: bool = False
    drop_last: bool = False
    seed: int = 0
    workers: int = 0
    prefetch: int = 2
    timeout: float = 120.0
    rank: int = 0
    world: int = 1
    on_bad: Literal["fail", "skip"] = "fail"
    left_out: int = 0


class Loader:
    """Batches of a data set, epoch by epoch.

    Args:
        dataset: The pictures.
        spec: How they get into the network.
        settings: How batches are made.
        prepare: Makes one picture ready from (data set, place, generator seeded by seed, epoch and place); by default
            as evaluation does. It must draw from that generator alone.
        weights: (N,) chances by which training draws pictures; by default each comes once.
        on_skip: Told once of every picture that is skipped: its name, and what is wrong.

    Attributes:
        position: Batches of the running epoch that are over, those left out among them.
    """

    def __init__(
        self,
        dataset: Dataset,
        spec: InputSpec,
        settings: LoaderSettings | None = None,
        prepare: Prepare | None = None,
        weights: Tensor | None = None,
        on_skip: Callable[[str, SaccadeError], None] | None = None,
    ) -> None:
        self.dataset, self.spec, self.settings = dataset, spec, settings or LoaderSettings()
        self.position = 0
        self._weights = weights
        self._skips = Skips(len(dataset), on_skip, self.settings.left_out)
        self._fixed: list[list[int]] | None = None  # Evaluation's plan, which may cost a look at every file.
        self._keys: list[list[Key]] = []
        self._board = WorkerStatus(self.settings.workers, dataset.id)
        skip = self.settings.on_bad == "skip"
        self._fetch = Fetch(dataset, spec, prepare or Plain(spec), self.settings.seed, skip, self._board)
        self._loader = self._start()

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self.plan(0))

    def plan(self, epoch: int) -> list[list[int]]:
        """The places in the data set of every batch of an epoch, for this process."""
        chosen, count = self.settings, len(self.dataset)
        if chosen.shuffle:
            whole = order.epoch_order(count, chosen.seed, epoch, self._weights)
            mine = order.shard(whole, chosen.rank, chosen.world, even=True)
            return order.batches(mine, chosen.batch, chosen.drop_last)
        if self._fixed is None:
            mine = order.shard(range(count), chosen.rank, chosen.world, even=False)
            self._fixed = order.grouped_batches(mine, [self._final_size(index) for index in mine], chosen.batch)
        return self._fixed

    def epoch(self, epoch: int, start_batch: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from one on; only one epoch at a time may be under way.

        A batch of which no picture could be read is left out.

        Raises:
            DataError: A picture cannot be read, too many were skipped, or a worker is stuck.
            ResourceError: A worker died.
        """
        self.position = start_batch
        # The list is the loader's batch sampler, which it reads when an epoch begins.
        self._keys[:] = _keys(self.plan(epoch), epoch)[start_batch:]
        try:
            for packed in self._loader:
                batch = self._taken(carry.unpack(packed))
                self.position += 1
                if batch is not None:
                    yield batch
        except RuntimeError as error:
            explained = self.explain(error)
            if explained is error:
                raise
            raise explained from error

    def explain(self, error: RuntimeError) -> Exception:
        """What a failure of torch's loader means; other errors come back as they are.

        A worker's death may interrupt the main process at any place, also between two batches.
        """
        return self._board.explain(error)

    @property
    def skipped(self) -> Mapping[str, SaccadeError]:
        """The pictures that were skipped so far, by name, and what is wrong with each."""
        return self._skips.errors

    @property
    def workers(self) -> list[int]:
        """Processes of the workers that have read something."""
        return self._board.processes()

    def close(self) -> None:
        """End the workers; the next epoch starts new ones."""
        self._loader = self._start()

    def _taken(self, loaded: carry.LoadedBatch) -> Batch | None:
        """The batch of a delivery, its bad pictures dealt with."""
        alone = self.settings.world == 1
        if loaded.bad and (not self._fetch.skip or (loaded.batch is None and not alone)):
            # The other processes of a run would wait for ever for a batch that one of them leaves out.
            raise loaded.bad[0][1]
        self._skips.add((self.dataset.id(index), error) for index, error in loaded.bad)
        return loaded.batch

    def _start(self) -> DataLoader[Any]:
        """Torch's loader around the fetch; workers start with the first epoch."""
        workers = self.settings.workers
        many: dict[str, Any] = {}
        if workers:
            methods = multiprocessing.get_all_start_methods()
            # Forked workers share the annotations; any other start copies them.
            many = {
                "multiprocessing_context": "fork" if "fork" in methods else None,
                "persistent_workers": True,
                "prefetch_factor": self.settings.prefetch,
                "timeout": self.settings.timeout,
                "worker_init_fn": start_worker,
            }
        return DataLoader(
            self._fetch,  # pyright: ignore[reportArgumentType]
            batch_sampler=self._keys,  # pyright: ignore[reportArgumentType]
            num_workers=workers,
            collate_fn=self._packer() if workers else carry.untouched,  # pyright: ignore[reportArgumentType]
            generator=torch.Generator(),  # Without one of its own it would draw from the run's.
            **many,
        )

    def _packer(self) -> Callable[[carry.LoadedBatch], carry.PackedBatch]:
        """How batches cross; with a warning where shared memory is too small for them."""
        chosen = self.settings
        sizes = [self._final_size(index) for index in range(min(len(self.dataset), 16))]
        pixels = max((height * width for height, width in sizes), default=0)
        need = 4 * self.spec.channels * pixels * chosen.batch * (chosen.workers * chosen.prefetch + 2) * chosen.world
        lack = carry.shared_memory_lacks(need)
        if lack is None:
            return carry.pack_shared
        warnings.warn(
            f"{lack}: batches cross from the workers by a slower way. Enlarge it (docker run --shm-size), or use "
            "fewer workers or smaller batches",
            stacklevel=4,
        )
        return carry.pack_bytes

    def _final_size(self, index: int) -> tuple[int, int]:
        """(H, W) of a picture in its batch."""
        if self.spec.size is not None and self.spec.rule != "shorter":
            return self.spec.padded(self.spec.size)
        return self.spec.padded(self.spec.frame(size_of(self.dataset, index)).target)


def _keys(plan: list[list[int]], epoch: int) -> list[list[Key]]:
    seen: Counter[int] = Counter()
    keys: list[list[Key]] = []
    for batch in plan:
        keys.append([])
        for index in batch:
            keys[-1].append(Key(epoch, index, seen[index]))
            seen[index] += 1
    return keys
