"""Where the batches of an epoch come from: the loader, or a frozen trunk's features made once."""

from collections.abc import Iterator
from pathlib import Path

from saccade.core.batch import Batch
from saccade.data.loading.loader import Loader
from saccade.network.frozen_parts import inside
from saccade.network.maps import GUIDE, IMAGE
from saccade.network.system import System
from saccade.training.feed.feature_cache import FeatureCache
from saccade.training.step.train_state import TrainState


class BatchSource:
    """Batches of any epoch, from any batch on.

    Args:
        loader: Reads and prepares pictures.
        in_order: Reads every picture once, as evaluation does.
        cache: Keeps a frozen trunk's features, or None where they may not be kept.
        folder: Where heads that are solved may keep what they make of the pictures, or None.
    """

    def __init__(
        self, loader: Loader, in_order: Loader, cache: FeatureCache | None, folder: Path | None = None
    ) -> None:
        self.loader, self.in_order, self.cache, self.folder = loader, in_order, cache, folder

    def make_ready(self, train_state: TrainState) -> None:
        """Do what must be done before the first batch, and may take long; it can be broken off at any moment."""
        if self.cache is not None and stands_still(train_state.system):
            self.cache.fill(train_state)

    def epoch(self, epoch: int, start: int, train_state: TrainState) -> Iterator[tuple[int, Batch]]:
        """The batches of epoch `epoch` from position `start` on, each with the position that follows it."""
        if self.cache is not None and stands_still(train_state.system):
            yield from enumerate(self.cache.epoch(epoch, start, train_state), start + 1)
            return
        for batch in self.loader.epoch(epoch, start):
            yield self.loader.position, batch

    def whole(self, train_state: TrainState) -> Iterator[Batch]:
        """Every picture once, as evaluation sees it, in the data set's order; a frozen trunk's features where kept."""
        if self.cache is not None and stands_still(train_state.system):
            yield from self.cache.whole(train_state)
        else:
            yield from self.in_order.epoch(0)
            self.in_order.close()

    def explain(self, error: Exception) -> Exception:
        """What a failure means: the death or silence of a reading process is told by its last pictures."""
        return self.loader.explain(error) if isinstance(error, RuntimeError) else error


def stands_still(system: System) -> bool:
    """Whether the trunk is frozen and nobody reads the picture itself, so that its features may be kept."""
    whole = "trunk" in system.frozen and not any(inside(name, "trunk") for name in system.frozen.thawed)
    return whole and not {IMAGE, GUIDE} & system.reads
