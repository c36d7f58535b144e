"""What the maps of a trunk see, without a system around it."""

from collections.abc import Sequence

import torch

from saccade.analysis.footprint import Footprint
from saccade.analysis.layers import Recorder
from saccade.analysis.trace import Trace
from saccade.network.part import Trunk


def footprints(trunk: Trunk, picture: Sequence[int]) -> dict[str, Footprint]:
    """Where each map of a trunk keeps rows and columns, and what a position sees of the picture.

    Args:
        trunk: The trunk, on any device; it runs once on a blank picture there.
        picture: Channels, height and width of the picture.

    Raises:
        ConfigError: The picture is too small for the trunk.
    """
    parameter = next(trunk.parameters(), None)
    pictures = torch.zeros(1, *picture, device=None if parameter is None else parameter.device)
    trace = Trace()
    with torch.no_grad(), Recorder(trunk, trace, max(picture[1:])).watching(), trace:
        trace.begin(pictures)
        maps = trunk(pictures)
    found = {name: trace.get(map) for name, map in maps.items()}
    return {name: footprint for name, footprint in found.items() if footprint is not None}
