"""Features gathered on the way of a measurement, for the pictures of a report."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.network.maps import Maps
from saccade.network.system import System
from saccade.runtime.inspect.feature_table import FeatureTable, first_read, labels_of, pooled

# What so many pictures show is drawn in a second or two.
FEWEST, MOST = 10, 300


class FeatureCollector:
    """Averages over the positions of the map that the first head reads, for systems that tell the picture's class.

    Args:
        system: Whose features they are.
        dataset: The pictures; of more than `MOST` nothing is gathered.
    """

    def __init__(self, system: System, dataset: Dataset) -> None:
        self.dataset, self.layer = dataset, first_read(system)
        told = {"label", "labels"} & system.gives & dataset.fields
        self.wanted = bool(told) and FEWEST <= len(dataset) <= MOST
        self._rows: dict[str, Tensor] = {}

    def add(self, maps: Maps, ids: Sequence[str]) -> None:
        """Takes the maps of a batch of pictures of these names."""
        if self.wanted:
            self._rows.update(zip(ids, pooled(maps[self.layer], "average").float().cpu(), strict=True))

    def state(self) -> dict[str, Tensor]:
        """All that was taken so far, to be sent to another process."""
        return self._rows

    def merge(self, states: Iterable[dict[str, Tensor]]) -> None:
        """Adds what other processes took."""
        for rows in states:
            self._rows.update(rows)

    def table(self) -> FeatureTable | None:
        """The features, or None where some picture is missing or nothing was to be gathered."""
        ids = tuple(self.dataset.id(place) for place in range(len(self.dataset)))
        if not self.wanted or any(name not in self._rows for name in ids):
            return None
        rows = torch.stack([self._rows[name] for name in ids]).numpy()
        return FeatureTable(ids, rows, labels_of(self.dataset), tuple(self.dataset.classes), self.layer, "average")
