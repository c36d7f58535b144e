"""Reach by hand-sized numbers, and a network's reach against the gradient of one of its positions."""

import math

import pytest
import torch
from torch import Tensor, nn

from saccade.analysis.footprint import Footprint
from saccade.analysis.maps import footprints
from saccade.analysis.reach import Reach
from saccade.analysis.trace import Trace
from saccade.trunks import trunk


def test_windows_by_hand() -> None:
    first = Reach().window(7, 2, 3)
    assert first == Reach(-3, 3, 2)
    assert first.window(3, 2, 1) == Reach(-5, 5, 4)
    assert Reach().window(3, dilation=4).size == 9


def test_reach_after_dilations_is_the_paper_s() -> None:
    """Yu and Koltun 2015: dilations 1, 2, 4, … see 3, 7, 15, … pixels."""
    reach, sizes = Reach(), []
    for dilation in (1, 2, 4, 8):
        reach = reach.window(3, 1, dilation, dilation)
        sizes.append(reach.size)
    assert sizes == [3, 7, 15, 31]


def test_positions_together_and_whole() -> None:
    assert Reach(0, 2, 4).over(7) == Reach(0, 26, 4)
    assert Reach(0, 2, 4).grouped(2) == Reach(0, 6, 8)
    assert Reach(0, 2, 4).shifted(3) == Reach(12, 14, 4)
    assert Reach().whole().is_whole
    assert math.isinf(Reach().whole().joined(Reach()).size)


def reach_of(network: nn.Module, side: int) -> tuple[Tensor, Footprint]:
    pictures, trace = torch.zeros(1, 2, side, side, device="meta"), Trace()
    with torch.no_grad(), trace:
        trace.begin(pictures)
        result = network.to("meta")(pictures)
    footprint = trace.get(result)
    assert footprint is not None
    return result, footprint


class Branches(nn.Module):
    """Two branches of different depth, added, and one concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = nn.Sequential(nn.Conv2d(2, 2, 3, 2, 1), nn.Conv2d(2, 2, (1, 5), padding=(0, 2)))
        self.shallow, self.third = nn.Conv2d(2, 2, 1, 2), nn.AvgPool2d(3, 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([self.deep(images) + self.shallow(images), self.third(images)], 1)


class Patches(nn.Module):
    """Patches of 2 × 2 by views alone, and a product over each; then rows and columns last, as ConvNeXt has them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(2, 2, 3, padding=1), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        b, c, h, w = images.shape
        patches = self.conv(images).view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5)
        return self.linear(patches.reshape(b, h // 2, w // 2, c * 4)).permute(0, 3, 1, 2)


NETWORKS = {
    "convolutions": lambda: nn.Sequential(nn.Conv2d(2, 3, 5, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(3, 2, 3)),
    "dilated": lambda: nn.Sequential(nn.Conv2d(2, 2, 3, dilation=3), nn.Conv2d(2, 2, 3, 2, dilation=2)),
    "branches": Branches,
    "patches": Patches,
    "response norm": lambda: nn.Sequential(nn.Conv2d(2, 6, 3), nn.LocalResponseNorm(5), nn.Conv2d(6, 2, 3)),
    "unshuffled": lambda: nn.Sequential(nn.Conv2d(2, 2, 3), nn.PixelUnshuffle(2), nn.Conv2d(8, 2, 3)),
    "cropped and padded": lambda: nn.Sequential(nn.Conv2d(2, 2, 3), nn.ZeroPad2d((2, 1, 3, 0)), nn.Conv2d(2, 2, 3, 2)),
    "transposed": lambda: nn.Sequential(nn.Conv2d(2, 2, 3, 2, 1), nn.ConvTranspose2d(2, 2, 4, 2, 1)),
    "enlarged": lambda: nn.Sequential(nn.Conv2d(2, 2, 3, 2, 1), nn.Upsample(scale_factor=2)),
    "one position": lambda: nn.Sequential(nn.Conv2d(2, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(2, 2)),
}


def extents(network: nn.Module, side: int) -> tuple[list[int], tuple[int, ...]]:
    """First and last row and column that move one middle position, by the gradient; all weights are positive."""
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.1)
    images = torch.rand(1, 2, side, side, dtype=torch.float64, requires_grad=True)
    result = network.double()(images)
    middle = tuple(size // 2 for size in result.shape[2:])
    result[(0, slice(None), *middle)].sum().backward()
    assert images.grad is not None
    moved = images.grad[0].abs().sum(0)
    rows, columns = moved.sum(1).nonzero().flatten(), moved.sum(0).nonzero().flatten()
    return [int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])], middle


@pytest.mark.parametrize("name", NETWORKS)
def test_reach_is_what_the_gradient_says(name: str) -> None:
    """Poolings of a maximum choose one of their inputs, so they are averaged for the gradient."""
    side, network = 40, NETWORKS[name]()
    averaged = [(path, m) for path, m in network.named_modules() if isinstance(m, nn.MaxPool2d)]
    _, footprint = reach_of(NETWORKS[name](), side)
    for path, pool in averaged:
        network.set_submodule(path, nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding))
    seen, middle = extents(network, side)
    places = middle or (0, 0)
    expected = [
        edge + place * reach.step
        for reach, place in zip(footprint.reaches, places, strict=True)
        for edge in (reach.low, reach.high)
    ]
    if name in ("transposed", "enlarged"):
        # A position between two strides sees its neighbours at one side or the other: the size is what is promised.
        assert [round(reach.size) for reach in footprint.reaches] == [seen[1] - seen[0] + 1, seen[3] - seen[2] + 1]
    else:
        assert expected == seen
    assert footprint.placed == bool(middle)


def test_a_trunk_s_maps_by_hand() -> None:
    with torch.device("meta"):
        made = trunk("vgg16", width=1 / 16)
    seen = footprints(made, (3, 224, 224))
    assert [seen[name].reaches[0].size for name in ("conv1_2", "pool1", "conv5_3", "pool5")] == [5, 6, 196, 212]
    assert seen["pool5"].reaches[1] == Reach(-90, 121, 32)
    assert seen["pool5"].positions == (7, 7)
    assert not seen["fc6"].placed


def test_attention_sees_everything() -> None:
    layer = nn.MultiheadAttention(4, 2, batch_first=True)

    class Attended(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.attention = nn.Conv2d(2, 4, 4, 4), layer

        def forward(self, images: Tensor) -> Tensor:
            tokens = self.conv(images).flatten(2).transpose(1, 2)
            return self.attention(tokens, tokens, tokens, need_weights=False)[0]

    _, footprint = reach_of(Attended(), 32)
    assert all(reach.is_whole for reach in footprint.reaches)
