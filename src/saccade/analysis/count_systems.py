"""Counts every system once, for ``saccade systems``, which has no time to."""

import torch

from saccade.analysis.describe import describe
from saccade.analysis.description import Description
from saccade.safe_io.writing.atomic import write_text
from saccade.systems import SYSTEMS
from saccade.systems.build import build
from saccade.systems.counts import TABLE, SystemCount, as_table


def count_of(name: str) -> SystemCount:
    """A system of ours in numbers, as ``saccade describe`` tells them."""
    found = describe(name)
    _, height, width = found.input
    return SystemCount(found.parameters, found.multiply_adds, height, width, _regions(name, found))


def _regions(name: str, found: Description) -> int | None:
    """How many regions the description looked at: the whole picture, or those proposed of a blank one, if any is."""
    if _seeks(name):
        return 1
    idle = [one for one in found.layers if one.weights and one.group == "dense" and not one.multiply_adds]
    return 0 if idle else None


def _seeks(name: str) -> bool:
    """Whether a system of ours, as its paper has it, looks at regions that a search proposes."""
    with torch.device("meta"):
        return build(name, SYSTEMS[name].card.classes).search is not None


def main() -> None:
    """Write the table."""
    write_text(TABLE, as_table({name: count_of(name) for name in SYSTEMS}))


if __name__ == "__main__":
    main()
