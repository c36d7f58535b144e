"""One normalisation in place of another: the same function where it is frozen, no company where it is by groups."""

import pytest
import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from saccade.core.errors import UsageError
from saccade.layers.norms.norm import with_norm
from saccade.systems.build import build


def block() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(3, 24, 3), nn.Sequential(nn.BatchNorm2d(24), nn.ReLU()), nn.Conv2d(24, 8, 3))
    norm = made[1][0]
    for tensor in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
        tensor.copy_(torch.rand(24) + 0.5)
    return made


def test_frozen_statistics_give_the_same_answers_and_never_learn() -> None:
    images, before = torch.rand(2, 3, 8, 8), block().eval()
    frozen = with_norm(block(), "frozen").train()
    torch.testing.assert_close(frozen(images), before(images))
    assert isinstance(frozen[1][0], FrozenBatchNorm2d)
    assert [name for name, _ in frozen.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_groups_know_no_other_picture() -> None:
    images = torch.rand(2, 3, 8, 8)
    grouped = with_norm(block(), "group").train()
    assert grouped[1][0].num_groups == 24  # the greatest number up to 32 that divides 24 channels
    torch.testing.assert_close(grouped(images)[:1], grouped(images[:1]))


def test_a_synchronised_one_keeps_its_weights() -> None:
    images, synchronised = torch.rand(2, 3, 8, 8), with_norm(block(), "sync")
    assert isinstance(synchronised[1][0], nn.SyncBatchNorm)
    torch.testing.assert_close(synchronised.eval()(images), block().eval()(images))


def test_batch_is_as_it_was() -> None:
    assert isinstance(with_norm(block(), "batch")[1][0], nn.BatchNorm2d)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="frozen"):
        with_norm(block(), "layer")  # type: ignore[arg-type]


@pytest.mark.parametrize(("norm", "kind"), [("frozen", FrozenBatchNorm2d), ("group", nn.GroupNorm)])
def test_a_detector_s_trunk_is_normalised_as_it_is_told(norm: str, kind: type[nn.Module]) -> None:
    system = build("retinanet", 2, trunk="resnet18", width=1 / 8, norm=norm)
    layers = list(system.trunk.modules())
    assert any(isinstance(layer, kind) for layer in layers)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in layers)
