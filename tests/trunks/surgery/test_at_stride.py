"""Any trunk with maps 8 pixels apart; where their positions stand."""

import pytest
import torch
from torch import nn

from saccade.core.errors import UsageError
from saccade.trunks import trunk
from saccade.trunks.chain import Chain
from saccade.trunks.options import TrunkOptions
from saccade.trunks.surgery.at_stride import at_stride, meets_corners
from saccade.trunks.surgery.dilated_vgg import deeplab_vgg, front_end, is_vgg, vgg_of
from saccade.trunks.surgery.scales import Scales


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "yolo24", "vgg11", "resnet20", "test_byobnet"])
@torch.no_grad()
def test_maps_lie_as_far_apart_as_is_said(name: str) -> None:
    width = 1.0 if name == "test_byobnet" else 1 / 16
    made = at_stride(TrunkOptions(name, width=width)).eval()
    maps = made(torch.rand(1, 3, 64, 64))
    assert all(level.stride is not None and level.stride <= 8 for level in made.levels.values())
    for known, level in made.levels.items():
        assert maps[known].shape[1:] == (level.channels, 64 // (level.stride or 1), 64 // (level.stride or 1))


@pytest.mark.parametrize(
    ("name", "corners"), [("resnet18", True), ("efficientnet_lite0", True), ("yolo24", False), ("vgg11", False)]
)
def test_where_positions_stand_is_found_out(name: str, corners: bool) -> None:
    made = at_stride(TrunkOptions(name, width=1 / 4))
    before = {path: tensor.clone() for path, tensor in made.state_dict().items()}
    assert meets_corners(made, list(made.levels)[-1]) is corners
    assert all(torch.equal(tensor, before[path]) for path, tensor in made.state_dict().items())


def test_a_trunk_that_is_no_row_of_stages_is_refused_or_taken_as_it_is() -> None:
    with pytest.raises(UsageError, match="can be dilated to it"):
        at_stride(TrunkOptions(trunk("test_byobnet")))
    fine = trunk("test_byobnet", output_stride=8)
    assert at_stride(TrunkOptions(fine)) is fine


def test_a_vgg_is_known_by_its_pools() -> None:
    assert is_vgg(trunk("vgg11_bn", width=1 / 16))
    assert not is_vgg(trunk("alexnet", width=1 / 16))
    assert vgg_of(TrunkOptions("resnet18", width=1 / 16)) is None
    assert vgg_of(TrunkOptions("alexnet", width=1 / 16)) is None


@torch.no_grad()
def test_a_front_end_without_padding_sees_each_window_as_the_classifier_does() -> None:
    """Every eighth position of the dilated network is the network with its pools, where nothing is padded."""
    torch.manual_seed(1)
    whole = trunk("vgg11", width=1 / 16).eval()
    assert isinstance(whole, Chain)
    for layer in whole.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if isinstance(layer, nn.MaxPool2d) and layer in (whole.get_submodule("pool4"), whole.get_submodule("pool5")):
            layer.kernel_size = 1  # the dilated network has no maxima there, but every second position
    valid = front_end(whole, "valid")
    for layer in whole.modules():
        if isinstance(layer, nn.Conv2d):
            layer.padding = (0, 0)
    side = 310 + 8 * 9
    picture = torch.rand(1, 3, side, side)
    coarse = whole.get_submodule("fc6.linear")
    pooled = picture
    for name in list(whole.levels)[: list(whole.levels).index("fc6")]:
        pooled = whole.get_submodule(name)(pooled)
    conv = nn.functional.conv2d(pooled, coarse.get_parameter("weight").view(-1, pooled.shape[1], 7, 7))
    wanted = (conv + coarse.get_parameter("bias").view(1, -1, 1, 1)).relu()
    found = valid(picture)["fc6"][..., ::4, ::4]
    height, width = (min(one, other) for one, other in zip(found.shape[2:], wanted.shape[2:], strict=True))
    assert min(height, width) >= 2
    torch.testing.assert_close(found[..., :height, :width], wanted[..., :height, :width], rtol=1e-4, atol=1e-5)


def test_deeplab_s_vgg_keeps_all_positions_of_its_last_blocks() -> None:
    whole = trunk("vgg11", width=1 / 16, fc=False)
    assert isinstance(whole, Chain)
    made = deeplab_vgg(whole, averaged=True)
    maps = made(torch.rand(1, 3, 65, 65))
    assert [maps[f"pool{block}"].shape[-1] for block in range(1, 6)] == [33, 17, 9, 9, 9]
    assert made.get_submodule("conv5_2.conv5_1").dilation == (2, 2)
    assert list(made.levels)[-1] == "pool5a"
    # Zeros around the map count among the nine.
    torch.testing.assert_close(maps["pool5a"][0, :, 0, 0], maps["pool5"][0, :, :2, :2].sum((1, 2)) / 9)


@pytest.mark.parametrize(("side", "smaller"), [(65, [33, 49]), (321, [161, 241])])
def test_corners_of_smaller_pictures_are_the_picture_s(side: int, smaller: list[int]) -> None:
    seen: list[torch.Tensor] = []
    body = trunk("resnet18", width=1 / 16)
    body.register_forward_pre_hook(lambda _body, given: seen.append(given[0]))
    picture = torch.rand(1, 3, side, side)
    Scales(body, (0.5, 0.75, 1.0), corners=True)(picture)
    assert [one.shape[-1] for one in seen] == [*smaller, side]
    for one in seen:
        torch.testing.assert_close(
            one[..., [0, 0, -1, -1], [0, -1, 0, -1]], picture[..., [0, 0, -1, -1], [0, -1, 0, -1]]
        )
    assert torch.equal(seen[2], picture)
