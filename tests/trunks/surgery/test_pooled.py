"""The average over positions and sizes, against the trunk run by hand at each size."""

import copy

import pytest
import torch
import torch.nn.functional as F

from saccade.trunks import trunk
from saccade.trunks.surgery.pooled import PooledTrunk


def test_the_average_over_sizes_is_that_of_the_trunk_run_at_each() -> None:
    torch.manual_seed(0)
    plain = trunk("resnet18", width=1 / 16).eval()
    pooled = PooledTrunk(plain, "layer3", (0.5, 0.75)).eval()
    images = torch.rand(2, 3, 64, 96)
    found = pooled(images)
    parts = []
    for size in ((64, 96), (32, 48), (48, 72)):
        seen = images if size == (64, 96) else F.interpolate(images, size, mode="bilinear", antialias=True)
        parts.append(plain(seen)["layer3"].mean((2, 3)))
    torch.testing.assert_close(found["pooled"][:, :, 0, 0], torch.stack(parts).mean(0))
    torch.testing.assert_close(found["layer4"], plain(images)["layer4"])
    assert {name: tuple(found[name].shape[:2]) for name in found} == {
        name: (2, level.channels) for name, level in pooled.levels.items()
    }


def test_weights_keep_their_names_and_copies_are_whole() -> None:
    plain = trunk("resnet18", width=1 / 16)
    pooled = PooledTrunk(plain, "layer4")
    assert list(pooled.state_dict()) == list(plain.state_dict())
    other = copy.deepcopy(pooled).eval()
    with torch.no_grad():
        for weight in other.parameters():
            weight.zero_()
    images = torch.rand(1, 3, 32, 32)
    assert not other(images)["pooled"].any()
    assert pooled.eval()(images)["pooled"].any()


def test_sixteen_bits() -> None:
    pooled = PooledTrunk(trunk("resnet18", width=1 / 16), "layer4", (0.5,)).eval().bfloat16()
    assert pooled(torch.rand(1, 3, 64, 64).bfloat16())["pooled"].dtype == torch.bfloat16


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(ValueError, match="layer9"):
        PooledTrunk(trunk("resnet18", width=1 / 16), "layer9")
