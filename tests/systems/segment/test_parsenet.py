"""ParseNet: what the whole picture shows stands at every position, on one scale with what is there."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

import saccade as sc
from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.necks.global_context import GlobalContext
from saccade.network.system import System


def narrow(**options: Any) -> System:
    torch.manual_seed(1)
    return sc.build("parsenet", 4, **{"trunk": "vgg11", "width": 1 / 16, "size": 64, **options}).eval()


def test_the_average_stands_beside_each_position_both_of_one_length() -> None:
    neck = GlobalContext({"deep": Level(6, 8), "fine": Level(4, 8)}, ("deep", "fine"), 10.0)
    maps = {"deep": torch.rand(2, 6, 3, 5), "fine": torch.rand(2, 4, 3, 5) * 100}
    found = neck(maps)["global_context"]
    assert found.shape == (2, neck.levels["global_context"].channels, 3, 5) == (2, 16, 3, 5)
    whole, deep, fine = found.split((6, 6, 4), 1)
    for part in (whole, deep, fine):
        torch.testing.assert_close(part.norm(dim=1), torch.full((2, 3, 5), 10.0))
    average = F.normalize(maps["deep"].mean((2, 3)), dim=1) * 10
    torch.testing.assert_close(whole, average[:, :, None, None].expand(2, 6, 3, 5))
    torch.testing.assert_close(deep, F.normalize(maps["deep"], dim=1) * 10)
    with pytest.raises(UsageError, match="one stride"):
        GlobalContext({"deep": Level(6, 8), "fine": Level(4, 4)}, ("deep", "fine"))


def test_the_slope_of_a_unit_is_the_papers() -> None:
    """dL/dx = (dL/dy' - x' (x' . dL/dy')) / |x|, y' the slope times the scale (section 3.3)."""
    neck = GlobalContext({"deep": Level(5, 8)}, ("deep",), 20.0)
    map, slope = torch.rand(1, 5, 1, 1, requires_grad=True), torch.rand(1, 5, 1, 1)
    neck.local[0](map).backward(slope)
    x, scaled = map.detach().flatten(), slope.flatten() * 20
    unit = x / x.norm()
    torch.testing.assert_close(map.grad.flatten(), (scaled - unit * (unit @ scaled)) / x.norm())


@pytest.mark.parametrize(("maps", "read"), [(1, ["fc7"]), (3, ["fc7", "conv5_2", "conv4_2"])])
def test_maps_of_the_blocks_are_read(maps: int, read: list[str]) -> None:
    system = narrow(maps=maps)
    assert isinstance(system.neck, GlobalContext)
    assert list(system.neck.reads) == read
    assert system.levels["global_context"].channels == sum(system.levels[name].channels for name in ["fc7", *read])


def test_what_stands_far_away_is_heard() -> None:
    """Another corner changes what is said beyond the reach of every convolution; without the average it does not."""
    system = narrow(size=321)
    picture = torch.rand(3, 321, 321)
    other = picture.clone()
    other[:, 300:, 300:] = 1 - other[:, 300:, 300:]
    said, changed = (system.maps(system.batch([one])) for one in (picture, other))
    torch.testing.assert_close(said["fc7"][..., 0, 0], changed["fc7"][..., 0, 0], rtol=0, atol=1e-6)
    mixed, before = (maps["global_context"][..., 0, 0] for maps in (said, changed))
    size = system.levels["fc7"].channels
    assert (mixed - before)[:, :size].abs().max() > 1e-5
    torch.testing.assert_close(mixed[:, size:], before[:, size:], rtol=1e-4, atol=1e-4)
