"""Oddities of single trunks; what all promise is tested by the contract."""

import pytest
import torch

from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.channels import IMAGENET_MEAN, IMAGENET_STD
from saccade.systems.build import build
from saccade.trunks import trunk
from saccade.trunks.networks.lenet import TABLE, scaled_table
from saccade.trunks.timm_trunk import timm_trunk


def test_an_unknown_trunk_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        trunk("vgg17")
    assert "vgg17" in str(error.value)
    assert "resnet18" in str(error.value)


def test_lenet_s_table_is_the_paper_s() -> None:
    assert sorted(len(row) for row in TABLE) == [3] * 6 + [4] * 9 + [6]
    assert sum(len(row) for row in TABLE) * 25 + 16 == 1516
    assert [sum(column in row for row in TABLE) for column in range(6)] == [10] * 6
    assert scaled_table(6, 16) == [list(row) for row in TABLE]
    assert all(scaled_table(4, 8))


@pytest.mark.parametrize("name", ["lenet5", "alexnet"])
def test_unknown_variants_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="paper"):
        trunk(name, variant="papr")


def test_lenet_begins_within_the_paper_s_bounds() -> None:
    made = trunk("lenet5")
    assert 0.9 < float(made.c5.conv.weight.detach().abs().max()) * 400 / 2.4 <= 1


def test_alexnet_s_weights_begin_as_the_paper_says() -> None:
    made = trunk("alexnet", width=0.25)
    ones = [made.conv2, made.conv4, made.conv5]
    assert all(bool((stage.conv.bias == 1).all()) for stage in ones)
    assert not any(bool(stage.conv.bias.any()) for stage in (made.conv1, made.conv3))
    assert bool((made.fc6.linear.bias == 1).all())
    # A quarter of the channels, twice the deviation; pictures have as many as ever.
    assert abs(float(made.fc6.linear.weight.detach().std()) - 0.02) < 1e-3
    assert abs(float(made.conv1.conv.weight.detach().std()) - 0.01) < 1e-3


def test_alexnet_normalises_by_the_sum_over_five_channels() -> None:
    norm = trunk("alexnet", width=0.25).conv1.norm
    values = torch.rand(1, 7, 1, 1)
    middle = values[0, 3, 0, 0] / (2 + 1e-4 * values[0, 1:6].square().sum()) ** 0.75
    torch.testing.assert_close(norm(values)[0, 3, 0, 0], middle)


def test_timm_s_networks_are_not_scaled() -> None:
    with pytest.raises(UsageError, match="smaller network"):
        trunk("test_resnet", width=0.5)


def test_maps_of_one_stride_have_names_of_their_own() -> None:
    assert list(trunk("test_vit").levels) == ["stride16", "stride16_2", "stride16_3"]
    assert list(trunk("test_resnet").levels) == ["stride2", "stride4", "stride8", "stride16", "stride32"]


def test_channels_last_maps_are_turned() -> None:
    made = timm_trunk("swin_tiny_patch4_window7_224")
    maps = made(torch.zeros(1, 3, 224, 224))
    assert {name: map.shape[1] for name, map in maps.items()} == {
        name: level.channels for name, level in made.levels.items()
    }


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError("no route"), "HF_HOME"),
        (RuntimeError("no features"), "a network of timm's that makes maps, found .*: no features"),
    ],
)
def test_what_timm_cannot_do_is_said(fault: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise fault

    monkeypatch.setattr("timm.create_model", fail)
    with pytest.raises(ConfigError, match=said):
        trunk("test_resnet", pretrained=True)


def test_pictures_get_in_as_the_trunk_expects() -> None:
    ours = trunk("vgg16", width=1 / 16).preprocessing.centre_crop(224)
    other = trunk("vit_tiny_patch16_224").preprocessing.centre_crop(224)
    assert (ours.shorter, ours.mean, ours.interpolation) == (256, (0.485, 0.456, 0.406), "bilinear")
    assert (other.shorter, other.mean, other.interpolation) == (249, (0.5, 0.5, 0.5), "bicubic")
    assert trunk("vit_tiny_patch16_224", channels=1).preprocessing.centre_crop(64).channels == 1


@pytest.mark.parametrize("name", ["alexnet", "caffenet", "zfnet", "overfeat"])
def test_trunks_that_begin_by_fixed_deviations_read_pixels_of_0_to_255_less_their_mean(name: str) -> None:
    side = 96
    own = trunk(name, width=1 / 16).preprocessing.centre_crop(side)
    for spec in (own, build(name, 3, width=1 / 16, size=side).input):
        white = spec.batch([torch.ones(3, side, side)]).images[0, :, 0, 0]
        torch.testing.assert_close(white, 255 * (1 - torch.tensor(IMAGENET_MEAN)))
    assert trunk("vgg16", width=1 / 16).preprocessing.std == IMAGENET_STD
    assert build("alexnet", 3, variant="torchvision", width=1 / 16, size=side).input.std == IMAGENET_STD
