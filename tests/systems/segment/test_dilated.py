"""Yu and Koltun's network: sizes, margins, stages, what a front end hands on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import saccade as sc
from saccade.layers.decoder.coarse_scores import ScoresInContext
from saccade.network.system import System
from saccade.training.setup.checks.preflight import check_stages
from saccade.training.setup.weights.init_weights import take_weights

NARROW: dict[str, Any] = {"width": 1 / 32, "size": 40}


def narrow(**options: Any) -> System:
    torch.manual_seed(1)
    return sc.build("dilated", 4, **{**NARROW, **options}).eval()


def scores_of(system: System) -> ScoresInContext:
    found = system.heads["pixels"].body
    assert isinstance(found, ScoresInContext)
    return found


def test_a_picture_is_mirrored_186_pixels_beyond_its_border() -> None:
    system = narrow()
    batch = system.batch([torch.rand(3, 40, 40)])
    assert batch.images.shape[-2:] == (412, 412)
    assert system.maps(batch)["fc7"].shape[-2:] == (5, 5)
    row = batch.images[0, 0, 200]
    torch.testing.assert_close(row[147:186], row[187:226].flip(0))
    assert system.levels["fc7"].offset == 186


@pytest.mark.parametrize("trunk", ["vgg16", "vgg11", "vgg19_bn"])
@pytest.mark.parametrize("size", [(30, 40), (40, 33)])
def test_every_pixel_is_told_whatever_the_size(trunk: str, size: tuple[int, int]) -> None:
    found = sc.Predictor(narrow(trunk=trunk))(torch.rand(3, *size))
    assert found.semantic.shape == size
    assert int(found.semantic.max()) < 4


@pytest.mark.parametrize("context", ["basic", "large"])
def test_a_context_module_begins_where_the_front_end_ended(context: str, tmp_path: Path) -> None:
    front, both = narrow(context="none", padding="same"), narrow(context=context, padding="same")
    with torch.no_grad():
        scores_of(front).score.get_parameter("bias").fill_(1.0)  # all scores above 0, which ReLU lets through
    save_file(front.state_dict(), tmp_path / "front.safetensors")
    lacking = take_weights(both, tmp_path / "front.safetensors", trust_pickle=False)
    assert {name.split(".layers")[0] for name in lacking} == {"heads.pixels.body.context"}
    images = [torch.rand(3, 40, 40)]
    before, after = (system.forward(system.batch(images))["pixels"].logits for system in (front, both))
    if context == "basic":
        torch.testing.assert_close(after, before)
    else:  # with a little noise
        assert (after - before).abs().max() < 1.5
        assert after.shape == before.shape


def test_the_front_end_learns_first_then_the_module_then_both() -> None:
    system = narrow(padding="same")
    check_stages(system, system.recipe.stages)
    learning: list[set[str]] = []
    for stage in system.recipe.stages:
        system.freeze(stage.freeze)
        names = [name for name, parameter in system.named_parameters() if parameter.requires_grad]
        learning.append({".".join(name.split(".")[:4]) if "heads" in name else "trunk" for name in names})
    front, module = {"trunk", "heads.pixels.body.score"}, {"heads.pixels.body.context"}
    assert learning == [front, module, front | module]
    assert [stage.silent for stage in system.recipe.stages] == [("pixels/class",), ("pixels/front",), ("pixels/front",)]
    assert [stage.lr for stage in system.recipe.stages] == [1, 1, 0.01]
    assert len(narrow(order="joint").recipe.stages) == len(narrow(context="none").recipe.stages) == 1


@pytest.mark.parametrize("around", ["each", "once"])
@pytest.mark.parametrize("layers", [7, 8, 10])
def test_modules_of_every_depth_keep_the_map(around: str, layers: int) -> None:
    system = narrow(padding="same", context_layers=layers, context_padding=around)
    found = scores_of(system)(system.maps(system.batch([torch.rand(3, 40, 40)])))
    assert found["class"].shape == found["front"].shape == (1, 4, 5, 5)
