"""Settings: what is unknown, impossible or contradictory is refused before anything is read."""

import dataclasses
from pathlib import Path

import pytest

import saccade as sc
from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.training.setting_limits import LEAST, MOST
from saccade.training.settings import FREE_TO_CHANGE, TrainSettings

FRACTIONS = {"minutes", "lr", "momentum", "weight_decay", "warmup", "clip", "ema", "timeout"}


@pytest.mark.parametrize("name", ["_target_", "class_path", "_instantiator", "epoch", "__class__"])
def test_an_unknown_key_is_refused_and_the_known_are_listed(name):
    with pytest.raises(UsageError, match="accumulate, recipe, optimiser, lr") as refused:
        TrainSettings.from_dict({name: "os.system"}, "settings.yaml")
    assert name in refused.value.what
    assert refused.value.path == "settings.yaml"
    assert refused.value.exit_code == 2


def test_a_near_name_is_offered():
    with pytest.raises(UsageError, match="did you mean epochs"):
        TrainSettings.from_dict({"epoch": 3})


def test_train_lists_settings_and_options_of_the_system(tmp_path):
    with pytest.raises(
        UsageError, match=r"(?s)found _target_.*accumulate.*lenet5 are channels, mean, std, variant, width"
    ):
        sc.train("lenet5", tmp_path / "nothing", _target_="os.system")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(LEAST))
def test_least_values(name):
    kind = (
        int if name not in {"minutes", "lr", "momentum", "weight_decay", "warmup", "clip", "ema", "timeout"} else float
    )
    TrainSettings(**{name: kind(max(LEAST[name], 1)) if name != "momentum" else 0.5})
    with pytest.raises(UsageError, match=name):
        TrainSettings(**{name: kind(LEAST[name]) - 1})


@pytest.mark.parametrize("name", sorted(set(MOST) - {"seed"}))
@pytest.mark.parametrize("value", [2e9, float("nan"), float("inf")])
def test_greatest_values(name, value):
    with pytest.raises(UsageError, match=name):
        TrainSettings(**{name: value})


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": "0.1"}, {"epochs": 2.5}, {"steps": True}, {"lr": False}, {"cache": 1}, {"deterministic": "yes"},
        {"freeze": (1,)}, {"optimiser": "lion"}, {"precision": "16"}, {"balance": "weight"}, {"on_bad": "ignore"},
        {"schedule": 3}, {"device": 3}, {"rename": {"cat": 1}}, {"rename": "cat=dog"}, {"fold": 2},
    ],
)  # fmt: skip
def test_values_of_another_kind(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        TrainSettings(**wrong)


@pytest.mark.parametrize("both", [{"epochs": 1, "steps": 1}, {"steps": 1, "minutes": 1.0}, {"devices": 2, "batch": 0}])
def test_contradictions(both):
    with pytest.raises(UsageError, match=r"expected .*, found"):
        TrainSettings(**both)


def test_plain_values_go_round():
    settings = TrainSettings(steps=3, freeze=("trunk", "label"), lr=0.1, rename={"cat": "pet"}, fold="1/5")
    assert TrainSettings.from_dict(settings.as_dict()) == settings


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("none", "none"),
        ("mosaic=.5, mixup=0.10", "recipe,mosaic=0.5,mixup=0.1"),
        ({"mixup": 0.1, "mosaic": 0.5}, "recipe,mosaic=0.5,mixup=0.1"),
        (Augmentation(flip=0.5), "none,flip=0.5"),
    ],
)
def test_augmentation_is_kept_in_one_form_however_it_is_said(said, kept):
    settings = TrainSettings(augment=said)
    assert settings.augment == kept
    assert TrainSettings.from_dict(settings.as_dict()) == settings


@pytest.mark.parametrize("wrong", ["flips=0.5", "flip=2", 0.5, ("flip",), {"flip": "often"}])
def test_augmentation_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError, match="augment"):
        TrainSettings(augment=wrong)


def test_one_name_is_a_list_of_one_and_a_path_is_text():
    settings = TrainSettings.from_dict({"freeze": "trunk", "class_subset": "cat", "init": Path("a/b")})
    assert (settings.freeze, settings.class_subset, settings.init) == (("trunk",), ("cat",), "a/b")


def test_what_may_change_is_a_setting():
    assert {field.name for field in dataclasses.fields(TrainSettings)} > FREE_TO_CHANGE
