"""DeepLab's two versions: where positions stand, what is learnt there, several sizes, weights that carry over."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import UsageError
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.layers.decoder.coarse_scores import CoarseScores, FusedScores
from saccade.network.system import System
from saccade.training.setup.weights.init_weights import take_weights
from saccade.training.step.optimiser import make_optimiser
from saccade.trunks import trunk

NARROW: dict[str, Any] = {"trunk": "vgg11", "width": 1 / 16, "size": 64}
EVERY = {
    "deeplab1": NARROW,
    "deeplab2": {**NARROW, "trunk": "resnet18"},
    "parsenet": NARROW,
    "dilated": {**NARROW, "padding": "same"},
}


def narrow(name: str = "deeplab1", **options: Any) -> System:
    torch.manual_seed(1)
    return sc.build(name, 5, **{**EVERY[name], **options}).eval()


def scores_of(system: System) -> CoarseScores:
    found = system.heads["pixels"].body
    assert isinstance(found, CoarseScores)
    return found


class Places(nn.Module):
    """Each position of a map scores by the pixel at which it stands, in place of layers that learn."""

    def __init__(self, corners: bool, side: int) -> None:
        super().__init__()
        self.corners, self.side = corners, side

    def forward(self, map: torch.Tensor) -> torch.Tensor:
        height, width = map.shape[-2:]
        steps = torch.arange(height).float()
        places = steps * (self.side - 1) / (height - 1) if self.corners else (steps + 0.5) * self.side / height - 0.5
        return places[:, None].expand(height, width)[None, None]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        *(("deeplab2", other) for other in ("resnet18", "vgg11_bn", "yolo24")),
        *(("dilated", "yolo24"), ("dilated", "vgg11"), ("parsenet", "resnet18")),
    ],
)
def test_what_is_seen_at_a_place_is_said_at_that_place(name: str, other: str) -> None:
    """Scores that tell the row of their position are the rows of the pixels, on trunks of either kind of grid."""
    system = narrow(name, trunk=other)
    head = system.heads["pixels"]
    assert isinstance(head, CoarsePixelHead)
    side = system.input.padded((64, 64))[0]
    batch = system.batch([torch.zeros(3, 64, 64)])
    maps = system.maps(batch)
    positions = Places(head.corners, side)
    head.body = FusedScores(scores_of(system).reads, positions, corners=head.corners)
    said = head.scores(maps)[0, 0]
    # Before the middle of its first cell, of 16 pixels, the smallest size has nothing to interpolate with.
    inner = slice(0, None) if head.corners else slice(12, -12)
    torch.testing.assert_close(said[inner, 0], torch.arange(side).float()[inner], atol=1e-3, rtol=0)


@pytest.mark.parametrize(("side", "padded"), [(64, 65), (65, 65), (66, 73), (321, 321), (513, 513)])
def test_pictures_are_filled_to_a_multiple_of_8_and_one_pixel(side: int, padded: int) -> None:
    system = narrow(size=side)
    batch = system.batch([torch.rand(3, side, side)])
    assert batch.images.shape[-2:] == (padded, padded)
    assert system.maps(batch)["fc7"].shape[-1] == (padded - 1) // 8 + 1
    assert not batch.images[..., side:].any()


def test_every_eighth_pixel_is_learnt() -> None:
    """Truth elsewhere makes no difference; at one of the pixels it does, and by as much as one position of all."""
    system = narrow(size=65)
    image = torch.rand(3, 65, 65)
    semantic = torch.randint(0, 5, (65, 65))

    def cost(truth: torch.Tensor) -> torch.Tensor:
        return system.loss(system.batch([image], [Annotation(semantic=truth)]))["pixels/class"]

    coarse = scores_of(system)(system.maps(system.batch([image])))["class"]
    torch.testing.assert_close(cost(semantic), F.cross_entropy(coarse, semantic[None, ::8, ::8]))
    other = semantic.clone()
    other[1::8] = (other[1::8] + 1) % 5
    assert cost(other) == cost(semantic)
    other = semantic.clone()
    other[8, 16] = 255
    known = semantic[None, ::8, ::8].clone()
    known[0, 1, 2] = -100
    torch.testing.assert_close(cost(other), F.cross_entropy(coarse, known))


@pytest.mark.parametrize("name", EVERY)
def test_a_perfect_raw_output_decodes_to_the_truth(name: str) -> None:
    system = narrow(name)
    batch = system.batch([torch.rand(3, 64, 48)], [Annotation(semantic=torch.randint(0, 5, (64, 48)))])
    raw = system.forward(batch)["pixels"]
    wanted = batch.truth[0].semantic
    logits = torch.zeros_like(raw.logits)
    logits[0, :, :64, :48] = F.one_hot(wanted, 5).permute(2, 0, 1) * 20.0
    (found,) = system.predictions({"pixels": replace(raw, logits=logits)})
    assert torch.equal(found.semantic, wanted)


def test_the_picture_is_seen_at_three_sizes_whose_corners_agree() -> None:
    """Each size's scores are those of the network on a picture of that size; the maximum of all answers."""
    several, one = narrow("deeplab2"), narrow("deeplab2", multi_scale=False)
    one.trunk.load_state_dict({name.removeprefix("body."): w for name, w in several.trunk.state_dict().items()})
    one.heads.load_state_dict(several.heads.state_dict())
    image = torch.rand(3, 65, 65)
    batch = several.batch([image])
    assert batch.images.shape[-1] == 65  # 1, and a multiple of 32
    found = scores_of(several)(several.maps(batch))
    assert {name: scores.shape[-1] for name, scores in found.items()} == {
        **{"class": 9, "scale3": 9},
        **{"scale1": 5, "scale2": 7},
    }
    sides = {"scale1": 33, "scale2": 49, "scale3": 65}
    for name, side in sides.items():
        smaller = F.interpolate(batch.images, (side, side), mode="bilinear", align_corners=True)
        alone = scores_of(one)(one.trunk(smaller))["class"]
        torch.testing.assert_close(found[name], alone)
    grown = [F.interpolate(found[name], (9, 9), mode="bilinear", align_corners=True) for name in sides]
    torch.testing.assert_close(found["class"], torch.stack(grown).max(0).values)
    truth = Annotation(semantic=torch.randint(0, 5, (65, 65)))
    assert set(several.loss(several.batch([image], [truth]))) == {f"pixels/{name}" for name in found}


def test_the_last_layers_learn_ten_times_as_fast_and_biases_twice() -> None:
    for name, options in (("deeplab1", {}), ("deeplab2", {"trunk": "vgg11"})):
        system = narrow(name, **options)
        groups = make_optimiser(system, system.recipe).param_groups
        factors = {id(p): group["factor"] for group in groups for p in group["params"]}
        for path, parameter in system.named_parameters():
            last = ".score." in path
            assert factors[id(parameter)] == (10 if last else 1) * (2 if path.endswith("bias") else 1), path
        assert all(group["weight_decay"] == 0 for group in groups if group["factor"] in (2, 20))


def test_side_features_go_on_from_a_network_without_them(tmp_path: Path) -> None:
    plain, wide = narrow(), narrow(multi_scale=True)
    save_file(plain.state_dict(), tmp_path / "plain.safetensors")
    lacking = take_weights(wide, tmp_path / "plain.safetensors", trust_pickle=False)
    assert {name.split(".side")[0] for name in lacking} == {"neck", "heads.pixels.body.score"}
    # Where the side features say nothing, the answer is the same.
    for name, layer in scores_of(wide).get_submodule("score").named_children():
        if name.startswith("side"):
            nn.init.zeros_(layer.get_parameter("weight"))
    images = [torch.rand(3, 64, 64)]
    said, before = (system.forward(system.batch(images))["pixels"].logits for system in (wide, plain))
    torch.testing.assert_close(said, before)


@pytest.mark.parametrize("variant", ["largefov", "7x7", "4x4", "deeplab"])
def test_fc6_and_fc7_are_taken_from_the_fully_connected_layers(variant: str) -> None:
    whole = trunk("vgg11", width=1 / 16)
    system = sc.build("deeplab1", 3, trunk=whole, size=64, variant=variant)
    kernel = {"largefov": 3, "7x7": 7}.get(variant, 4)
    step = {3: 3, 4: 2, 7: 1}[kernel]
    share = 4 if variant == "largefov" else 1
    given = whole.get_submodule("fc6.linear").get_parameter("weight").view(-1, 32, 7, 7)
    found = system.trunk.get_submodule("fc6.conv").get_parameter("weight")
    assert torch.equal(found, given[::share, :, ::step, ::step])
    given = whole.get_submodule("fc7.linear").get_parameter("weight")
    found = system.trunk.get_submodule("fc7.conv").get_parameter("weight")
    assert torch.equal(found[..., 0, 0], given[::share, ::share])


@pytest.mark.parametrize(
    ("name", "other"),
    [
        *(("deeplab1", "resnet20"), ("deeplab1", "test_byobnet"), ("deeplab2", "test_byobnet")),
        *(("dilated", "efficientnet_lite0"), ("parsenet", "efficientnet_lite0")),
    ],
)
def test_other_trunks_answer_every_pixel(name: str, other: str) -> None:
    fewer = {"hidden": 8} if name == "deeplab1" else {}
    system = narrow(name, trunk=other, width=1.0 if other == "test_byobnet" else 0.25, **fewer)
    found = sc.Predictor(system)(torch.rand(3, 37, 61))
    assert found.semantic.shape == (37, 61)
    assert system.recipe.optimiser == "adamw"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("deeplab1", {"trunk": "resnet18", "multi_scale": True}, "a VGG for multi_scale"),
        ("deeplab1", {"hidden": 0}, "hidden"),
        ("deeplab1", {"size": 0}, "size"),
        ("deeplab2", {"trunk": "test_vit", "width": 1.0}, "can be dilated to stride 8"),
        ("deeplab2", {"trunk": "inception_v3"}, "strides become dilations"),
        ("dilated", {"trunk": "resnet18", "padding": "valid"}, "pads"),
        ("dilated", {"context_layers": 9}, "7, 8, 10"),
        ("parsenet", {"maps": 4}, "1 to 3"),
        ("parsenet", {"scale": 0.0}, "scale above 0"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        narrow(name, **options)
