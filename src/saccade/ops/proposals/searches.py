"""Searches for regions by name."""

from collections.abc import Callable
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


def search_named(name: str, count: int | None = None) -> Any:
    """A search by its name, or what was found before by the name of its file.

    Args:
        name: One of `SEARCHES`, or a ``.safetensors`` file that ``saccade propose`` wrote.
        count: How many boxes of a picture are given at most, or None for all.

    Raises:
        UsageError: There is neither such a search nor such a file.
    """
    if name in SEARCHES:
        return SEARCHES[name](count)
    if Path(name).is_file():
        return KnownRegions(str(Path(name).resolve()), count)
    raise UsageError("a search or a file of regions", repr(name), cure=f"searches: {', '.join(SEARCHES)}")
