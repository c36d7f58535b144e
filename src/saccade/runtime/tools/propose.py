"""Regions of all pictures of a data set, by a search or by a run, written to one file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.data.datasets.proposals import cached_search
from saccade.heads.regions.region_head import RegionHead
from saccade.network.system import System
from saccade.ops.proposals.edge_boxes import EdgeBoxes
from saccade.ops.proposals.region_file import RegionTable, picture_key, write_regions
from saccade.ops.proposals.searches import EDGE_BOXES, SEARCHES, Search, search_named
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load
from saccade.runtime.tools.learnt_contours import LearntContours

Found = tuple[bytes, Tensor]
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class _Searching(torch.utils.data.Dataset[Found]):
    """Key and regions of each picture, for torch's loader, whose workers search beside each other."""

    dataset: Dataset
    search: Search

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Found:
        image = self.dataset[index].image
        return picture_key(image), self.search(image)


def propose(
    what: str,
    dataset: Dataset,
    out: str | Path,
    *,
    count: int = 2000,
    workers: int = 0,
    edges: str | None = None,
    tell: Tell = lambda _, __: None,
) -> RegionTable:
    """Propose regions, and write them where region detectors read them (``--search FILE``).

    Args:
        what: See `regions_of`.
        dataset: The pictures.
        out: The file, ``.safetensors``.
        count: Regions of a picture at most.
        workers: Processes that search; 0 searches in this one.
        edges: See `regions_of`.
        tell: Called with the number of pictures done and their total.

    Raises:
        UsageError: There is neither such a search nor such a run; or edges are told to what reads none.
        ConfigError: The run's network gives no boxes, or that of `edges` no contours.
        ResourceError: The disk is full.
    """
    table = regions_of(what, dataset, count=count, workers=workers, edges=edges, tell=tell)
    write_regions(Path(out), table)
    return table


def regions_of(
    what: str,
    dataset: Dataset,
    *,
    count: int = 2000,
    workers: int = 0,
    edges: str | None = None,
    tell: Tell = lambda _, __: None,
) -> RegionTable:
    """Regions of every picture.

    A search keeps what it found of each picture; broken off and begun again, it does what is missing.

    Args:
        what: The name of a search, a file that was proposed before, or the folder of a run: then a region detector's
            own proposals, or the boxes of any other network that gives some.
        dataset: The pictures.
        count: Regions of a picture at most.
        workers: Processes that search; 0 searches in this one.
        edges: The folder of a run whose network tells of contours, for edge boxes; None: by the picture's gradients.
        tell: Called with the number of pictures done and their total.

    Raises:
        UsageError: There is neither such a search nor such a file or run; or edges are told to another search than edge
            boxes, or to several processes.
        ConfigError: The run's network gives no boxes, or that of `edges` no contours.
        DataError: A file lacks a picture.
    """
    if edges is not None or what in SEARCHES or not Path(what).is_dir():
        search = search_named(what, count) if edges is None else _edge_boxes(what, count, workers, edges)
        searching = _Searching(dataset, cached_search(search))
        loader = torch.utils.data.DataLoader(searching, batch_size=None, num_workers=workers, collate_fn=None)
        stream: Iterator[Found] = iter(loader)
    else:
        stream = _of_run(Path(what), dataset, count)
    keys, boxes = list[bytes](), list[Tensor]()
    for key, found in stream:
        keys.append(key)
        boxes.append(found)
        tell(len(keys), len(dataset))
    ids = tuple(dataset.id(index) for index in range(len(dataset)))
    return RegionTable(ids, tuple(keys), tuple(boxes), what if edges is None else f"{what} on the contours of {edges}")


def _edge_boxes(what: str, count: int, workers: int, edges: str) -> EdgeBoxes:
    """The search for boxes of contours that a network tells of."""
    if what != EDGE_BOXES:
        raise UsageError(f"edges for {EDGE_BOXES}", repr(what), cure="leave --edges out")
    if workers:
        raise UsageError("one process where a network finds the edges", f"{workers}", cure="leave --workers out")
    return EdgeBoxes(count, strength=LearntContours.of(edges))


def proposing(system: System) -> System:
    """The part of a network that proposes: of one that looks at its own proposals these alone, else the network."""
    for _, head in system.each_head():
        if isinstance(head, RegionHead) and head.propose is not None:
            return System(system.trunk, {"proposals": head.propose}, system.neck, input=system.input)
    return system


def _of_run(run: Path, dataset: Dataset, count: int) -> Iterator[Found]:
    """Key and boxes of each picture, best first, as a run's network predicts."""
    predictor = load(run)
    if "instances.boxes" not in predictor.engine.gives:
        raise ConfigError("a run whose network gives boxes", "one that gives none", path=run)
    predictor = Predictor(engine_of(proposing(predictor.system)))
    for index in range(len(dataset)):
        image = dataset[index].image
        rows = predictor([image])[0].instances
        boxes = torch.zeros(0, 4) if rows is None or rows.boxes is None else rows.boxes
        yield picture_key(image), boxes[:count]
