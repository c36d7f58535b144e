"""Anchors against torchvision's generators and by hand."""

import torch
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

from saccade.ops.boxes import anchors


def test_the_paper_s_nine_anchors_count_pixels_as_its_code_does():
    nine = anchors.paper_bases((8, 16, 32), (0.5, 1, 2)) - torch.tensor([0.0, 0, 1, 1])
    assert nine[0].tolist() == [-84, -40, 99, 55]
    assert nine[8].tolist() == [-168, -344, 183, 359]
    assert len(nine) == 9


def test_ratio_bases_laid_out_equal_torchvision_s_generator():
    sizes, ratios, shapes = ((32, 40, 51), (64, 80, 102)), (0.5, 1.0, 2.0), [(6, 8), (3, 4)]
    images = ImageList(torch.zeros(1, 3, 48, 64), [(48, 64)])
    want = AnchorGenerator(sizes, (ratios,) * 2)(images, [torch.zeros(1, 1, *shape) for shape in shapes])[0]
    got = [
        anchors.grid(anchors.ratio_bases(size, ratios), shape, (48 / shape[0], 64 / shape[1]))
        for size, shape in zip(sizes, shapes, strict=True)
    ]
    torch.testing.assert_close(torch.cat(got), want)


def test_default_boxes_equal_torchvision_s_before_clipping():
    side, scales, ratios, steps = 300, (0.2, 0.37, 0.54), ((2,), (2, 3)), (150, 300)
    images = ImageList(torch.zeros(1, 3, side, side), [(side, side)])
    maps = [torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 1)]
    want = DefaultBoxGenerator([list(r) for r in ratios], scales=list(scales), steps=list(steps), clip=False)(
        images, maps
    )
    got = [
        anchors.grid(
            anchors.default_bases(scales[k] * side, scales[k + 1] * side, ratios[k], steps[k]),
            (2 - k, 2 - k),
            (steps[k], steps[k]),
        )
        for k in range(2)
    ]
    torch.testing.assert_close(torch.cat(got), want[0])


def test_a_map_of_no_positions_has_no_anchors():
    assert anchors.grid(anchors.ratio_bases((8,), (1,)), (0, 3), (8, 8)).shape == (0, 4)
