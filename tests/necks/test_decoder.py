"""Maps that meet: sizes and offsets by the papers' numbers, values by hand."""

import pytest
import torch
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.decoder.fuse import Addition, Concat, Sum
from saccade.layers.decoder.grow import Between, Bilinear, LearntInterpolation, Transposed, Unpool
from saccade.necks.decoder import Decoder, Step
from saccade.necks.several import Necks
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.pooling_places import pooling_places


def valid(entry: int, size: int) -> nn.Sequential:
    """Two unpadded convolutions, as U-Net has them at each depth."""
    return nn.Sequential(nn.Conv2d(entry, size, 3), nn.ReLU(), nn.Conv2d(size, size, 3), nn.ReLU())


def contracting() -> Chain:
    stages: dict[str, nn.Module] = {"conv1": valid(3, 2)}
    for depth in range(2, 6):
        stages |= {f"pool{depth - 1}": nn.MaxPool2d(2), f"conv{depth}": valid(2, 2)}
    return Chain(stages)


def test_unet_leaves_388_of_572_pixels() -> None:
    trunk = contracting()
    assert trunk.levels["conv5"] == Level(2, 16, 62.0)
    steps = [
        Step(f"up{depth}", f"conv{depth}", Transposed(2, 2), 2, Concat(2, 2), valid(4, 2), cut=2)
        for depth in range(4, 0, -1)
    ]
    decoder = Decoder(trunk.levels, "conv5", steps)
    with torch.no_grad():
        maps = trunk(torch.zeros(1, 3, 572, 572))
        added = decoder(maps)
    assert [added[f"up{depth}"].shape[-1] for depth in range(4, 0, -1)] == [52, 100, 196, 388]
    assert decoder.levels["up1"] == Level(2, 1, 92.0)
    assert (572 - 388) / 2 == 92


def test_channels_of_the_grown_map_come_before_those_of_the_fine_one() -> None:
    levels = {"fine": Level(1, 1), "coarse": Level(1, 2)}
    decoder = Decoder(levels, "coarse", [Step("out", "fine", Bilinear(2), 2, Concat(1, 1))])
    joined = decoder({"fine": torch.ones(1, 1, 4, 4), "coarse": torch.zeros(1, 1, 2, 2)})["out"]
    assert joined.mean((0, 2, 3)).tolist() == [0.0, 1.0]


def test_learnt_interpolation_begins_even_and_straight_and_is_cut_to_the_fine_map() -> None:
    levels = {"fine": Level(1, 1), "coarse": Level(2, 2)}
    decoder = Decoder(levels, "coarse", [Step("out", "fine", LearntInterpolation(2), 2)])
    slope = torch.arange(12.0).expand(1, 2, 12, 12)
    with torch.no_grad():
        fine = decoder({"fine": torch.zeros(1, 1, 23, 24), "coarse": slope})["out"]
    assert fine.shape == (1, 2, 23, 24)
    # Away from the border, where the kernel sees zeros: halves of the slope, and even down the columns.
    torch.testing.assert_close(fine[0, 0, 10, 8:16].diff(), torch.full((7,), 0.5))
    torch.testing.assert_close(fine[0, 0, 10, 8:16].mean(), torch.tensor(5.5))
    torch.testing.assert_close(fine[..., 8:15, 8:16], fine[..., 8:9, 8:16].expand(-1, -1, 7, -1))


def test_layers_on_both_sides_of_a_growth_run_before_anything_is_joined() -> None:
    levels = {"fine": Level(1, 1), "coarse": Level(1, 2)}
    grow = Between(Bilinear(2), before=PlusOne(), after=nn.ReLU())
    decoder = Decoder(levels, "coarse", [Step("out", "fine", grow, 1, Addition(1))])
    out = decoder({"fine": torch.full((1, 1, 4, 4), 5.0), "coarse": torch.full((1, 1, 2, 2), -3.0)})["out"]
    assert out.unique().tolist() == [5.0]


def test_a_sum_that_begins_at_nothing_is_the_grown_map() -> None:
    levels = {"fine": Level(3, 1), "coarse": Level(2, 2)}
    decoder = Decoder(levels, "coarse", [Step("out", "fine", Bilinear(2), 2, Sum(2, 3, zero=True))])
    maps = {"fine": torch.randn(1, 3, 7, 6), "coarse": torch.randn(1, 2, 4, 3)}
    grown = nn.functional.interpolate(maps["coarse"], scale_factor=2.0, mode="bilinear")
    # The coarse map of an odd side grows beyond the fine one, and is cut to it.
    torch.testing.assert_close(decoder(maps)["out"], grown[:, :, :7])


def test_unpooling_undoes_the_pool_where_its_maxima_were() -> None:
    trunk = pooling_places(Chain({"conv": nn.Identity(), "pool": nn.MaxPool2d(2)}))
    decoder = Decoder(trunk.levels, "pool", [Step("out", "conv", Unpool(), 1, places="pool_places")])
    picture = torch.randn(2, 1, 4, 6)
    back = decoder(trunk(picture))["out"]
    kept = back != 0
    assert int(kept.sum()) == 2 * 2 * 3
    torch.testing.assert_close(back[kept], picture[kept])
    with pytest.raises(ValueError, match="places"):
        Decoder(trunk.levels, "pool", [Step("out", "conv", Unpool(), 1)])(trunk(picture))


class PlusOne(nn.Module):
    """What it gets, plus 1."""

    def forward(self, map: Tensor) -> Tensor:
        return map + 1


def plus(reads: str, name: str) -> Decoder:
    return Decoder({reads: Level(1, 1)}, reads, [Step(name, reads, Bilinear(1), 1, body=PlusOne())])


def test_necks_in_a_row_read_each_other() -> None:
    both = Necks(plus("a", "b"), plus("b", "c"))
    assert (both.reads, list(both.levels)) == (("a",), ["b", "c"])
    added = both({"a": torch.zeros(1, 1, 2, 2)})
    assert {name: float(map.mean()) for name, map in added.items()} == {"b": 1.0, "c": 2.0}
    with pytest.raises(ValueError, match="a name of its own"):
        Necks(plus("a", "b"), plus("a", "b"))
