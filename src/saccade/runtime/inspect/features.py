"""What a network makes of pictures on the way: the numbers of one map, for other programs to use.

Legend: N pictures, D numbers of each.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.data.loading.loader import Loader, LoaderSettings
from saccade.data.open import open_data
from saccade.network.maps import GUIDE, IMAGE
from saccade.network.system import System
from saccade.runtime.device import evaluating
from saccade.runtime.inspect.feature_file import check_name, read_features, write_features
from saccade.runtime.inspect.feature_table import FeatureTable, Pool, first_read, labels_of, pooled
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.data_of_run import data_of_run
from saccade.runtime.runs.load import load
from saccade.safe_io.writing.atomic import naming_full_disk

POOLS: tuple[Pool, ...] = ("average", "max", "none")


def features(
    run: str | Path | Predictor | System,
    data: str | Path | Dataset | None = None,
    out: str | Path | None = None,
    *,
    layer: str | None = None,
    pool: Pool = "average",
    split: str | None = None,
    batch: int = 16,
    workers: int = 0,
) -> FeatureTable:
    """The features of every picture of a data set, in its order.

    Args:
        run: A run's folder, a `Predictor` or a `System`.
        data: A folder, a URI or a data set; by default what the run was validated on.
        out: A .safetensors or .npz file to write, picture by picture, or None to keep all in memory.
        layer: Name of a map; by default the one that the first head reads.
        pool: What becomes of a map's positions: their ``average``, their greatest value (``max``), or ``none``, which
            keeps each of them.
        split: Which part of the data; ``val`` by default.
        batch: Pictures that go through the network together.
        workers: Processes that read pictures.

    Returns:
        Ids, labels and features; with `out`, as they stand in that file.

    Raises:
        UsageError: Layer, pool or the file's ending is unknown.
        ConfigError: The run names no data, or maps differ in size where they are not pooled.
        DataError: A picture cannot be read.
        ResourceError: The disk is full.
    """
    if out is not None:
        check_name(Path(out))
    if isinstance(run, Predictor | System):
        if data is None:
            raise ConfigError("data beside a network", "none", cure="give a folder, a URI or a data set")
        predictor, dataset = (
            run if isinstance(run, Predictor) else Predictor(run),
            open_data(data, split, preferred="val"),
        )
    else:
        predictor, dataset = load(run), data_of_run(Path(run), data, split)
    source = FeatureSource(predictor, dataset, layer, pool, batch, workers)
    if out is None:
        return source.table()
    source.write(Path(out))
    return read_features(Path(out))


@dataclass(frozen=True)
class FeatureSource:
    """The features of a data set's pictures, to be made.

    Attributes:
        predictor: The network in use.
        dataset: The pictures.
        layer: Name of a map, or None for the one that the first head reads.
        pool: What becomes of a map's positions.
        batch: Pictures that go through the network together.
        workers: Processes that read pictures.
    """

    predictor: Predictor
    dataset: Dataset
    layer: str | None = None
    pool: Pool = "average"
    batch: int = 16
    workers: int = 0

    def __post_init__(self) -> None:
        if self.pool not in POOLS:
            raise UsageError(f"one of {', '.join(POOLS)}", repr(self.pool), within="pool")
        known = [name for name in self.predictor.system.levels if name not in (IMAGE, GUIDE)]
        if not known:
            engine, expected = self.predictor.engine, "a network that makes maps of whole pictures"
            raise ConfigError(expected, f"{engine.name}, which looks at parts of them", cure="name another run")
        if self.layer is not None and self.layer not in known:
            raise UsageError(f"one of {', '.join(known)}", repr(self.layer), within="layer")

    @property
    def name(self) -> str:
        """The map's name."""
        return first_read(self.predictor.system) if self.layer is None else self.layer

    def rows(self) -> Iterator[tuple[list[int], Tensor]]:
        """Places in the data set and features (B, D) float32 of some pictures; each picture comes once."""
        system = self.predictor.system
        settings = LoaderSettings(batch=max(min(self.batch, len(self.dataset)), 1), workers=self.workers)
        loader = Loader(self.dataset, self.predictor.engine.input, settings)
        for places, batch in zip(loader.plan(0), loader.epoch(0), strict=True):
            with evaluating(system), torch.no_grad():
                map = system.maps(self.predictor.engine.place(batch))[self.name]
            yield places, pooled(map, self.pool).float().cpu()
        loader.close()

    def table(self) -> FeatureTable:
        """All features, in memory."""
        found: NDArray[np.float32] | None = None
        for places, rows in self.rows():
            found = np.zeros((len(self.dataset), rows.shape[1]), np.float32) if found is None else found
            self._check(rows, found.shape[1])
            found[places] = rows.numpy()
        return self._described(np.zeros((0, 0), np.float32) if found is None else found)

    def write(self, path: Path) -> None:
        """A file of all features, made picture by picture; whole or not at all.

        Raises:
            ResourceError: The disk is full.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with naming_full_disk(path), tempfile.TemporaryFile(dir=path.parent) as raw:
            numbers = self._spool(raw)
            raw.flush()
            write_features(path, self._described(np.zeros((0, numbers), np.float32)), raw)

    def _spool(self, raw: IO[bytes]) -> int:
        """Put each row into its place of an unnamed file, and tell how many numbers a row has."""
        numbers = 0
        for places, rows in self.rows():
            numbers = numbers or rows.shape[1]
            self._check(rows, numbers)
            for place, row in zip(places, rows.numpy(), strict=True):
                raw.seek(place * numbers * row.itemsize)
                raw.write(row.tobytes())
        return numbers

    def _check(self, rows: Tensor, numbers: int) -> None:
        if rows.shape[1] != numbers:
            raise ConfigError(
                f"maps {self.name!r} of one size where they are not pooled",
                f"{rows.shape[1]} numbers beside {numbers}",
                cure="pool them (average or max), or take a network with an input of one size",
            )

    def _described(self, found: NDArray[np.float32]) -> FeatureTable:
        ids = tuple(self.dataset.id(place) for place in range(len(self.dataset)))
        return FeatureTable(ids, found, labels_of(self.dataset), tuple(self.dataset.classes), self.name, self.pool)
