"""HED: its sides, what they sum to, where they lie, and what is learnt and told of them."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.level import Level
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.heads.contours.contour_head import ContourHead, ContourRaw
from saccade.layers.decoder.contour_scores import SideScores, grown
from saccade.layers.decoder.upsampling import upsampling
from saccade.losses.contours import IGNORE
from saccade.network.system import System
from saccade.trunks import trunk
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.wide_padding import widely_padded


def narrow(**options: Any) -> System:
    torch.manual_seed(1)
    given = {"trunk": "vgg11", "width": 1 / 16, "size": 64, **options}
    return sc.build("edgenet", UNTOLD_CONTOURS, **given).eval()


def head_of(system: System) -> ContourHead:
    head = system.heads["contours"]
    assert isinstance(head, ContourHead)
    return head


def test_the_released_network_has_five_sides_of_a_vgg_and_the_published_parameters() -> None:
    with torch.device("meta"):
        system = sc.build("edgenet", UNTOLD_CONTOURS)
    assert head_of(system).reads == ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
    assert head_of(system).terms == ("side1", "side2", "side3", "side4", "side5", "fuse")
    assert sum(p.numel() for p in system.parameters()) == 14_716_171
    assert [level.stride for level in system.trunk.levels.values()][-1] == 16
    factors = dict(system.recipe.lr_factors)
    assert factors == {"trunk.conv5_3": 100, "contours.body.side": 0.01, "contours.body.fuse": 0.001}
    assert head_of(system).over == "sum"


def test_sides_begin_at_nothing_and_weigh_alike() -> None:
    body = narrow().heads["contours"].body
    assert isinstance(body, SideScores)
    assert not any(bool(p.any()) for p in body.side.parameters())
    assert body.fuse.weight.flatten().tolist() == pytest.approx([0.2] * 5)
    assert body.fuse.bias is not None
    assert body.fuse.bias.item() == 0


@pytest.mark.parametrize("factor", [2, 4, 8, 16])
def test_what_is_grown_and_cut_is_what_the_released_layers_give(factor: int) -> None:
    """A fixed bilinear transposed convolution of twice the factor, cropped where the padding ends."""
    draw = torch.Generator().manual_seed(0)
    coarse, size, rim = torch.rand(1, 1, 12, 14, generator=draw), (5 * factor + 3, 6 * factor + 1), factor + 5
    layer = upsampling(1, factor, learnt=False, grouped=True)
    with torch.no_grad():
        released = layer(coarse)
    first = rim + factor // 2
    expected = released[..., first : first + size[0], first : first + size[1]]
    found = grown(coarse, Level(1, factor, -float(rim)), size, corners=False)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_widely_padded_trunk_answers_in_place() -> None:
    """Far from the border, what it says is what a trunk of the same weights says that pads layer by layer."""
    whole = trunk("vgg11", width=1 / 16, fc=False)
    assert isinstance(whole, Chain)
    padded = widely_padded(whole, 34 + 1)
    picture = torch.rand(1, 3, 160, 160)
    with torch.no_grad():
        plain, wide = whole.eval()(picture), padded.eval()(picture)
    for name in ("conv1_1", "conv2_1", "conv3_2"):
        stride, offset = padded.levels[name].stride or 1, padded.levels[name].offset
        assert offset == -34
        if 34 % stride == 0:
            first, middle = 34 // stride, slice(40 // stride, 120 // stride)
            shifted = wide[name][..., first : first + 160 // stride, first : first + 160 // stride]
            torch.testing.assert_close(shifted[..., middle, middle], plain[name][..., middle, middle])
    assert whole.levels["conv1_1"].offset == 0


def test_pictures_of_odd_sides_are_told_pixel_by_pixel() -> None:
    images = [torch.rand(3, 41, 64), torch.rand(3, 64, 33), torch.rand(3, 50, 50)]
    for options in ({}, {"padding": 0}, {"trunk": "resnet18"}, {"trunk": "efficientnet_lite0", "width": 1 / 4}):
        system = narrow(**options)
        batch = system.batch(images)
        for found, size in zip(system.predict(batch), batch.sizes.tolist(), strict=True):
            assert found.get("contours").shape == (1, *size)


def test_what_is_told_is_the_mean_of_all_outputs_or_the_sum_alone() -> None:
    logits = torch.randn(2, 6, 1, 8, 9)
    raw = ContourRaw(logits, torch.tensor([[8, 9], [5, 7]]))
    merged, fused = narrow(), narrow(told="fused")
    for row, (height, width) in enumerate(raw.sizes.tolist()):
        part = logits[row, :, :, :height, :width].sigmoid()
        torch.testing.assert_close(head_of(merged).decode(raw)[row].get("contours"), part.mean(0))
        torch.testing.assert_close(head_of(fused).decode(raw)[row].get("contours"), part[-1])


def test_people_agree_and_classes_are_taken_together() -> None:
    people = torch.zeros(4, 6, 6)
    people[:2, 2], people[0, 4] = 1, 1
    learnt = head_of(narrow()).target(people)[0]
    assert learnt[2].eq(1).all()
    assert learnt[4].eq(0).all()
    assert head_of(narrow(disputed="ignored")).target(people)[0][4].eq(IGNORE).all()
    torch.manual_seed(0)
    classes = sc.build("edgenet", ["cat", "dog", "cow", "hen"], trunk="resnet18", width=1 / 16, size=64)
    assert head_of(classes).target(people)[0][4].eq(1).all()


def test_pixels_outside_the_picture_cost_nothing() -> None:
    system = narrow(padding=0)
    truth = [Annotation(contours=F.one_hot(torch.arange(40) % 8, 8)[None].float().repeat(3, 1, 1))]
    batch = system.batch([torch.rand(3, 40, 8)], truth)
    maps = system.maps(batch)
    alone = head_of(system).loss(maps, batch.truth or ())
    for parameter in system.heads.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    assert set(alone) == {"side1", "side2", "side3", "side4", "side5", "fuse"}
    target = head_of(system)._target(batch.truth or (), (80, 64))
    assert target[..., int(batch.sizes[0, 0]) :, :].eq(IGNORE).all()
    assert target[..., int(batch.sizes[0, 1]) :].eq(IGNORE).all()


def test_other_trunks_learn_a_mean_by_a_recipe_of_ours() -> None:
    system = narrow(trunk="resnet18")
    assert (head_of(system).over, system.recipe.optimiser) == ("mean", "adamw")
    assert (head_of(narrow()).over, narrow().recipe.lr) == ("sum", 1e-6)
    assert (head_of(narrow(trunk="vgg11_bn")).over, narrow(trunk="vgg11_bn").trunk.levels["conv1_1"].offset) == (
        "mean",
        0,
    )
    assert (head_of(narrow(loss="mean")).over, narrow(loss="mean").recipe.optimiser) == ("mean", "adamw")


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"trunk": "resnet18", "padding": 35}, UsageError, "no VGG"),
        ({"padding": 3}, ConfigError, "from 9 pixels"),
        ({"consensus": 0.0}, UsageError, "consensus"),
        ({"size": 0}, UsageError, "size"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        narrow(**options)


def test_views_are_a_tile_a_side() -> None:
    system = narrow()
    maps = system.maps(system.batch([torch.rand(3, 40, 64)]))
    shown = head_of(system).views(maps)
    assert shown["sides"].shape == (1, 6, 40, 64)
    found = sc.look(system, torch.randint(0, 256, (3, 40, 64), dtype=torch.uint8))
    assert "contours/sides" in found


def test_maps_of_other_classes_are_refused() -> None:
    torch.manual_seed(0)
    system = sc.build("semantic_edges", ["cat", "dog"], trunk="resnet18", width=1 / 16, size=64)
    batch = system.batch([torch.rand(3, 64, 64)], [Annotation(contours=torch.zeros(3, 64, 64))])
    with pytest.raises(DataError, match="2 classes"):
        system.loss(batch)
