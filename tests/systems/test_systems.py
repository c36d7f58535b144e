"""Building systems by name, and oddities of single systems; what all promise is tested by the contract."""

import pytest
import torch

from saccade.core.errors import UsageError
from saccade.heads.locate.locate import LocateHead
from saccade.heads.locate.locate_many import LocateManyHead
from saccade.network.system import System
from saccade.systems import SYSTEMS
from saccade.systems.build import build, class_names


def localizer(**options: object) -> System:
    return build("localizer", 3, **({"width": 1 / 16, "size": 64} | options))


def test_an_unknown_system_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        build("vgg17", 2)
    assert all(name in str(error.value) for name in SYSTEMS)


@pytest.mark.parametrize("classes", [0, [], ["a", "a"]])
def test_classes_are_one_or_more_distinct_names(classes: object) -> None:
    with pytest.raises(UsageError, match="distinct class names"):
        class_names(classes)


def test_a_count_of_classes_gets_names() -> None:
    system = build("lenet5", 3)
    assert system.classes == ("class 0", "class 1", "class 2")
    assert build("lenet5", ["ant", "bee"]).classes == ("ant", "bee")


def test_lenet_sees_black_as_slightly_negative_and_white_above_one() -> None:
    system = build("lenet5", 10)
    batch = system.batch([torch.tensor([[[0, 255]]], dtype=torch.uint8).expand(1, 2, 2)])
    torch.testing.assert_close(batch.images.unique()[[0, -1]], torch.tensor([-0.1, 1.175]))


def test_alexnet_s_picture_is_227_in_the_paper_and_224_in_torchvision() -> None:
    with torch.device("meta"):
        sizes = [build("alexnet", 2, variant=variant).input for variant in ("paper", "torchvision")]
    assert [(spec.size, spec.shorter) for spec in sizes] == [((227, 227), 256), ((224, 224), 256)]


def test_a_classifier_of_many_classes_needs_labels() -> None:
    system = build("classifier", 3, width=1 / 16, size=64, loss="sigmoid")
    assert (system.needs, system.gives) == ({"labels"}, {"labels", "label_scores"})


def test_a_classifier_on_a_network_of_timm_s() -> None:
    system = build("classifier", 3, trunk="test_resnet", size=64).eval()
    prediction = system.predict(system.batch([torch.rand(3, 80, 100)]))[0]
    assert prediction.get("label_scores").sum().item() == pytest.approx(1)


def test_a_localizer_keeps_the_whole_picture_in_view() -> None:
    batch = localizer().batch([torch.rand(3, 40, 100)])
    assert batch.images.shape == (1, 3, 64, 64)
    assert batch.sizes.tolist() == [[64, 64]]


@pytest.mark.parametrize(
    ("options", "reads", "outputs"),
    [
        ({}, "layer4", 4),
        ({"attach": "fc"}, "layer4", 4),
        ({"per_class": True}, "layer4", 12),
        ({"objects": 5}, "layer4", 5 * 7),
        ({"trunk": "vgg11"}, "pool5", 4),
        ({"trunk": "vgg11", "attach": "fc"}, "fc7", 4),
        ({"trunk": "alexnet", "size": 96}, "pool5", 4),
    ],
)
def test_a_localizer_s_box_head_reads_what_it_is_attached_to(options: dict, reads: str, outputs: int) -> None:
    head = localizer(**options).heads["box"]
    assert isinstance(head, LocateManyHead if "objects" in options else LocateHead)
    assert head.reads == (reads,)
    linear = [layer for layer in head.body if isinstance(layer, torch.nn.Linear)]
    assert linear[-1].out_features == outputs
    assert len(linear) == (1 if "attach" in options else 3 if "trunk" in options else 2)


@pytest.mark.parametrize("options", [{}, {"per_class": True}, {"box": "centre", "loss": "mse_sigmoid"}])
def test_a_localizer_s_one_row_is_the_guessed_class_s(options: dict) -> None:
    system = localizer(**options).eval()
    prediction = system.predict(system.batch([torch.rand(3, 64, 64)]))[0]
    assert prediction.get("instances.boxes").shape == (1, 4)
    assert prediction.get("instances.labels").tolist() == [prediction.get("label").item()]
    assert prediction.get("instances.scores").item() == pytest.approx(prediction.get("label_scores").max().item())


def test_a_localizer_of_many_objects_gives_them_by_falling_score() -> None:
    system = localizer(objects=4).eval()
    rows = system.predict(system.batch([torch.rand(3, 64, 64)]))[0].get("instances")
    assert len(rows) == 4
    assert rows.scores.tolist() == sorted(rows.scores.tolist(), reverse=True)
    assert system.needs == {"label", "instances.boxes", "instances.labels"}


def test_in_the_lecture_s_order_the_second_stage_leaves_the_class_alone() -> None:
    system = localizer(order="paper")
    first, second = system.recipe.stages
    assert first.share + second.share == 1
    system.freeze(second.freeze)
    assert {path.split(".")[1] for path, p in system.named_parameters() if p.requires_grad} == {"box"}
    system.freeze(first.freeze)
    assert {path.split(".")[1] for path, p in system.named_parameters() if not p.requires_grad} == {"box"}
    assert (first.silent, second.silent) == (("box",), ("label",))


@pytest.mark.parametrize(
    "options",
    [{"attach": "top"}, {"order": "boxes"}, {"objects": 0}, {"objects": 2, "per_class": True}, {"box": "middle"}],
)
def test_a_localizer_refuses_what_it_cannot_do(options: dict) -> None:
    with pytest.raises(UsageError, match="expected"):
        localizer(**options)


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_recipes_add_up_and_cards_are_filled(name: str) -> None:
    options = {"width": 1 / 16} if name != "alexnet" else {"width": 1 / 4}
    recipe, card = build(name, 2, **options).recipe, SYSTEMS[name].card
    assert sum(stage.share for stage in recipe.stages) == pytest.approx(float(recipe.descends))
    assert all(0 < milestone < 1 for milestone in recipe.milestones)
    assert recipe.note
    assert card.paper
    assert 1994 <= card.year <= 2017
