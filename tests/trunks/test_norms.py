"""Every norm option on every family of trunk: the same maps in evaluation mode where statistics are kept."""

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from saccade.layers.norms.fold import Folded, fold_normalisation
from saccade.layers.norms.norm import Norm, with_norm
from saccade.network.part import Trunk
from saccade.trunks import TRUNKS, trunk

# Of timm's, some whose layers normalise and activate in one, some that do it in turn, and some that do both.
OURS = ("resnet18", "resnet20", "vgg11_bn", "inception_v3", "efficientnet_lite0")
TIMM = ("test_resnet", "test_efficientnet", "test_byobnet", "regnetx_002", "mobilenetv3_small_050", "densenet121")
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish)


def learnt(name: str) -> Trunk:
    """A trunk with statistics and scales as after some training, in evaluation mode."""
    torch.manual_seed(0)
    built = trunk(name, **({"width": 1 / 8} if name in TRUNKS else {})).eval()
    for layer in built.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.2, 0.2)
    return built


def pictures() -> Tensor:
    return torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


def same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    assert list(found) == list(wanted)
    for name, map in wanted.items():
        torch.testing.assert_close(found[name], map, rtol=1e-3, atol=1e-3 * float(map.abs().max()))


@pytest.mark.parametrize("norm", ["batch", "frozen", "sync"])
@pytest.mark.parametrize("name", [*OURS, *TIMM])
@torch.no_grad()
def test_kept_statistics_give_the_same_maps(name: str, norm: Norm) -> None:
    replaced = with_norm(learnt(name), norm).eval()
    same(replaced(pictures()), learnt(name)(pictures()))
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in replaced.modules()) == (norm == "batch")


@pytest.mark.parametrize("name", [*OURS, *TIMM])
@torch.no_grad()
def test_groups_replace_the_norm_and_nothing_else(name: str) -> None:
    """Beside an oracle whose normalisations compute otherwise where they stand."""
    grouped, oracle = with_norm(learnt(name), "group").eval(), learnt(name)
    for layer in [layer for layer in oracle.modules() if isinstance(layer, nn.BatchNorm2d)]:
        channels = layer.num_features
        groups = next(count for count in range(32, 0, -1) if channels % count == 0)
        layer.forward = _in_groups(layer, nn.GroupNorm(groups, channels, layer.eps))
    same(grouped(pictures()), oracle(pictures()))
    kinds = [
        Counter(type(layer) for layer in built.modules() if isinstance(layer, ACTIVATIONS))
        for built in (grouped, oracle)
    ]
    assert kinds[0] == kinds[1]
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in grouped.modules())


@pytest.mark.parametrize("name", [*OURS, *TIMM])
@torch.no_grad()
def test_folded_normalisation_gives_the_same_maps(name: str) -> None:
    folded = fold_normalisation(learnt(name))
    same(folded(pictures()), learnt(name)(pictures()))
    assert name == "densenet121" or any(isinstance(layer, Folded) for layer in folded.modules())


def _in_groups(layer: nn.Module, norm: nn.GroupNorm):
    def forward(maps: Tensor) -> Tensor:
        maps = norm(maps)
        for part in layer.children():
            maps = part(maps)
        return maps

    return forward
