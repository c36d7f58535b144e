"""Which recipe a training follows, and batches that leave an epoch its steps."""

import pytest

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.network.recipe import Recipe, Stage
from saccade.systems.build import build
from saccade.training.settings import TrainSettings
from saccade.training.setup.batch_size import usual_batch
from saccade.training.setup.plan import resolve_recipe
from saccade.training.setup.small_set import FEW, recipe_for, small_set
from saccade.training.step.schedule import factor

OWN = Recipe(best="AP", stages=(Stage(freeze=("trunk.stem",)),), augmentation=Augmentation(flip=0.5))


@pytest.mark.parametrize(
    ("pretrained", "pictures", "asked", "small"),
    [
        (True, FEW, "auto", True),
        (True, FEW + 1, "auto", False),
        (False, 10, "auto", False),
        (True, 10, "paper", False),
        (False, FEW + 1, "small", True),
    ],
)
def test_small_sets_and_trunks_that_have_learnt_get_their_own(
    pretrained: bool, pictures: int, asked: str, small: bool
) -> None:
    system = build("classifier", 2, trunk="efficientnet_lite0", pretrained=pretrained)
    found = recipe_for(system, pictures, TrainSettings(recipe=asked))
    assert (found is not system.recipe) == small
    assert len(found.stages) == 1 + small


def test_stages_of_a_system_s_own_are_not_replaced() -> None:
    system = build("faster_rcnn", 2, trunk="efficientnet_lite0", pretrained=True, schedule="alternate", neck_channels=8)
    assert recipe_for(system, 10, TrainSettings()) is system.recipe
    with pytest.raises(UsageError, match="4 stages"):
        recipe_for(system, 10, TrainSettings(recipe="small"))


def test_a_recipe_for_few_pictures_is_not_replaced_unasked() -> None:
    system = build("edgenet", 2, trunk="efficientnet_lite0", pretrained=True)
    assert recipe_for(system, 10, TrainSettings()) is system.recipe
    assert len(recipe_for(system, 10, TrainSettings(recipe="small")).stages) == 2


def test_the_trunk_waits_and_what_was_frozen_stays_so() -> None:
    first, second = small_set(OWN, boxes=True).stages
    assert (first.freeze, second.freeze) == (("trunk.stem", "trunk"), ("trunk.stem",))
    assert second.continue_schedule
    assert first.share + second.share == 1
    assert small_set(OWN, boxes=True).best == "AP"


def test_classes_of_pixels_learn_by_the_iou_too() -> None:
    assert small_set(OWN, boxes=False, pixels=True).pixel_loss == ("cross_entropy", "lovasz")
    assert small_set(OWN, boxes=True, pixels=True).pixel_loss == ()
    unet = build("unet", 2, trunk="efficientnet_lite0", pretrained=True, neck_channels=8)
    recipe = recipe_for(unet, 10, TrainSettings())
    assert resolve_recipe(recipe, TrainSettings(), 4).pixel_loss == ("cross_entropy", "lovasz")
    assert resolve_recipe(recipe, TrainSettings(pixel_loss=("dice",)), 4).pixel_loss == ("dice",)
    assert resolve_recipe(unet.recipe, TrainSettings(), 4).pixel_loss == ()


def test_the_rate_rises_from_a_tenth_and_ends_at_nothing() -> None:
    recipe = small_set(OWN, boxes=False)
    assert factor(recipe, 0.0) == pytest.approx(0.1)
    assert factor(recipe, 1.0) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("batch", "pictures", "world", "found"),
    [(64, 5000, 1, 64), (64, 150, 1, 15), (16, 150, 1, 15), (8, 150, 1, 8), (64, 12, 1, 4), (64, 640, 4, 16)],
)
def test_an_epoch_has_ten_steps(batch: int, pictures: int, world: int, found: int) -> None:
    assert usual_batch(batch, pictures, world) == found


def test_smaller_batches_learn_by_the_square_root_or_linearly() -> None:
    adaptive, plain = Recipe(optimiser="adamw", lr=1e-3, batch=64), Recipe(optimiser="sgd", lr=0.1, batch=64)
    assert resolve_recipe(adaptive, TrainSettings(), 16).lr == pytest.approx(5e-4)
    assert resolve_recipe(plain, TrainSettings(), 16).lr == pytest.approx(0.025)
