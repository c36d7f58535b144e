"""Regions of all pictures of a data set, by a search or by a run, written to one file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.data.datasets.proposals import cached_search
from saccade.ops.proposals.edge_boxes import EdgeBoxes
from saccade.ops.proposals.region_file import RegionTable, picture_key, write_regions
from saccade.ops.proposals.searches import EDGE_BOXES, SEARCHES, Search, search_named
from saccade.ops.rle import Rle, encode
from saccade.runtime.runs.run_regions import RunRegions
from saccade.runtime.tools.learnt_contours import LearntContours


class Found(NamedTuple):
    """What is proposed of a picture.

    Attributes:
        key: What tells the picture from others.
        boxes: (r, 4) best first.
        scores: (r,) or None.
        masks: r masks, or None.
    """

    key: bytes
    boxes: Tensor
    scores: Tensor | None = None
    masks: Sequence[Rle] | None = None


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
        return Found(picture_key(image), self.search(image))


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

    Scores and masks of a run that tells of some are written beside.

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
    rows = list[Found]()
    for found in stream:
        rows.append(found)
        tell(len(rows), len(dataset))
    ids = tuple(dataset.id(index) for index in range(len(dataset)))
    return RegionTable(
        ids,
        tuple(one.key for one in rows),
        tuple(one.boxes for one in rows),
        what if edges is None else f"{what} on the contours of {edges}",
        _known([one.scores for one in rows]),
        _known([one.masks for one in rows]),
    )


def _known(columns: Sequence[Any]) -> tuple[Any, ...] | None:
    """The columns of all pictures, where each has one."""
    return None if not columns or any(column is None for column in columns) else tuple(columns)


def _edge_boxes(what: str, count: int, workers: int, edges: str) -> EdgeBoxes:
    """The search for boxes of contours that a network tells of."""
    if what != EDGE_BOXES:
        raise UsageError(f"edges for {EDGE_BOXES}", repr(what), cure="leave --edges out")
    if workers:
        raise UsageError("one process where a network finds the edges", f"{workers}", cure="leave --workers out")
    return EdgeBoxes(count, strength=LearntContours.of(edges))


def _of_run(run: Path, dataset: Dataset, count: int) -> Iterator[Found]:
    """Key and what is proposed of each picture, best first, as a run's network predicts."""
    search = RunRegions.of(run, count)
    for index in range(len(dataset)):
        image = dataset[index].image
        rows = search.rows(image)
        boxes = torch.zeros(0, 4) if rows.boxes is None else rows.boxes
        yield Found(picture_key(image), boxes, rows.scores, None if rows.masks is None else encode(rows.masks))
