"""Maps that meet: sizes and offsets by the papers' numbers, values by hand."""

import pytest
import torch
from torch import Tensor, nn

from saccade.core.level import Level
from saccade.layers.decoder.fuse import Concat, Sum
from saccade.layers.decoder.grow import Bilinear, Transposed, Unpool
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
