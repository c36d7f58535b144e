"""CASENet: its trunk without a step at the start, shared features, and classes fused each by itself."""

from typing import Any

import pytest
import torch

import saccade as sc
from saccade.core.errors import ConfigError
from saccade.core.level import Level
from saccade.core.vocabulary import UNTOLD_CONTOURS
from saccade.heads.contours.contour_head import ContourHead
from saccade.layers.decoder.contour_scores import ClassSideScores, grown
from saccade.network.system import System
from saccade.trunks import trunk
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.fine_stem import with_fine_stem


def narrow(**options: Any) -> System:
    torch.manual_seed(1)
    given = {"trunk": "resnet18", "width": 1 / 16, "size": 64, **options}
    return sc.build("semantic_edges", ["cat", "dog"], **given).eval()


def test_the_released_network_reads_maps_of_strides_1_2_4_and_8() -> None:
    with torch.device("meta"):
        system = sc.build("semantic_edges", 20)
    head = system.heads["contours"]
    assert isinstance(head, ContourHead)
    assert [(name, system.trunk.levels[name].stride) for name in head.reads] == [
        ("stem", 1), ("layer1", 2), ("layer2", 4), ("layer4", 8),
    ]  # fmt: skip
    dilations = {name: layer.dilation[0] for name, layer in system.trunk.named_modules() if name.endswith("1.conv2")}
    assert [dilations[f"layer{stage}.1.conv2"] for stage in (1, 2, 3, 4)] == [2, 2, 2, 4]
    # 20 classes of 2048 channels, a number of each fine map, and four weights of each class.
    body = sum(p.numel() for p in head.body.parameters())
    assert body == 20 * (2048 + 1) + (64 + 1) + (256 + 1) + (512 + 1) + 20 * (4 + 1)


def test_a_fine_stem_keeps_the_old_positions_and_adds_new_ones() -> None:
    """At every second position its first map says what the coarse one says."""
    whole = trunk("resnet18", width=1 / 8)
    assert isinstance(whole, Chain)
    fine = with_fine_stem(whole.eval(), 8).eval()
    picture = torch.rand(1, 3, 65, 65)
    with torch.no_grad():
        old, new = whole(picture), fine(picture)
    torch.testing.assert_close(new["stem"][..., ::2, ::2], old["stem"])
    assert [new[name].shape[-1] for name in ("stem", "layer1", "layer2", "layer3", "layer4")] == [65, 33, 17, 9, 9]
    assert whole.levels["stem"].stride == 2


def test_each_class_is_fused_with_the_shared_features_alone() -> None:
    torch.manual_seed(2)
    levels = {"fine": Level(5, 2), "deep": Level(7, 4)}
    body = ClassSideScores({"fine": levels["fine"]}, {"deep": levels["deep"]}, 3, corners=True)
    assert body.fuse.weight.flatten().tolist() == pytest.approx([0.5] * 6)
    torch.nn.init.normal_(body.fuse.weight)
    maps = {"fine": torch.rand(1, 5, 9, 9), "deep": torch.rand(1, 7, 5, 5)}
    with torch.no_grad():
        deep, fused = body(maps, (17, 17))[0]
        features = grown(body.side["side1"](maps["fine"]), levels["fine"], (17, 17), corners=True)[0, 0]
    for label in range(3):
        own, shared = body.fuse.weight[label, :, 0, 0].tolist()
        torch.testing.assert_close(fused[label], deep[label] * own + features * shared)


def test_other_trunks_are_read_at_the_strides_that_they_have() -> None:
    for options, strides in (
        ({"trunk": "vgg11"}, [1, 2, 4, 8]),
        ({"trunk": "efficientnet_lite0", "width": 1 / 4}, [2, 4, 8]),
        ({"stem": "own"}, [2, 4, 8]),
    ):
        system = narrow(**options)
        assert [system.trunk.levels[name].stride for name in system.heads["contours"].reads] == strides
        (found,) = system.predict(system.batch([torch.rand(3, 47, 64)]))
        assert found.get("contours").shape == (2, 47, 64)


def test_views_are_a_tile_a_class_and_a_fine_map() -> None:
    system = narrow()
    head = system.heads["contours"]
    assert isinstance(head, ContourHead)
    shown = head.views(system.maps(system.batch([torch.rand(3, 64, 64)])))
    assert {name: view.shape[1] for name, view in shown.items()} == {"side5": 2, "fuse": 2, "features": 3}


def test_contours_of_people_are_refused() -> None:
    with pytest.raises(ConfigError, match="edgenet"):
        sc.build("semantic_edges", UNTOLD_CONTOURS)


def test_the_built_in_pictures_have_a_map_a_class() -> None:
    each, whole = (sc.open_data(f"scenes:count=4,size=64{more}", "train") for more in (",contours=classes", ""))
    assert each.vocabularies["contours"] == each.vocabularies["instances"]
    for index in range(4):
        maps = each.truth(index).get("contours")
        assert torch.equal(maps.amax(0), whole.truth(index).get("contours")[0])
        assert torch.equal(maps.sum(0), maps.amax(0))
        assert torch.equal(maps.flatten(1).any(1), each.truth(index).get("labels") == 1) or bool(maps.any())
    assert sc.open_data("scenes:count=4,size=64,contours=classes", "val").vocabularies["contours"] == each.classes
