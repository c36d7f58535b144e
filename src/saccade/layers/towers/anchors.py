"""Anchors over the maps of a pyramid.

Legend: L maps, A anchors a position, (h, w) positions of a map, (H, W) the network's input.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from saccade.ops.boxes import anchors


class Anchors(nn.Module):
    """The same boxes at every position of each map.

    Args:
        bases: L times (A, 4), boxes relative to a position's point (see `saccade.ops.boxes.anchors`).
        steps: L times the pixels between positions. None: the input's sides over the map's, rounded down, as
            torchvision measures them.
    """

    def __init__(self, bases: Sequence[Tensor], steps: Sequence[float] | None = None) -> None:
        super().__init__()
        self.steps = None if steps is None else tuple(steps)
        for place, base in enumerate(bases):
            self.register_buffer(f"bases{place}", base, persistent=False)
        self.a_position = tuple(len(base) for base in bases)

    def forward(self, shapes: Sequence[tuple[int, int]], picture: tuple[int, int]) -> list[Tensor]:
        """L times (h · w · A, 4) boxes x1, y1, x2, y2 in input pixels.

        Args:
            shapes: (h, w) of each map.
            picture: (H, W) of the input, padding included.
        """
        return [
            anchors.grid(self.get_buffer(f"bases{place}"), shape, self._step(place, shape, picture))
            for place, shape in enumerate(shapes)
        ]

    def _step(self, place: int, shape: tuple[int, int], picture: tuple[int, int]) -> tuple[float, float]:
        if self.steps is not None:
            return self.steps[place], self.steps[place]
        return picture[0] // max(shape[0], 1), picture[1] // max(shape[1], 1)


def pyramid_anchors(smallest: Sequence[float], octaves: int, ratios: Sequence[float]) -> list[Tensor]:
    """Bases of a pyramid whose maps each have `octaves` sizes within a factor of two (Lin et al. 2017, RetinaNet).

    Args:
        smallest: Smallest size of each map, in pixels.
        octaves: Sizes a map.
        ratios: Heights over widths.
    """
    # torchvision cuts the sizes to whole pixels; weights brought from there expect it.
    sizes = [[int(size * 2 ** (step / octaves)) for step in range(octaves)] for size in smallest]
    return [anchors.ratio_bases(size, ratios) for size in sizes]
