"""The one class of all networks: what it refuses, how it weighs, freezes and merges."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.network.card import Card, system
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.network.part import Neck, Trunk
from saccade.network.system import System


class Twice(Trunk):
    """Maps ``fine`` and ``deep``; counts how often it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = {"fine": Level(4, 1), "deep": Level(4, 2)}
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.second = nn.Sequential(nn.Conv2d(4, 4, 3, 2, 1), nn.Dropout(0.5))
        self.runs = 0

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        self.runs += 1
        fine = self.first(images)
        return {"fine": fine, "deep": self.second(fine)}


class Up(Neck):
    """Adds one map."""

    def __init__(self, makes: str = "up", reads: tuple[str, ...] = ("deep",)) -> None:
        super().__init__()
        self.levels, self.reads = {makes: Level(2, 1)}, reads
        self.layer = nn.ConvTranspose2d(4, 2, 2, 2)

    def forward(self, maps: Any) -> dict[str, Tensor]:
        return {next(iter(self.levels)): self.layer(maps["deep"])}


@dataclass(frozen=True)
class Numbers:
    values: Tensor


register_dataclass(Numbers, serialized_type_name="tests.Numbers")


class Tell(Head):
    """Gives a constant answer; its loss is the mean of its map over annotated pictures."""

    terms = ("mean", "square")

    def __init__(
        self, reads: str, prediction: Annotation, needs: tuple[str, ...] = ("label",), rows: bool = False
    ) -> None:
        super().__init__()
        self.reads, self.prediction, self.owns_rows = (reads,), prediction, rows
        self.gives, self.needs = prediction.present(), frozenset(needs)
        self.layer = nn.LazyConv2d(1, 1) if reads == "up" else nn.Conv2d(3 if reads == "image" else 4, 1, 1)

    def forward(self, maps: Maps) -> Numbers:
        return Numbers(self.layer(maps[self.reads[0]]).flatten(1))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        values = self(maps).values.mean(1)
        target = torch.stack([t.get("label") for t in truth])
        return {"mean": (values - target).mean(), "square": (values - target).square().mean()}

    def decode(self, raw: Numbers) -> list[Annotation]:
        return [self.prediction for _ in raw.values]


LABEL = Annotation(label=torch.tensor(1))
BOXES = Annotation(instances=Instances(boxes=torch.zeros(2, 4), scores=torch.tensor([0.2, 0.8])))
LABELS = Annotation(instances=Instances(labels=torch.tensor([5, 6])))
INPUT = InputSpec.stretch(8)


def built(heads: dict[str, Head] | None = None, **options: Any) -> System:
    torch.manual_seed(0)
    return System(Twice(), heads or {"label": Tell("deep", LABEL)}, input=INPUT, **options)


def batch(truth: Sequence[Annotation] | None = (LABEL, LABEL)) -> Any:
    torch.manual_seed(1)
    return INPUT.batch([torch.rand(3, 8, 8) for _ in range(2)], truth)


def test_a_map_that_nobody_makes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'label' reads the maps \['top'\].*'deep', 'fine', 'guide', 'image'"):
        built({"label": Tell("top", LABEL)})
    with pytest.raises(ValueError, match="the neck reads"):
        built(neck=Up(reads=("top",)))


def test_a_neck_hides_no_map() -> None:
    with pytest.raises(ValueError, match=r"hides none.*\['fine'\]"):
        built(neck=Up(makes="fine"))


def test_all_maps_may_be_read() -> None:
    system = built({"a": Tell("image", LABEL), "b": Tell("up", BOXES, rows=True)}, neck=Up())
    assert system.levels == {
        "image": Level(3, 1),
        "guide": Level(3, 1),
        "fine": Level(4, 1),
        "deep": Level(4, 2),
        "up": Level(2, 1),
    }
    assert {name: raw.values.shape for name, raw in system.forward(batch()).items()} == {"a": (2, 64), "b": (2, 64)}


def test_two_owners_of_one_field_are_refused() -> None:
    with pytest.raises(ValueError, match="'a' and 'b' both give label"):
        built({"a": Tell("deep", LABEL), "b": Tell("fine", LABEL)})


def test_rows_have_one_owner() -> None:
    with pytest.raises(ValueError, match="one head that owns the rows"):
        built({"a": Tell("deep", BOXES)})
    with pytest.raises(ValueError, match="one head that owns the rows"):
        built({"a": Tell("deep", BOXES, rows=True), "b": Tell("deep", LABELS, rows=True)})


def test_silent_heads_learn_and_say_nothing() -> None:
    heads = {"label": Tell("deep", LABEL), "aux": Tell("fine", LABEL)}
    system = built(heads, silent=("aux",))
    assert set(system.loss(batch())) == {"label/mean", "label/square", "aux/mean", "aux/square"}
    assert system.predict(batch()) == [LABEL, LABEL]
    assert system.gives == {"label"}


def test_weights_go_by_head_and_the_term_s_own_comes_first() -> None:
    weighed = built(loss_weights={"label": 2.0, "label/mean": 10.0}).eval().loss(batch())
    plain = built().eval().loss(batch())
    torch.testing.assert_close(
        weighed, {"label/mean": plain["label/mean"] * 10, "label/square": plain["label/square"] * 2}
    )


@pytest.mark.parametrize(
    "options", [{"loss_weights": {"lable": 1.0}}, {"loss_weights": {"label/max": 1.0}}, {"silent": ("aux",)}]
)
def test_unknown_weights_and_silent_heads_are_refused_with_the_known_ones(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"label/mean.*found \['(lable|label/max|aux)'\]"):
        built(**options)


def test_a_loss_needs_truth() -> None:
    with pytest.raises(ValueError, match="truth, found"):
        built().loss(batch(None))


def test_heads_learn_from_the_pictures_that_are_annotated_for_them() -> None:
    system = built().eval()
    first = INPUT.batch([torch.zeros(3, 8, 8)], [LABEL])
    mixed = INPUT.batch([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)], [LABEL, BOXES])
    torch.testing.assert_close(system.loss(mixed), system.loss(first))


def test_without_truth_each_term_is_a_zero_with_gradients() -> None:
    system = built()
    losses = system.loss(batch((Annotation(), Annotation())))
    assert {name: value.item() for name, value in losses.items()} == {"label/mean": 0.0, "label/square": 0.0}
    torch.stack(list(losses.values())).sum().backward()
    assert all(p.grad is not None and not p.grad.any() for p in system.parameters())


def test_answers_are_merged_row_by_row_and_sorted() -> None:
    heads = {"names": Tell("deep", LABELS), "label": Tell("deep", LABEL), "box": Tell("fine", BOXES, rows=True)}
    prediction = built(heads).predict(batch())[0]
    assert prediction.get("label") == 1
    assert prediction.get("instances.scores").tolist() == pytest.approx([0.8, 0.2])
    assert prediction.get("instances.labels").tolist() == [6, 5]


def test_the_last_touch_sees_the_merged_answer() -> None:
    system = built().with_postprocess(lambda prediction: replace(prediction, label=prediction.get("label") + 1))
    assert [int(a.get("label")) for a in system.predict(batch())] == [2, 2]


def test_prediction_leaves_no_gradients() -> None:
    system = built()
    assert system.predict(batch())[0].get("label").requires_grad is False
    assert not any(v.requires_grad for a in system.predict(batch()) for v in [a.get("label")])


def test_features_stand_in_for_the_trunk() -> None:
    system = built(neck=Up()).eval()
    usual = system.loss(batch())
    runs = system.trunk.runs
    kept = replace(batch(), features=system.trunk(batch().images))
    torch.testing.assert_close(system.loss(kept), usual)
    assert system.trunk.runs == runs + 1


def test_frozen_parts_stand_still_with_their_statistics_and_dropout() -> None:
    system = built().train().freeze(["trunk"])
    assert {path.split(".")[0] for path, p in system.named_parameters() if p.requires_grad} == {"heads"}
    before = {name: value.clone() for name, value in system.trunk.state_dict().items()}
    first, second = system.maps(batch())["deep"], system.maps(batch())["deep"]
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(dict(system.trunk.state_dict()), before)
    assert system.heads["label"].training


def test_freezing_names_parts_heads_or_paths_and_thaws_the_rest() -> None:
    system = built(neck=Up()).freeze(["trunk.first", "label"])
    assert not system.trunk.first.training
    assert system.trunk.second.training
    assert not any(p.requires_grad for p in system.heads.parameters())
    system.freeze(["neck"])
    assert system.trunk.first.training
    assert [p.requires_grad for p in system.neck.parameters()] == [False, False]
    assert all(p.requires_grad for p in [*system.trunk.parameters(), *system.heads.parameters()])
    assert not system.eval().trunk.training


def test_freezing_what_is_not_there_lists_what_is() -> None:
    with pytest.raises(UsageError, match=r"trunk, label.*'trunk.layer9'"):
        built().freeze(["trunk.layer9"])


def test_a_16_bit_network_decodes_in_float32() -> None:
    seen: list[torch.dtype] = []

    class Watch(Tell):
        def decode(self, raw: Numbers) -> list[Annotation]:
            seen.append(raw.values.dtype)
            return super().decode(raw)

    system = built({"label": Watch("deep", LABEL)}).eval().bfloat16()
    system.predict(replace(batch(), images=batch().images.bfloat16()))
    assert seen == [torch.float32]


def test_maps_of_some_pictures_keep_their_order() -> None:
    maps = Maps({"a": torch.arange(3.0).view(3, 1, 1, 1)}, torch.tensor([[1, 1], [2, 2], [3, 3]]))
    some = maps.pick([2, 0])
    assert (some["a"].flatten().tolist(), some.sizes[:, 0].tolist()) == ([2.0, 0.0], [3, 1])
    assert maps.pick([0, 1, 2]) is maps
    assert list(maps) == ["a"]
    assert len(maps) == 1


def test_a_card_is_attached_to_the_function() -> None:
    card = Card("classify", 2000, "Nobody", ("label",), 8)

    @system(card)
    def nothing(classes: tuple[str, ...]) -> System:
        return built(classes=classes)

    assert nothing.card is card
    assert nothing(("a", "b")).classes == ("a", "b")
