"""Searches for regions by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from saccade.core.errors import UsageError
from saccade.ops.proposals.edge_boxes import EdgeBoxes
from saccade.ops.proposals.region_file import KnownRegions
from saccade.ops.proposals.selective_search import SelectiveSearch
from saccade.ops.proposals.window_search import WindowSearch

Search = Callable[[Tensor], Tensor]

# The search that reads a map of edges, whoever makes it.
EDGE_BOXES = "edge-boxes"

SEARCHES: dict[str, Callable[..., Search]] = {
    "selective-search": lambda count: SelectiveSearch("fast", count),
    "selective-search-quality": lambda count: SelectiveSearch("quality", count),
    EDGE_BOXES: lambda count: EdgeBoxes(count),
    "windows": lambda count: WindowSearch(count=count),
}


@dataclass(frozen=True)
class NamedRun:
    """A run whose network proposes, by its folder: who can load runs puts the network in its place.

    Attributes:
        path: The run's folder.
        count: How many boxes are given at most, or None for all.
    """

    path: str
    count: int | None = None

    def __call__(self, image: Tensor) -> Tensor:
        """Nothing: a name has no network.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "a network that proposes",
            f"the name of one, {self.path}, which is not loaded",
            cure="training and loading a run load it; of a system that is built by hand: "
            "saccade.runtime.runs.run_regions.with_run_search(system)",
        )


def search_named(name: str, count: int | None = None) -> Any:
    """A search by its name, what was found before by the name of its file, or a network by its run's folder.

    Args:
        name: One of `SEARCHES`, a ``.safetensors`` file that ``saccade propose`` wrote, or the folder of a run.
        count: How many boxes of a picture are given at most, or None for all.

    Raises:
        UsageError: There is neither such a search nor such a file or run.
    """
    if name in SEARCHES:
        return SEARCHES[name](count)
    if Path(name).is_file():
        return KnownRegions(str(Path(name).resolve()), count)
    if Path(name).is_dir():
        return NamedRun(name, count)
    raise UsageError(
        "a search, a file of regions or the folder of a run",
        repr(name),
        cure=f"searches: {', '.join(SEARCHES)}; a network that proposes learns first, such as saccade train deepmask "
        "--data DATA --out RUN, then --search RUN",
    )
