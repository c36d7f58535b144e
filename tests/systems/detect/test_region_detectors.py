"""Region detectors: the papers' numbers, their stages, and what each pools."""

import pytest
import torch
from torch import nn

from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.layers.pools.spatial_pyramid import ScaledSpatialPyramid, SpatialPyramid
from saccade.layers.towers.position_sensitive import PositionSensitiveTower
from saccade.layers.towers.region_towers import Outputs
from saccade.systems.build import build

VOC = tuple(f"class {label}" for label in range(20))


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def on_meta(name, **options):
    with torch.device("meta"):
        return build(name, VOC, **options)


def test_fast_r_cnn_has_the_paper_s_samples():
    head = on_meta("fast_rcnn").heads["regions"]
    assert (head.sample.share, head.rules.floor, head.rules.limit) == (0.25, 0.1, 2000)
    assert head.box.rules.coder.spread == (0.1, 0.1, 0.2, 0.2)


def test_faster_r_cnn_adds_an_rpn():
    system = on_meta("faster_rcnn")
    head = system.heads["regions"]
    assert parameters(system) == 134_690_729 + 2_387_510
    assert (head.rules.limit, head.rules.learn.limit, head.rules.learn.first) == (300, 2000, 12_000)
    assert head.terms == ("propose_class", "propose_box", "class", "box")


def test_the_pyramid_s_top_has_torchvision_s_size():
    head = on_meta("faster_rcnn", trunk="resnet50").heads["regions"]
    assert parameters(head.box.tower.body) == 256 * 49 * 1024 + 1024 + 1024 * 1024 + 1024
    assert head.box.tower.pool.strides == (4, 8, 16, 32)


@pytest.mark.parametrize("trunk", ["vgg11", "resnet18"])
def test_four_alternating_steps_teach_what_the_paper_says(trunk):
    system = build("faster_rcnn", ("a", "b"), trunk=trunk, width=1 / 16, size=128, schedule="alternate")
    stages = system.recipe.stages
    assert sum(stage.share for stage in stages) == pytest.approx(1)
    assert [stage.reinitialise for stage in stages] == [False, True, False, False]
    terms = {f"regions/{term}" for term in system.heads["regions"].terms}
    learns: list[set[str]] = []
    for stage in stages:
        assert set(stage.silent) < terms
        system.freeze(stage.freeze)
        found = {path.split(".")[0] for path, p in system.named_parameters() if p.requires_grad and "heads" not in path}
        parts = ("heads.regions.propose", "heads.regions.tops")
        learns.append(found | {n for n in parts if all(p.requires_grad for p in system.get_submodule(n).parameters())})
    shared = {"trunk"} if system.neck is None else {"trunk", "neck"}
    proposing, looking = {"heads.regions.propose"}, {"heads.regions.tops"}
    assert learns == [shared | proposing, shared | looking, proposing, looking]


def test_pretrained_trunks_keep_their_first_layers_and_statistics(monkeypatch):
    from saccade.systems.detect.parts.region_stages import first_layers
    from saccade.trunks import trunk

    assert first_layers(trunk("vgg16", width=1 / 16, fc=False), True) == tuple(
        f"trunk.{name}" for name in ("conv1_2", "pool1", "conv2_2")
    )
    residual = first_layers(trunk("resnet18", width=1 / 16), True)
    assert residual[:2] == ("trunk.stem", "trunk.layer1")
    assert {"trunk.layer4.0.bn1", "trunk.layer2.0.conv1"} & set(residual) == {"trunk.layer4.0.bn1"}
    theirs = first_layers(trunk("resnet10t"), True)
    assert theirs[:3] == ("trunk.network.conv1", "trunk.network.bn1", "trunk.network.layer1")
    assert first_layers(trunk("resnet18", width=1 / 16), False) == ()


def test_a_pyramid_of_a_region_holds_the_maxima_of_its_cells():
    map = torch.arange(64.0).view(1, 1, 8, 8)
    pool = SpatialPyramid(Level(1, 16), "map", (2, 1))
    found = pool({"map": map}, torch.tensor([[0.0, 0, 63, 63]]), torch.zeros(1, dtype=torch.int64))
    # The region rounds to the positions 0..4 of each side; cells of 2.5 positions reach from 0 to 2 and from 2 to 4.
    assert found.tolist() == [[18, 20, 34, 36, 36]]


@pytest.mark.parametrize("side", [10, 13, 6, 7])
def test_a_pyramid_has_its_fifty_cells_on_any_map_and_each_is_a_maximum(side):
    maps = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(side))
    whole = torch.tensor([[0.0, 0, side - 1, side - 1]]).expand(2, -1)
    found = SpatialPyramid(Level(3, 1), "map", (6, 3, 2, 1))({"map": maps}, whole, torch.arange(2))
    assert found.shape == (2, 3 * 50)
    torch.testing.assert_close(found[:, -3:], maps.amax((2, 3)))
    assert torch.isin(found, maps).all()


def test_r_fcn_has_the_paper_s_maps_and_strides():
    system = on_meta("rfcn")
    tower = system.heads["regions"].box.tower
    assert (tower.reduce.in_channels, tower.reduce.out_channels) == (2048, 1024)
    assert tower.stride == 16
    assert system.heads["regions"].propose.reads == ("layer3",)


def test_each_cell_votes_by_its_own_maps():
    tower = PositionSensitiveTower(Level(1, 1), "map", 1, 2, Outputs(1, 1))
    for layer in (tower.reduce, tower.score, tower.box):
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
    tower.score.weight.data = torch.tensor([1.0, 10, 100, 1000]).view(4, 1, 1, 1)
    map = torch.ones(1, 1, 4, 4)
    map[..., 2:, 2:] = 3
    logits, codes = tower({"map": map}, torch.tensor([[0.0, 0, 4, 4]]), torch.zeros(1, dtype=torch.int64))
    assert logits.item() == pytest.approx((1 + 10 + 100 + 3000) / 4)
    assert codes.shape == (1, 1, 4)


@pytest.mark.parametrize("name", ["faster_rcnn", "spp_net", "rfcn"])
def test_a_trunk_without_the_maps_is_refused(name):
    with pytest.raises(UsageError, match="stride"):
        build(name, ("a",), trunk="resnet20")


def test_a_trunk_without_fully_connected_layers_is_refused():
    with pytest.raises(UsageError, match="fully connected"):
        build("fast_rcnn", ("a",), trunk="resnet18")


@pytest.mark.parametrize(
    ("name", "options"),
    [("fast_rcnn", {}), ("spp_net", {}), ("faster_rcnn", {}), ("faster_rcnn", {"trunk": "resnet18"})],
)
def test_a_region_has_a_box_for_each_class_or_one_for_all(name, options):
    counts = [
        on_meta(name, boxes=boxes, **options).heads["regions"].box.tower.box for boxes in ("per_class", "agnostic")
    ]
    assert [layer.out_features for layer in counts] == [84, 4]
    with pytest.raises(UsageError, match="agnostic"):
        build(name, ("a",), boxes="many", width=1 / 16, **options)


def test_spp_net_s_machines_see_distinct_negatives_and_boxes_from_half_an_overlap():
    top = on_meta("spp_net", scores="svm").heads["regions"].box
    assert (top.solving.mining.distinct, top.solving.mining.negative, top.solving.ridge.near) == (0.7, 0.3, 0.5)
    assert (top.box.in_features, top.machines.in_features) == (12_800, 4096)
    with pytest.raises(UsageError, match="agnostic"):
        build("spp_net", ("a",), scores="svm", boxes="agnostic", width=1 / 16)


def test_each_region_is_read_where_its_area_comes_nearest_to_224_squared():
    factors = (480 / 1200, 576 / 1200, 688 / 1200, 864 / 1200, 1.0)
    pool = ScaledSpatialPyramid({f"scale{n}": Level(2, 1) for n in range(1, 6)}, factors, 16, (2, 1))
    sides = torch.tensor([20.0, 224, 250, 300, 330, 390, 420, 500, 800])
    regions = torch.cat([torch.zeros(9, 2), sides[:, None].expand(9, 2)], 1)
    wanted = [min(range(5), key=lambda place: abs((side * factors[place]) ** 2 - 224**2)) for side in sides.tolist()]
    assert pool.choose(regions).tolist() == wanted
    assert len(set(wanted)) == 5
    assert pool.size == 10
    maps = {f"scale{n}": torch.randn(1, 2, int(60 * f), int(60 * f)) for n, f in enumerate(factors, 1)}
    found = pool(maps, regions, torch.zeros(9, dtype=torch.int64))
    for row, place in enumerate(wanted):
        alone = SpatialPyramid(Level(2, 16), "map", (2, 1))
        scaled = regions[row : row + 1] * factors[place]
        cells = alone({"map": maps[f"scale{place + 1}"]}, scaled, torch.zeros(1, dtype=torch.int64))
        torch.testing.assert_close(found[row : row + 1], cells)


def test_spp_net_sees_pictures_at_five_sizes():
    torch.manual_seed(0)
    options = {"width": 1 / 16, "size": 160, "search": "windows", "proposals": 30}
    system = build("spp_net", ("a", "b"), scales=(0.4, 0.48, 0.573, 0.72, 1.0), **options).eval()
    assert len(system.heads["regions"].reads) == 5
    assert len(system.predict(system.batch([torch.rand(3, 100, 120)]))) == 1
    with pytest.raises(UsageError, match="greatest"):
        build("spp_net", ("a",), scales=(0.5,), **options)
