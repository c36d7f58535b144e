"""How selective search comes to its boxes, drawn: a picture's regions as they merge, and the boxes around them."""

from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from saccade.ops.proposals.merging_steps import merging_steps
from saccade.ops.proposals.selective_search import SelectiveSearch
from saccade.view.drawing.draw import to_picture
from saccade.view.drawing.outlines import Outline, outlines_over
from saccade.view.drawing.palette import class_colour
from saccade.view.drawing.region_tiles import regions_picture
from saccade.view.drawing.sheet import sheet

COUNTS = (10_000, 60, 20, 8)


def search_sheet(image: Tensor, counts: Sequence[int] = COUNTS, search: SelectiveSearch | None = None) -> Image.Image:
    """The regions when so many are left (first row), and the boxes around them (second row).

    Args:
        image: (C, H, W) uint8 or float 0..1.
        counts: How many regions are left, a column each; a number beyond the first regions shows those.
        search: Its first way of looking is drawn; selective search's fast mode by default.
    """
    steps = merging_steps(image, search or SelectiveSearch(), counts)
    height, width = steps[0].labels.shape
    picture = to_picture(image).resize((width, height), Image.Resampling.BICUBIC)
    regions = [regions_picture(picture, step.labels) for step in steps]
    boxes = [
        outlines_over(picture, [Outline(box, class_colour(n), 2) for n, box in enumerate(step.boxes.tolist())])
        for step in steps
    ]
    captions = [f"{len(step.boxes)} regions" for step in steps] + ["their boxes"] * len(steps)
    tiles = [*regions, *boxes]
    for tile in tiles:
        tile.thumbnail((320, 320))
    return sheet(tiles, captions, columns=len(steps))
