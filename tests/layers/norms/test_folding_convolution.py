"""Normalisation folded while a network learns: the same maps and gradients in less memory, and the same checkpoint."""

import copy

import pytest
import torch
from torch import Tensor, nn

from saccade.layers.blocks.full_precision_gradient import FullPrecisionGradient, with_full_precision_gradients
from saccade.layers.blocks.wide_gradient import WideGradient, with_wide_gradients
from saccade.layers.norms.fold import Folded, folded_copy, with_folded_training
from saccade.layers.norms.folding_convolution import FOLDING, FoldedFrozenNorm, FoldingConvolution
from saccade.layers.norms.frozen_norm import FrozenNorm
from saccade.layers.norms.norm import with_norm
from saccade.trunks import trunk


def learnt_trunk(name: str = "resnet50") -> nn.Module:
    """A trunk whose frozen statistics and scales are as after some training."""
    torch.manual_seed(0)
    body = with_norm(trunk(name, width=1 / 8), "frozen").train()
    for layer in body.modules():
        if isinstance(layer, FrozenNorm):
            for values, low in (("running_mean", -0.5), ("bias", -0.5), ("running_var", 0.5), ("weight", 0.5)):
                layer.get_buffer(values).uniform_(low, low + 1)
    return body


def stepped(body: nn.Module, pictures: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Maps of a step, and the gradients of all weights."""
    maps = dict(body(pictures))
    torch.stack([values.float().square().mean() for values in maps.values()]).sum().backward()
    slopes = {name: p.grad for name, p in body.named_parameters() if p.grad is not None}
    return {key: values.detach() for key, values in maps.items()}, slopes


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_lite0"])
def test_maps_and_gradients_are_those_of_two_layers(name: str) -> None:
    plain = learnt_trunk("resnet50") if name == "resnet50" else with_norm(trunk(name), "frozen").eval()
    folding, pictures = copy.deepcopy(plain), torch.randn(2, 3, 64, 64)
    with_folded_training(folding)
    assert any(isinstance(layer, FoldingConvolution) for layer in folding.modules())
    assert not any(type(layer) is FrozenNorm for layer in folding.modules())
    for one, other in zip(stepped(plain, pictures), stepped(folding, pictures), strict=True):
        assert one.keys() == other.keys()
        for key, wanted in one.items():
            torch.testing.assert_close(other[key], wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


def test_weights_and_their_names_stay() -> None:
    body = learnt_trunk()
    before = {name: values.clone() for name, values in body.state_dict().items()}
    with_folded_training(body)
    after = body.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert len(list(body.modules())) == len(list(learnt_trunk().modules()))


def test_without_gradients_the_layers_run_as_they_are() -> None:
    """To the bit: what is measured in a training is what is measured of its checkpoint."""
    plain, pictures = learnt_trunk(), torch.randn(1, 3, 64, 64)
    folding = copy.deepcopy(plain)
    with_folded_training(folding)
    with torch.no_grad():
        for one, other in zip(plain(pictures).values(), folding(pictures).values(), strict=True):
            assert torch.equal(one, other)


def test_a_step_keeps_one_map_of_a_layer_in_place_of_two() -> None:
    def kept(body: nn.Module) -> int:
        sizes: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            maps = body(torch.randn(1, 3, 256, 256))
        assert maps
        return sum(sizes.values())

    folding = learnt_trunk()
    with_folded_training(folding)
    assert kept(folding) < 0.65 * kept(learnt_trunk())


def test_the_other_kinds_of_gradients_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    layers = nn.Sequential(
        nn.Sequential(nn.Conv2d(64, 8, 3), FrozenNorm(8)),
        nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), FrozenNorm(8)),
        nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), FrozenNorm(8)),
    )
    with_wide_gradients(layers)
    with_full_precision_gradients(layers)
    with_folded_training(layers)
    assert [type(row[0]) for row in layers] == [*list(FOLDING.values())[1:], FoldingConvolution]
    assert isinstance(layers[0][0], WideGradient)
    assert isinstance(layers[1][0], FullPrecisionGradient)
    with torch.autocast("cpu", torch.bfloat16):
        assert layers(torch.randn(1, 64, 9, 9)).dtype is torch.bfloat16


class _Branching(nn.Module):
    """A convolution that is read before its normalisation too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 1), FrozenNorm(4)

    def forward(self, images: Tensor) -> Tensor:
        found = self.conv(images)
        return found + self.norm(found)


@pytest.mark.parametrize("make", [_Branching, lambda: nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))])
def test_what_another_part_reads_or_still_counts_stays(make) -> None:
    module = make()
    kinds = [type(layer) for layer in module.modules()]
    with_folded_training(module)
    assert [type(layer) for layer in module.modules()] == kinds


def test_a_copy_for_use_is_folded_for_good() -> None:
    body, pictures = learnt_trunk(), torch.randn(1, 3, 64, 64)
    with_folded_training(body)
    used = folded_copy(body.eval())
    assert not any(isinstance(layer, FoldingConvolution | FoldedFrozenNorm) for layer in _outside(used))
    assert any(isinstance(layer, FoldingConvolution) for layer in body.modules())
    with torch.no_grad():
        for one, other in zip(body(pictures).values(), used(pictures).values(), strict=True):
            torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-3 * float(one.abs().max()))


def _outside(module: nn.Module) -> list[nn.Module]:
    """Modules but those that folded ones keep for the count of parameters."""
    kept = {id(layer.norm) for layer in module.modules() if isinstance(layer, Folded)}
    return [layer for layer in module.modules() if id(layer) not in kept]
