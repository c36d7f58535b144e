"""Masks on grids, painted into pictures: torchvision's pixels, whatever frame leads to them, and little memory."""

import subprocess
import sys

import pytest
import torch
from torchvision.models.detection.roi_heads import paste_masks_in_image

from saccade.core.annotation import Annotation, Instances
from saccade.core.frame import Frame
from saccade.core.geometry.affine import mirror, scaling, translation
from saccade.core.geometry.paste import paste

SIZE = (60, 90)
# Inside, over two borders, of a pixel, without a side, and wholly outside.
BOXES = torch.tensor(
    [[10.3, 5.2, 50.7, 40.1], [-7.5, -3.2, 20.0, 70.0], [40.1, 30.2, 40.9, 31.0], [5, 5, 5, 9], [95, 70, 99, 80.0]]
)


def grids(count: int = 5, cells: int = 28) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(count, cells, cells, generator=draw)


def theirs(scores: torch.Tensor, boxes: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return paste_masks_in_image(scores[:, None], boxes, size)[:, 0] > 0.5


@pytest.mark.parametrize("cells", [28, 14, 5])
def test_the_pixels_are_torchvision_s(cells: int) -> None:
    found = paste(grids(cells=cells), BOXES, SIZE)
    assert torch.equal(found.dense()[:4], theirs(grids(cells=cells)[:4], BOXES[:4], SIZE))
    assert found.areas()[:2].min() > 100
    assert found.areas()[4] == 0


def test_no_masks_are_none() -> None:
    assert paste(grids(0), BOXES[:0], SIZE).dense().shape == (0, *SIZE)


def prediction(masks: bool = True) -> Annotation:
    rows = Instances(boxes=BOXES[:2].clamp(min=0), mask_scores=grids(2))
    return Annotation(instances=Instances(**rows.columns(), masks=paste(grids(2), rows.boxes, SIZE)) if masks else rows)


def test_they_are_painted_at_the_picture_s_own_pixels() -> None:
    own = (180, 225)
    frame = Frame(scaling(SIZE[1] / own[1], SIZE[0] / own[0]), own, SIZE)
    rows = frame.undo(prediction()).instances
    assert rows is not None
    assert rows.mask_scores is None
    want = theirs(grids(2), BOXES[:2].clamp(min=0) * torch.tensor([2.5, 3, 2.5, 3]), own)
    assert torch.equal(rows.masks.dense(), want)


def test_a_mirrored_view_s_are_mirrored() -> None:
    frame = Frame.identity(SIZE).then(mirror(SIZE[1]), SIZE)
    rows = frame.undo(prediction()).instances
    assert rows is not None
    boxes = torch.stack([90 - BOXES[:2, 2], BOXES[:2, 1].clamp(min=0), 90 - BOXES[:2, 0].clamp(min=0), BOXES[:2, 3]], 1)
    assert torch.equal(rows.masks.dense(), theirs(grids(2).flip(2), boxes, SIZE))


def test_a_tile_s_stand_where_the_tile_was() -> None:
    frame = Frame(translation(-30, -20), (200, 200), SIZE)
    rows = frame.undo(prediction()).instances
    assert rows is not None
    # The other one's corner is cut to whole numbers towards 0, which lies elsewhere in the tile.
    assert torch.equal(rows.masks.dense()[0, 20:80, 30:120], prediction().get("instances.masks").dense()[0])


def test_where_a_frame_turns_they_move_as_bits() -> None:
    turn = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=torch.float64)
    frame = Frame(turn, (SIZE[1], SIZE[0]), SIZE)
    rows = frame.undo(prediction()).instances
    assert rows is not None
    assert rows.mask_scores is None
    assert torch.equal(rows.masks.dense(), prediction().get("instances.masks").dense().transpose(1, 2))


PROGRAM = """
import resource, torch
from saccade.core.geometry.paste import paste
draw = torch.Generator().manual_seed(0)
corners = torch.rand(100, 2, generator=draw) * torch.tensor([3000.0, 2000.0])
boxes = torch.cat([corners, corners + 60 + 1100 * torch.rand(100, 2, generator=draw)], 1)
scores = torch.rand(100, 28, 28, generator=draw)
paste(scores[:1], boxes[:1] / 100, (30, 40))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
masks = paste(scores, boxes, (3000, 4000))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, masks.bits.numel() / 2**20)
"""


@pytest.mark.slow
def test_a_hundred_masks_of_a_large_picture_take_little_more_than_their_bits() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    taken, bits = map(float, told.split())
    assert taken < min(bits + 60, 300)
