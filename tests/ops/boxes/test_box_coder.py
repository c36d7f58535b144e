"""The box coder against torchvision's, as a round trip, and by hand."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.models.detection._utils import BoxCoder

from saccade.ops.boxes.box_coder import DeltaCoder

SSD = DeltaCoder((0.1, 0.1, 0.2, 0.2))


def some_boxes(count, seed):
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(count, 2, generator=generator) * 200
    return torch.cat([corners, corners + 2 + torch.rand(count, 2, generator=generator) * 100], 1)


@given(st.integers(0, 500))
def test_decoding_undoes_encoding(seed):
    boxes, anchors = some_boxes(7, seed), some_boxes(7, seed + 1)
    torch.testing.assert_close(SSD.decode(SSD.encode(boxes, anchors), anchors), boxes, atol=1e-3, rtol=1e-4)


def test_codes_and_boxes_equal_torchvision_s():
    boxes, anchors, theirs = some_boxes(50, 0), some_boxes(50, 1), BoxCoder((10.0, 10.0, 5.0, 5.0))
    torch.testing.assert_close(SSD.encode(boxes, anchors), theirs.encode_single(boxes, anchors))
    codes = torch.randn(50, 4, generator=torch.Generator().manual_seed(2)) * 10
    torch.testing.assert_close(SSD.decode(codes, anchors), theirs.decode_single(codes, anchors))


def test_a_box_a_quarter_of_a_width_to_the_right_has_a_shift_of_a_quarter():
    anchor, box = torch.tensor([[0.0, 0, 40, 20]]), torch.tensor([[10.0, 0, 50, 20]])
    assert DeltaCoder().encode(box, anchor).tolist() == [[0.25, 0, 0, 0]]


def test_sizes_beyond_the_limit_stay_finite():
    decoded = DeltaCoder().decode(torch.tensor([[0.0, 0, 1e6, 1e6]]), torch.tensor([[0.0, 0, 16, 16]]))
    torch.testing.assert_close(decoded, torch.tensor([[-492.0, -492, 508, 508]]))


def test_codes_of_many_classes_are_decoded_at_once():
    anchors = some_boxes(3, 5)[:, None].expand(3, 4, 4)
    codes = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(6))
    single = torch.stack([SSD.decode(codes[:, c], anchors[:, c]) for c in range(4)], 1)
    torch.testing.assert_close(SSD.decode(codes, anchors), single)
