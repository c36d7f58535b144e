"""FCN: geometry, stages, scales, recipes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import saccade as sc
from saccade.analysis.describe import describe
from saccade.core.errors import ConfigError, UsageError
from saccade.layers.decoder.skip_scores import SkipScores
from saccade.layers.decoder.upsampling import bilinear_kernel, upsampling
from saccade.network.system import System
from saccade.training.setup.weights.init_weights import take_weights

NARROW: dict[str, Any] = {"trunk": "vgg11", "width": 1 / 16, "padding": 0, "size": 64}
DATA = "scenes:count=8,size=64"


def narrow(name: str = "fcn8s", **options: Any) -> System:
    torch.manual_seed(1)
    return sc.build(name, 10, **{**NARROW, **options}).eval()


def begun(system: System) -> System:
    """The system with score layers that say something."""
    for layer in body(system).score.values():
        nn.init.normal_(layer.get_parameter("weight"))
    return system


def body(system: System) -> SkipScores:
    found = system.heads["pixels"].body
    assert isinstance(found, SkipScores)
    return found


def test_a_position_sees_404_pixels() -> None:
    assert next(layer for layer in describe("fcn32s").layers if "fc7" in layer.name).receptive_field == 404


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_growing_kernels_interpolate(factor: int) -> None:
    """As PyTorch's own interpolation between positions does, away from the edges."""
    picture = torch.rand(1, 2, 6, 6)
    layer = upsampling(2, factor, learnt=False, grouped=False)
    side = layer.kernel_size[0]
    rim = (side - factor) // 2
    grown = layer(picture)[..., rim : rim + 6 * factor, rim : rim + 6 * factor]
    wanted = nn.functional.interpolate(picture, scale_factor=float(factor), mode="bilinear")
    torch.testing.assert_close(grown[..., factor:-factor, factor:-factor], wanted[..., factor:-factor, factor:-factor])
    torch.testing.assert_close(upsampling(2, factor, learnt=True, grouped=True)(picture), layer(picture))
    assert not layer.weight.requires_grad


def test_the_kernels_of_an_even_and_an_odd_side() -> None:
    torch.testing.assert_close(bilinear_kernel(4)[1], torch.tensor([0.25, 0.75, 0.75, 0.25]) * 0.75)
    torch.testing.assert_close(bilinear_kernel(3)[1], torch.tensor([0.5, 1.0, 0.5]))


class Places(nn.Module):
    """Each position of a map scores by where its cell lies in the picture, in place of a 1 × 1 convolution."""

    def __init__(self, stride: int, offset: float) -> None:
        super().__init__()
        self.stride, self.offset = stride, offset

    def forward(self, map: Tensor) -> Tensor:
        height, width = map.shape[-2:]
        y, x = (self.offset + self.stride * (torch.arange(side) + 0.5) for side in (height, width))
        return torch.stack([y[:, None].expand(height, width), x.expand(height, width)])[None]


@pytest.mark.parametrize("options", [{"padding": 100}, {"padding": 98}, {"padding": 0}, {"trunk": "resnet18"}])
def test_what_is_seen_at_a_place_is_said_at_that_place(options: dict[str, Any]) -> None:
    """Scores that tell their own place arrive there, of each map alone, wherever padding begins."""
    system = sc.build("fcn8s", 2, **{**NARROW, "size": 192, **options}).eval()
    found = body(system)
    batch = system.batch([torch.zeros(3, 192, 160)])
    maps = system.trunk(batch.images)
    size = (batch.images.shape[-2], batch.images.shape[-1])
    pixels = torch.stack(torch.meshgrid(torch.arange(size[0]) + 0.5, torch.arange(size[1]) + 0.5, indexing="ij"))
    for name, read in zip(("stride32", "stride16", "stride8"), found.reads, strict=True):
        level = system.levels[read]
        for one in found.score:
            found.score[one] = Places(level.stride or 1, level.offset) if one == name else Zero()
        said = found(maps, size)[0]
        middle = (slice(None), slice(48, 112), slice(48, 112))
        torch.testing.assert_close(said[middle], pixels[middle], atol=0.6, rtol=0)


class Zero(nn.Module):
    def forward(self, map: Tensor) -> Tensor:
        return map.new_zeros(1, 2, *map.shape[-2:])


@pytest.mark.parametrize("options", [{"padding": 100}, {"padding": 97}, {"padding": 0}, {"trunk": "googlenet"}])
def test_every_size_of_picture_is_answered_whole(options: dict[str, Any]) -> None:
    with torch.device("meta"):
        system = sc.build("fcn8s", 3, **options).eval()
        for height, width in ((1, 5), (31, 33), (64, 97), (255, 131), (500, 333)):
            size = system.input.padded((height, width))
            assert body(system)(system.trunk(torch.zeros(1, 3, *size)), size).shape[-2:] == size


def test_paddings_that_leave_edges_without_scores_are_refused() -> None:
    with pytest.raises(ConfigError, match="padding of 0, or one wide enough"):
        narrow(padding=50)
    with pytest.raises(UsageError, match="strides 8, 16, 32"):
        narrow(trunk="resnet20")


def test_a_finer_network_begins_as_the_coarser_one_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """32s to 16s to 8s by ``--init``: all but the new score layers and the last growth carry over."""
    coarse = begun(narrow("fcn32s"))
    for name in ("fcn16s", "fcn8s"):
        save_file(coarse.state_dict(), tmp_path / "coarse.safetensors")
        finer = narrow(name)
        lacking = take_weights(finer, tmp_path / "coarse.safetensors", trust_pickle=False)
        before, after = coarse.state_dict(), finer.state_dict()
        carried = [key for key in before if key in after]
        assert len(carried) == len(before) - 1  # the last growth
        assert all(torch.equal(before[key], after[key]) for key in carried)
        assert len(lacking) == 4  # weights and biases of a score layer, two growths
        batch = finer.batch([sc.open_data(DATA)[0].image])
        said, told = (system.forward(batch)["pixels"].logits for system in (finer, coarse))
        # The new scores are 0: only growing in more steps makes a difference, away from the edges a small one.
        assert (said - told).abs().mean() < 0.2 * told.std()
        coarse = finer
    assert "new because the file lacks them" in capsys.readouterr().err


def test_features_are_scaled_before_they_are_scored_where_all_learn_at_once() -> None:
    plain, scaled = narrow(), narrow(at_once=True)
    scaled.load_state_dict(plain.state_dict())
    for system in (plain, scaled):
        for name, layer in body(system).score.items():
            nn.init.constant_(layer.get_parameter("weight"), 0.0 if name == "stride32" else 1.0)
            nn.init.constant_(layer.get_parameter("bias"), 0.5)
    maps = {name: torch.ones(1, plain.levels[name].channels, 64 // s, 64 // s) for name, s in _strides(plain)}
    channels = [plain.levels[name].channels for name in body(plain).reads[1:]]
    said = [body(system)(maps, (64, 64))[0, 0, 32, 32].item() for system in (plain, scaled)]
    assert said == pytest.approx([1.5 + sum(channels), 1.5 + 0.01 * channels[0] + 0.0001 * channels[1]], rel=1e-4)


def _strides(system: System) -> list[tuple[str, int]]:
    return [(name, system.levels[name].stride or 1) for name in body(system).reads]


def test_the_papers_recipe_adds_up_pixels() -> None:
    paper, ours = narrow(loss="sum"), narrow()
    assert (paper.recipe.lr, paper.recipe.batch, paper.recipe.momentum) == (1e-14, 1, 0.99)
    assert narrow("fcn16s", loss="sum").recipe.lr == 1e-12
    assert narrow(loss="sum", at_once=True).recipe.lr == 1e-10
    scene = sc.open_data(DATA)[0]
    (summed,), (mean,) = (s.loss(s.batch([scene.image], [scene.truth])).values() for s in (paper, ours))
    assert summed.item() == pytest.approx(mean.item() * 64 * 64, rel=1e-4)


def test_fixed_kernels_stay_and_learnt_ones_learn() -> None:
    for words, learns in (("fixed", False), ("learnt", True)):
        system = narrow(upsample=words).freeze(["trunk"]).freeze([])
        assert {p.requires_grad for p in body(system).grow.parameters()} == {learns}


def test_kernels_of_strides_32_and_8_work_nearly_alike_on_256_pixels() -> None:
    """A lecture: 64 · 64 · 34 on 8 × 8 positions against 4 · 4, 4 · 4 and 16 · 16 on 8 × 8, 16 × 16 and 32 × 32."""
    works: dict[str, int] = {}
    for name in ("fcn32s", "fcn8s"):
        with torch.device("meta"):
            system = sc.build(name, 34, grouped=True)
        kernels = [layer.get_parameter("weight").numel() for layer in body(system).grow.values()]
        works[name] = sum(kernel * side**2 for kernel, side in zip(kernels, (8, 16, 32), strict=False))
    assert works["fcn32s"] == 34 * 2**18
    assert works["fcn8s"] == 34 * (2**10 + 2**12 + 2**18)
    assert works["fcn8s"] / works["fcn32s"] < 1.02
