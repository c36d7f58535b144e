"""Regions of several pictures, each seen by a network of its own."""

import torch
from torch import nn

from saccade.layers.pools.warp_pool import WarpPool
from saccade.network.maps import Maps
from saccade.ops.regions.crop import CropRules, crop_regions

RULES = CropRules(side=8, context=1)


def maps_of(*sizes):
    images = torch.randn(len(sizes), 2, 20, 20, generator=torch.Generator().manual_seed(0))
    for image, (height, width) in zip(images, sizes, strict=True):
        image[:, height:], image[:, :, width:] = 0, 0
    return Maps({"image": images}, torch.tensor(sizes))


def test_each_region_is_cut_out_of_its_own_picture_inside_the_padding():
    maps = maps_of((20, 20), (12, 15))
    pool = WarpPool(lambda squares: squares, nn.Identity(), RULES, "image")
    regions = torch.tensor([[2.0, 3, 9, 11], [1, 1, 15, 12], [0, 0, 20, 20]])
    owners = torch.tensor([0, 1, 0])
    found = pool(maps, regions, owners)
    for row, (box, picture) in enumerate(zip(regions, owners.tolist(), strict=True)):
        size = tuple(maps.sizes[picture].tolist())
        assert torch.equal(found[row], crop_regions(maps["image"][picture], size, box[None], RULES)[0])
        assert found[row].any()


def test_many_regions_are_seen_in_parts_and_none_at_all(monkeypatch):
    seen: list[int] = []

    def look(squares):
        seen.append(len(squares))
        return squares.mean((2, 3), keepdim=True)

    monkeypatch.setattr("saccade.layers.pools.warp_pool.AT_ONCE", 4)
    pool = WarpPool(look, nn.Flatten(), RULES, "image")
    boxes = torch.tensor([[2.0, 3, 9, 11]]).repeat(10, 1)
    assert pool(maps_of((20, 20)), boxes, torch.zeros(10, dtype=torch.int64)).shape == (10, 2)
    assert seen == [4, 4, 2]
    assert pool(maps_of((20, 20)), boxes[:0], torch.zeros(0, dtype=torch.int64)).shape == (0, 2)
