"""Descriptions against hand-sized numbers, torchvision's published ones, and the parameters of the networks."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import Any

import pytest
import torch
import torchvision.models as tv
from torch import Tensor, nn
from torchvision.ops import nms, roi_align

from helpers import TinyHead, TinyTrunk, tiny_system
from saccade.analysis.describe import describe, describe_built, picture_size
from saccade.analysis.description import Description
from saccade.analysis.drawing import drawing
from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.network.maps import Maps
from saccade.network.part import Neck
from saccade.network.system import System
from saccade.systems.build import build


def by_name(description: Description) -> dict[str, Any]:
    return {layer.name: layer for layer in description.layers}


def test_a_small_network_by_hand() -> None:
    """Convolutions of 3 → 8 and 8 → 8 channels on 16 × 16, the second with stride 2, and a linear layer 8 → 3."""
    system = tiny_system()
    found = describe(system)
    layers = by_name(found)
    assert list(layers) == ["trunk.body.0", "trunk.body.2", "trunk.body.3", "heads.tiny.score"]
    first, second, norm, score = layers.values()
    assert (first.output, first.kernel, first.weights, first.parameters) == ((8, 16, 16), (3, 3), 216, 224)
    assert (first.multiply_adds, first.receptive_field, first.stride) == (216 * 256, 3, 1)
    assert (second.output, second.multiply_adds, second.stride) == ((8, 8, 8), 576 * 64, 2)
    assert (second.receptive_field, second.cumulative_weights) == (5, 216 + 576)
    assert second.note == "(16 - 3 + 2·1) / 2 + 1 = 8.5 is not whole: 8 positions"
    assert (norm.parameters, norm.weights, norm.memory) == (16, 0, 8 * 8 * 8 * 4)
    assert (score.output, score.multiply_adds, score.stride, score.group) == ((3,), 24, None, "dense")
    assert score.receptive_field == 5 + 7 * 2
    assert (found.parameters, found.weights) == (224 + 584 + 16 + 27, 216 + 576 + 24)
    assert found.multiply_adds == 216 * 256 + 576 * 64 + 24
    assert found.shares == pytest.approx({"convolution": 792 / 816, "dense": 24 / 816, "other": 0})
    assert [(map.name, map.readers) for map in found.maps] == [("image", ()), ("deep", ("tiny",))]


@pytest.mark.parametrize("name", ["resnet18", "faster_rcnn"])
def test_a_system_in_half_precision_counts_as_much(name: str) -> None:
    """Runs that learnt in bf16 are in it when they are loaded."""
    options = {"trunk": "resnet18", "width": 1 / 16} if name == "faster_rcnn" else {"width": 1 / 16}
    system = build(name, 3, size=64, **options)
    whole = describe_built(system, name)
    half = describe_built(system.bfloat16(), name)
    assert (half.multiply_adds, half.parameters, half.memory) == (whole.multiply_adds, whole.parameters, whole.memory)
    assert next(system.parameters()).dtype is torch.bfloat16


def test_a_described_system_is_left_as_it_is() -> None:
    system = tiny_system().train()
    before = {name: tensor.clone() for name, tensor in system.state_dict().items()}
    describe(system)
    assert system.training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in system.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in system.state_dict().items())


@pytest.mark.parametrize("name", ["vgg11", "vgg16", "resnet18", "resnet50"])
def test_multiply_adds_are_torchvision_s(name: str) -> None:
    meta = tv.get_model_weights(name)["IMAGENET1K_V1"].meta
    found = describe(name)
    assert found.parameters == meta["num_params"]
    assert round(found.multiply_adds / 1e9, 3) == pytest.approx(meta["_ops"], abs=0.0011)


def test_alexnet_s_multiply_adds() -> None:
    meta = tv.AlexNet_Weights.IMAGENET1K_V1.meta
    assert describe("alexnet", variant="torchvision").multiply_adds / 1e9 == pytest.approx(meta["_ops"], abs=1e-3)


def test_alexnet_s_fields() -> None:
    found = describe("alexnet").layers
    assert [layer.receptive_field for layer in found if layer.kind == "Conv2d"] == [11, 51, 99, 131, 163]


def test_resnet_s_first_layer_is_not_whole() -> None:
    first = describe("resnet50", width=1 / 16).layers[0]
    assert first.note == "(224 - 7 + 2·3) / 2 + 1 = 112.5 is not whole: 112 positions"
    assert first.output[1:] == (112, 112)


def test_lenet_s_table_counts_its_connections_alone() -> None:
    layer = by_name(describe("lenet5"))["trunk.c3.conv"]
    assert layer.multiply_adds == 60 * 25 * 100
    assert layer.weights == 1500


def test_options_and_sizes() -> None:
    narrow = describe("vgg11", classes=7, size=64, width=1 / 16, channels=5)
    assert narrow.input == (5, 64, 64)
    assert narrow.layers[0].weights == 5 * 4 * 9
    assert narrow.layers[-1].output == (7,)
    assert describe("lenet5", size=64).input == (1, 64, 64)
    assert describe("vgg11", width=1 / 16, pretrained=True).parameters == describe("vgg11", width=1 / 16).parameters


@pytest.mark.parametrize(
    ("spec", "size", "expected"),
    [
        (InputSpec.stretch(224), None, (224, 224)),
        (InputSpec("shorter", shorter=600, longest=1000), None, (600, 1000)),
        (InputSpec("shorter", shorter=800, longest=1333, multiple=32), None, (800, 1344)),
        (InputSpec("native", multiple=32), 100, (128, 128)),
    ],
)
def test_picture_sizes(spec: InputSpec, size: int | None, expected: tuple[int, int]) -> None:
    assert picture_size(spec, size) == expected


def test_what_cannot_be_described_is_said() -> None:
    with pytest.raises(
        ConfigError, match=r"too small: expected a map of at least 2 a side in trunk\.pool5, .*, found one of 1 × 1"
    ):
        describe("vgg11", size=16, width=1 / 16)
    with pytest.raises(ConfigError, match="side of a picture"):
        describe(tiny_system(input=InputSpec()))
    with pytest.raises(UsageError, match="vgg17"):
        describe("vgg17")
    with pytest.raises(UsageError, match=r"expected options of .*, found widht"):
        describe("vgg11", widht=0.5)
    with pytest.raises(UsageError, match="built already"):
        describe(tiny_system(), width=0.5)


class FixedTrunk(TinyTrunk):
    """A linear layer that only one size of picture suits."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = {"deep": Level(8, None)}
        self.linear = nn.Linear(8 * 8 * 8, 8)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {"deep": self.linear(self.body(images).flatten(1))[..., None, None]}


def test_another_size_than_a_linear_layer_takes_is_said() -> None:
    system = System(FixedTrunk(), {"tiny": TinyHead(3)}, input=InputSpec.stretch(16))
    assert by_name(describe(system))["trunk.linear"].receptive_field == 5 + 7 * 2
    with pytest.raises(ConfigError, match=r"not of the size .*: expected 512 values in trunk\.linear, found 2048"):
        describe(system, size=32)


class Choosing(TinyHead):
    """A head that reads values, as regions do, and uses one layer twice."""

    def forward(self, maps: Maps) -> Any:
        first = self.score(maps["deep"].mean((2, 3)))
        best = int(first.argmax())
        raw = super().forward(maps)
        return type(raw)(raw.logits[:, [best]] + first, raw.boxes, raw.sizes)


def test_heads_that_read_values_are_described_and_second_uses_are_told() -> None:
    found = describe(System(TinyTrunk(), {"tiny": Choosing(3)}, input=InputSpec.stretch(16)))
    uses = [layer for layer in found.layers if layer.name == "heads.tiny.score"]
    assert [(layer.parameters, layer.multiply_adds) for layer in uses] == [(27, 24), (0, 24)]
    assert "use 2 of the same weights" in uses[1].note


class Regional(TinyHead):
    """Regions chosen by their scores, as two-stage detectors have them."""

    def forward(self, maps: Maps) -> Any:
        map = maps["deep"]
        scores, places = self.score(map.mean((2, 3)))[0].topk(2)
        boxes = torch.tensor([[0.0, 0, 4, 4], [2, 2, 8, 8], [1, 1, 5, 5]])[places]
        boxes = boxes[nms(boxes, scores, 0.5)]
        return self.score(roi_align(map, [boxes], 1, 0.5).flatten(1))


def test_regions_are_described_on_a_picture_with_values() -> None:
    with torch.device("meta"):
        system = System(TinyTrunk(), {"tiny": Regional(3)}, input=InputSpec.stretch(16))
    last = describe(system).layers[-1]
    assert (last.output, last.multiply_adds) == ((3,), 2 * 24)
    assert last.note == "for each of 2; sees the whole picture; use 2 of the same weights"


class Sweeping(Neck):
    """A recurrent sweep along each row."""

    reads: Sequence[str] = ("deep",)

    def __init__(self) -> None:
        super().__init__()
        self.levels = {"swept": Level(10, 2)}
        self.sweep = nn.GRU(8, 5, bidirectional=True)

    def forward(self, maps: Any) -> dict[str, Tensor]:
        map = maps["deep"]
        b, c, h, w = map.shape
        rows, _ = self.sweep(map.permute(3, 0, 2, 1).reshape(w, b * h, c))
        return {"swept": rows.view(w, b, h, 10).permute(1, 3, 2, 0)}


def with_neck() -> System:
    return System(TinyTrunk(), {"tiny": TinyHead(3)}, Sweeping(), input=InputSpec.stretch(16))


def test_a_recurrent_sweep_sees_its_row() -> None:
    layer = by_name(describe(with_neck()))["neck.sweep"]
    assert layer.note == "sees the whole row"
    assert (layer.receptive_field, layer.stride) == (16, 2)
    assert layer.weights == 2 * 3 * 5 * (8 + 5)
    assert layer.multiply_adds == layer.weights * 8 * 8


def test_the_drawing_shows_every_part_and_is_text_that_parses() -> None:
    found = describe(with_neck())
    text = drawing(found)
    root = ElementTree.fromstring(text.encode())
    space = "{http://www.w3.org/2000/svg}"
    titles = [title.text for title in root.iter(f"{space}title")]
    assert titles[:2] == ["image: 3 × 16 × 16, stride 1", "deep: 8 × 8 × 8, stride 2"]
    assert titles[2:] == ["swept: 10 × 8 × 8, stride 2", "tiny: TinyHead"]
    arrows = [path for path in root.iter(f"{space}path") if path.get("marker-end")]
    assert len(arrows) == 3  # picture to trunk, trunk to neck, trunk to head
    assert "href" not in text


def test_names_in_the_drawing_are_escaped() -> None:
    system = System(TinyTrunk(), {"a<b>&": TinyHead(3)}, input=InputSpec.stretch(16))
    text = drawing(describe(system))
    assert "a&lt;b&gt;&amp;" in text
    assert "a<b>" not in text
