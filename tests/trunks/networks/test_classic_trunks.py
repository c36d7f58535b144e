"""Oddities of the classic trunks: their tables, borders, first weights and precisions."""

from pathlib import Path

import pytest
import torch
import torchvision.models as tv
from torch import Tensor, nn

from saccade.core.errors import UsageError
from saccade.network.part import Trunk
from saccade.systems.build import build
from saccade.trunks import TRUNKS, trunk
from saccade.trunks.networks.yolo24 import LEAK

SIDES = {"lenet5": 32, "renet": 32, "inception_v3": 80}


def maps_of(made: Trunk, side: int, channels: int = 3) -> dict[str, Tensor]:
    with torch.device("meta"):
        return made.to("meta")(torch.zeros(1, channels, side, side))


def convolutions(made: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in made.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize("name", sorted(TRUNKS))
@torch.no_grad()
def test_trunks_run_in_bfloat16(name: str) -> None:
    """Prediction casts weights; a layer without arithmetic for them would show here."""
    torch.manual_seed(0)
    made = trunk(name, width=1 / 16).eval().bfloat16()
    channels = 1 if name == "lenet5" else 3
    side = SIDES.get(name, 96)
    maps = made(torch.rand(1, channels, side, side).bfloat16())
    assert all(map.dtype == torch.bfloat16 and bool(map.isfinite().all()) for map in maps.values())


@pytest.mark.parametrize(
    ("name", "side", "expected"),
    [
        ("zfnet", 224, {"conv1": 110, "pool1": 55, "conv2": 26, "pool2": 13, "conv5": 13, "pool5": 6}),
        ("zfnet", 180, {"conv5": 10}),
        ("caffenet", 227, {"conv1": 55, "pool1": 27, "pool2": 13, "conv5": 13, "pool5": 6}),
        ("yolo24", 448, {"pool1": 112, "conv5": 14, "conv7": 7}),
        ("googlenet", 224, {"conv1": 112, "pool1": 56, "inception3b": 28, "inception4e": 14, "inception5b": 7}),
        ("resnet20", 32, {"layer1": 32, "layer2": 16, "layer3": 8}),
    ],
)
def test_sides_of_maps(name: str, side: int, expected: dict[str, int]) -> None:
    maps = maps_of(trunk(name, width=1 / 16), side)
    assert {map: maps[map].shape[-1] for map in expected} == expected


def test_caffe_s_pools_keep_a_window_that_the_border_cuts() -> None:
    maps = maps_of(trunk("caffenet", width=1 / 16), 231)
    assert (maps["conv1"].shape[-1], maps["pool1"].shape[-1]) == (56, 28)


def test_caffenet_pools_before_it_normalises() -> None:
    stage = trunk("caffenet", width=1 / 16).pool1
    assert [type(layer).__name__ for layer in stage] == ["MaxPool2d", "ResponseNorm"]
    values = torch.rand(1, 7, 1, 1)
    middle = values[0, 3, 0, 0] / (1 + 1e-4 / 5 * values[0, 1:6].square().sum()) ** 0.75
    torch.testing.assert_close(stage.norm(values)[0, 3, 0, 0], middle)


def test_yolo_s_twenty_convolutions_are_the_first_of_its_twenty_four() -> None:
    whole, first = trunk("yolo24", width=1 / 16), trunk("yolo24", width=1 / 16, blocks=5)
    assert (len(convolutions(whole)), len(convolutions(first))) == (24, 20)
    assert set(first.state_dict()) < set(whole.state_dict())
    assert {layer.negative_slope for layer in whole.modules() if isinstance(layer, nn.LeakyReLU)} == {LEAK}


def test_configuration_c_sees_one_position_in_its_third_convolutions() -> None:
    kernels = [layer.kernel_size[0] for layer in convolutions(trunk("vgg16c", width=1 / 16))]
    assert kernels == [3, 3, 3, 3, 3, 3, 1, 3, 3, 1, 3, 3, 1]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("overfeat", {"variant": "slow"}),
        ("googlenet", {"variant": "v2"}),
        ("googlenet", {"pretrained": True}),
        ("renet", {"cell": "rnn"}),
        ("renet", {"variant": "imagenet"}),
    ],
)
def test_what_there_is_not_is_refused(name: str, options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"expected .*, found"):
        trunk(name, **options)


def test_a_residual_network_of_another_depth_is_refused() -> None:
    from saccade.trunks.networks.cifar_resnet import cifar_resnet

    with pytest.raises(UsageError, match="found 21"):
        cifar_resnet(21)


@pytest.mark.parametrize("name", ["zfnet", "yolo24", "resnet20"])
def test_weights_that_nobody_offers_are_refused(name: str) -> None:
    with pytest.raises(
        UsageError, match=f"no pretrained weights for {name}, since nobody offers any, found pretrained=True"
    ):
        build("classifier", 2, trunk=name, width=1 / 16, pretrained=True)
    assert build("classifier", 2, trunk=name, width=1 / 16, pretrained=False).trunk.levels


@pytest.mark.parametrize(("name", "options"), [("googlenet", {"variant": "torchvision"}), ("inception_v3", {})])
def test_pretrained_weights_reach_the_branches(
    name: str, options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache holds torchvision's file, here one of other weights under the name of the true one."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    with torch.device("meta"):
        module = tv.get_model(name, init_weights=False)
    module = module.to_empty(device="cpu")
    for place, value in enumerate(module.state_dict().values()):
        value.fill_(place % 7 + 1)
    (tmp_path / "checkpoints").mkdir()
    torch.save(
        module.state_dict(), tmp_path / "checkpoints" / Path(tv.get_model_weights(name)["IMAGENET1K_V1"].url).name
    )
    ours = trunk(name, pretrained=True, channels=3, **options).state_dict()
    theirs = {k: v for k, v in module.state_dict().items() if not k.startswith(("aux", "Aux", "fc"))}
    assert len(ours) == len(theirs)
    assert all(torch.equal(own, other) for own, other in zip(ours.values(), theirs.values(), strict=True))


def test_inception_s_pictures_get_in_from_minus_one_to_one() -> None:
    own = trunk("inception_v3", width=1 / 16).preprocessing.centre_crop(299)
    for spec in (own, build("inception_v3", 2, width=1 / 16).input):
        assert (spec.mean, spec.std, spec.shorter) == ((0.5,) * 3, (0.5,) * 3, 342)
    assert trunk("googlenet", width=1 / 16).preprocessing.mean == (0.485, 0.456, 0.406)


@torch.no_grad()
def test_a_normalised_vgg_gives_torchvision_s_maps() -> None:
    theirs = tv.vgg11_bn().eval()
    ours = trunk("vgg11_bn", fc=False).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.features.state_dict().values(), strict=True)))
    pictures = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(ours(pictures)["pool5"], theirs.features(pictures))
