"""Trunks made of trunks: dense, dilated, with places; against windows one by one, torchvision, and coarse grids."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torchvision.models as tv
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, ResNet

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.trunks import trunk
from saccade.trunks.chain import Chain
from saccade.trunks.networks.resnet import resnet_trunk
from saccade.trunks.surgery.dilate import dilate
from saccade.trunks.surgery.fc_to_conv import convolutional, dense
from saccade.trunks.surgery.pooling_places import pooling_places


def made(name: str, **options: Any) -> Chain:
    """A narrow trunk whose maps are neither dead nor huge, from a fixed seed."""
    torch.manual_seed(2)
    found = trunk(name, **{"width": 1 / 16, **options}).eval()
    assert isinstance(found, Chain)
    for layer in found.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, 0.0, 0.1)
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return found


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def unchanged(module: nn.Module, before: dict[str, Tensor]) -> bool:
    after = module.state_dict()
    return before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def assert_near(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max()) + 1e-9)


SIDES = {
    "lenet5": 32,
    "alexnet": 227,
    "caffenet": 227,
    "zfnet": 224,
    "overfeat": 231,
    "vgg11": 224,
    "vgg16": 224,
    "lecture_cnn": 224,
}


@pytest.mark.parametrize("name", SIDES)
@torch.no_grad()
def test_dense_gives_the_same_answer_on_a_picture_of_the_trained_size(name: str) -> None:
    original = made(name)
    before, side = snapshot(original), SIDES[name]
    turned = dense(original)
    images = torch.rand(2, 1 if name == "lenet5" else 3, side, side)
    ours, theirs = turned(images), original(images)
    assert list(ours) == list(theirs)
    for level in theirs:
        assert_near(ours[level], theirs[level])
    assert unchanged(original, before)
    assert not any(isinstance(layer, nn.Linear | nn.Flatten) for layer in turned.modules())
    last = [level.stride for level in original.levels.values() if level.stride is not None][-1]
    assert [turned.levels[n].stride for n, level in original.levels.items() if level.stride is None] == [
        last for level in original.levels.values() if level.stride is None
    ]
    assert dense(turned).levels == turned.levels


@pytest.mark.parametrize(("variant", "side", "stride"), [("fast", 231, 32), ("accurate", 221, 36)])
@torch.no_grad()
def test_without_padding_dense_is_window_by_window(variant: str, side: int, stride: int) -> None:
    """OverFeat pads its later convolutions alone; without that, every window's answer is the dense map's."""
    original = made("overfeat", variant=variant)
    for layer in original.modules():
        if isinstance(layer, nn.Conv2d) and layer.padding != (0, 0):
            layer.kernel_size, layer.padding = (1, 1), (0, 0)
            layer.weight = nn.Parameter(layer.weight[..., 1:2, 1:2].clone())
    images = torch.rand(1, 3, side + stride, side + 2 * stride)
    last = list(original.levels)[-1]
    predictions = dense(original)(images)[last]
    assert predictions.shape[2:] == (2, 3)
    for row in range(2):
        for column in range(3):
            top, left = row * stride, column * stride
            window = images[:, :, top : top + side, left : left + side]
            assert_near(predictions[:, :, row, column], original(window)[last][:, :, 0, 0])


@torch.no_grad()
def test_with_padding_dense_equals_the_windows_in_what_does_not_see_it() -> None:
    """Each window of VGG brings its own padding, which the dense network has around the whole picture alone."""
    original = made("vgg11")
    images = torch.rand(1, 3, 288, 288)
    whole, window = dense(original)(images), original(images[:, :, 32:256, 32:256])
    assert whole["fc7"].shape[2:] == (3, 3)
    # pool3 has stride 8 and sees 32 pixels or so, which is 4 positions from the border at most.
    assert_near(whole["pool3"][:, :, 8:28, 8:28], window["pool3"][:, :, 4:24, 4:24])
    assert not torch.allclose(whole["pool3"][:, :, 4:32, 4:32], window["pool3"])
    assert not torch.allclose(whole["fc7"][:, :, 1:2, 1:2], window["fc7"])


@torch.no_grad()
def test_a_head_s_layers_become_convolutions() -> None:
    level = Level(6, 8)
    body = fully_connected(level, (10,), 4, grid=5, dropout=0.5).eval()
    sliding = convolutional(body, level.channels).eval()
    map = torch.rand(2, 6, 7, 6)
    predictions = sliding(map)
    assert predictions.shape == (2, 4, 3, 2)
    assert_near(predictions[:, :, 2, 1], body(map[:, :, 2:7, 1:6]))
    above = convolutional(fully_connected(Level(6, None), (), 4), 6)
    assert above(map).shape == (2, 4, 7, 6)
    with pytest.raises(UsageError, match="square grid"):
        convolutional(body, 7)


def filled(module: ResNet) -> ResNet:
    """Statistics that are no identity."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
            nn.init.uniform_(layer.running_mean, -0.2, 0.2)
    return module.eval()


@pytest.mark.parametrize(("stride", "replaced"), [(8, [False, True, True]), (16, [False, False, True])])
@torch.no_grad()
def test_dilated_resnet_is_torchvision_s(stride: int, replaced: list[bool]) -> None:
    torch.manual_seed(0)
    module = filled(ResNet(Bottleneck, [1, 2, 2, 2], width_per_group=8))
    theirs = filled(ResNet(Bottleneck, [1, 2, 2, 2], width_per_group=8, replace_stride_with_dilation=replaced))
    theirs.load_state_dict(module.state_dict())
    original = resnet_trunk(module)
    before = snapshot(original)
    ours, images = dilate(original, stride), torch.rand(1, 3, 72, 64)
    wanted = resnet_trunk(theirs)(images)
    for name, map in ours(images).items():
        assert_near(map, wanted[name])
    assert ours.levels["layer4"] == Level(2048, stride)
    assert unchanged(original, before)


@pytest.mark.slow
@torch.no_grad()
def test_dilated_resnet50_is_torchvision_s() -> None:
    torch.manual_seed(0)
    module = filled(tv.resnet50())
    theirs = filled(tv.resnet50(replace_stride_with_dilation=[False, True, True]))
    theirs.load_state_dict(module.state_dict())
    images = torch.rand(1, 3, 128, 96)
    assert_near(dilate(resnet_trunk(module), 8)(images)["layer4"], resnet_trunk(theirs)(images)["layer4"])


DILATED = [
    ("alexnet", 8, {}),
    ("caffenet", 8, {}),
    ("zfnet", 8, {}),
    ("overfeat", 8, {}),
    ("vgg11", 8, {}),
    ("vgg16", 4, {}),
    ("yolo24", 16, {}),
    ("resnet18", 8, {}),
    ("resnet50", 8, {}),
    ("resnet20", 1, {}),
    ("googlenet", 8, {}),
    ("googlenet", 8, {"variant": "torchvision"}),
]


@pytest.mark.parametrize(("name", "stride", "options"), DILATED)
@torch.no_grad()
def test_the_coarse_grid_of_a_dilated_map_is_the_old_map(name: str, stride: int, options: dict[str, Any]) -> None:
    without = {"fc": False} if name in SIDES else {}
    original = made(name, **without, **options)
    before = snapshot(original)
    finer = dilate(original, stride)
    side = 227 if name in ("alexnet", "caffenet") else 231 if name == "overfeat" else 128
    images = torch.rand(1, 3, side, side)
    new, old = finer(images), original(images)
    for level, map in old.items():
        factor = (original.levels[level].stride or 1) // (finer.levels[level].stride or 1)
        sampled = new[level][:, :, ::factor, ::factor]
        height, width = (min(a, b) for a, b in zip(sampled.shape[2:], map.shape[2:], strict=True))
        assert (height, width) == map.shape[2:]
        # Rounding up an odd side leaves positions beyond the old map's end, where the old layers met zeros.
        inside = slice(0, height - 96 // (original.levels[level].stride or 1) if name == "caffenet" else height)
        assert_near(sampled[:, :, inside, inside], map[:, :, inside, inside])
        assert new[level].shape[1] == finer.levels[level].channels
    strides = [level.stride or 0 for level in original.levels.values()]
    assert [level.stride for level in finer.levels.values()] == [min(found, stride) for found in strides]
    assert max(strides) > stride
    assert unchanged(finer, {key: before[key] for key in before})
    assert unchanged(original, before)


@torch.no_grad()
def test_a_dilated_vgg_keeps_the_size_of_its_maps() -> None:
    """DeepLab's VGG: the last two pools step by one, the layers after them are dilated by 2 and 4."""
    finer = dilate(dense(made("vgg11")), 8)
    maps = finer(torch.rand(1, 3, 256, 256))
    assert {maps[name].shape[-1] for name in ("pool3", "conv4_2", "pool4", "conv5_2", "pool5")} == {32}
    assert finer.get_submodule("conv5_2.conv5_1").dilation == (2, 2)
    assert finer.get_submodule("fc6.linear").dilation == (4, 4)
    assert maps["fc7"].shape[-1] == 32 - 6 * 4


@torch.no_grad()
def test_a_dilated_dense_network_answers_at_more_places() -> None:
    original = dense(made("overfeat"))
    images = torch.rand(1, 3, 295, 263)
    coarse, fine = original(images)["fc7"], dilate(original, 8)(images)["fc7"]
    assert coarse.shape[2:] == (3, 2)
    assert fine.shape[2] > 3 * (coarse.shape[2] - 1)
    assert_near(fine[:, :, ::4, ::4][:, :, :3, :2], coarse)


@torch.no_grad()
def test_pools_that_round_up_keep_what_has_no_partner() -> None:
    original = made("vgg11", fc=False)
    maps = pooling_places(original, ceil=True)(torch.rand(1, 3, 45, 64))
    assert [maps[f"pool{block}"].shape[-2] for block in range(1, 6)] == [23, 12, 6, 3, 2]
    assert original(torch.rand(1, 3, 45, 64))["pool1"].shape[-2] == 22


@torch.no_grad()
def test_places_say_where_the_maxima_were() -> None:
    original = made("vgg11", fc=False)
    told = pooling_places(original)
    images = torch.rand(2, 3, 64, 96)
    maps, plain = told(images), original(images)
    assert list(maps) == list(told.levels)
    assert all(torch.equal(maps[name], plain[name]) for name in plain)
    assert [name for name in maps if name not in plain] == [f"pool{i}_places" for i in range(1, 6)]
    assert told.levels["pool2_places"] == Level(8, 4)
    places, before = maps["pool2_places"], maps["conv2_1"]
    assert places.dtype == torch.int64
    assert_near(before.flatten(2).gather(2, places.flatten(2)).view_as(places), maps["pool2"])
    unpooled = F.max_unpool2d(maps["pool2"], places, 2)
    assert unpooled.shape == before.shape
    assert set(told.state_dict()) == set(original.state_dict())
    assert original(images)["pool1"].shape == plain["pool1"].shape


@torch.no_grad()
def test_places_of_stages_that_also_normalise_and_of_other_surgery() -> None:
    images = torch.rand(1, 3, 227, 227)
    assert "pool1_places" in pooling_places(made("caffenet"))(images)
    both = pooling_places(dilate(dense(made("vgg11")), 8))
    assert [name for name in both.levels if name.endswith("_places")] == [f"pool{i}_places" for i in (1, 2, 3)]
    assert both(torch.rand(1, 3, 256, 256))["fc7"].shape[-1] == 8


def test_what_cannot_be_operated_is_said() -> None:
    with pytest.raises(UsageError, match=r"one of 1, 2, 4, 8, 16, 32\), found 5"):
        dilate(made("vgg11", fc=False), 5)
    with pytest.raises(UsageError, match="without fully connected layers"):
        dilate(made("vgg11"), 8)
    with pytest.raises(UsageError, match="ReNetLayer"):
        dilate(made("renet", fc=False), 2)
    with pytest.raises(UsageError, match="layers in a row"):
        dilate(made("inception_v3"), 8)
    with pytest.raises(UsageError, match="Subsample"):
        dilate(Chain(dict(list(made("lenet5").named_children())[:-1])), 1)
    with pytest.raises(UsageError, match="pools by the maximum"):
        pooling_places(Chain({"conv": nn.Conv2d(3, 4, 3)}))
    for operate in (dense, dilate, pooling_places):
        with pytest.raises(UsageError, match="TimmTrunk"):
            operate(trunk("test_resnet"))
