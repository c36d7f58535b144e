"""What is said of augmentation: every way to say one thing means the same, and what cannot be meant is refused."""

from dataclasses import fields, replace

import pytest

from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.data.augment.check import check_augmentation
from saccade.data.augment.choice import parse_augment
from saccade.data.open import open_data

RECIPE = Augmentation(flip=0.5, crop_area=(0.3, 1.0), crop_overlap=(0.0, 0.5), hue=0.1)
# Another value of every field, as it is typed.
TYPED = {
    "flip": ("0.25", 0.25),
    "flip_vertical": ("1", 1.0),
    "crop_area": ("0.1:0.9", (0.1, 0.9)),
    "crop_aspect": ("0.5:2", (0.5, 2.0)),
    "crop_keeps": ("object", "object"),
    "crop_class": ("0.33", 0.33),
    "crop_overlap": ("0:0.1:1", (0.0, 0.1, 1.0)),
    "crop_draw": ("side", "side"),
    "expand": ("4", 4.0),
    "scale": ("0.5:2", (0.5, 2.0)),
    "zoom": ("0.8:1.25", (0.8, 1.25)),
    "jitter": ("normal", "normal"),
    "rotate": ("10", 10.0),
    "rotate_chance": ("0.4", 0.4),
    "translate": ("0.2", 0.2),
    "shear": ("5", 5.0),
    "pad_crop": ("4", 4),
    "elastic": ("2:16", (2.0, 16.0)),
    "mosaic": ("0.5", 0.5),
    "mixup": ("0.1", 0.1),
    "paste": ("0.5", 0.5),
    "brightness": ("0.3", 0.3),
    "contrast": ("0.3", 0.3),
    "saturation": ("0.3", 0.3),
    "hue": ("0.05", 0.05),
    "brightness_shift": ("0.125", 0.125),
    "channels": ("0.4", 0.4),
    "hsv_saturation": ("1.5", 1.5),
    "hsv_exposure": ("1.5", 1.5),
    "colour": ("0.5", 0.5),
    "lighting": ("0.1", 0.1),
    "blur": ("2", 2.0),
    "erase": ("0.5", 0.5),
}


def test_every_field_can_be_said():
    assert set(TYPED) == {f.name for f in fields(Augmentation)}


@pytest.mark.parametrize("name", sorted(TYPED))
def test_a_field_as_it_is_typed_and_as_a_plain_value(name: str):
    text, value = TYPED[name]
    expected = replace(RECIPE, **{name: value})
    plain = list(value) if isinstance(value, tuple) else value
    for said in (f"{name}={text}", f"recipe,{name}={text}", f" {name} = {text} ", {name: plain}, {name: text}):
        choice = parse_augment(said)
        assert choice.resolve(RECIPE) == expected
        assert str(choice) == f"recipe,{name}={text}"
        assert parse_augment(str(choice)) == choice


def test_it_begins_with_the_recipe_or_with_nothing():
    assert parse_augment("recipe").resolve(RECIPE) == RECIPE
    assert parse_augment("none").resolve(RECIPE) == Augmentation()
    for said in (
        "none,flip=0.5,mixup=0.2",
        {"from": "none", "mixup": 0.2, "flip": 0.5},
        {"from": None, "flip": 0.5, "mixup": 0.2},
    ):
        assert parse_augment(said).resolve(RECIPE) == Augmentation(flip=0.5, mixup=0.2)
        assert str(parse_augment(said)) == "none,flip=0.5,mixup=0.2"


def test_what_is_optional_can_be_taken_away():
    assert parse_augment("crop_area=none,crop_overlap=none").resolve(RECIPE) == Augmentation(flip=0.5, hue=0.1)
    assert parse_augment({"crop_overlap": None}).resolve(RECIPE).crop_overlap is None


def test_an_augmentation_is_taken_as_it_is():
    assert parse_augment(RECIPE).resolve(Augmentation(blur=3)) == RECIPE
    assert str(parse_augment(RECIPE)) == "none,flip=0.5,crop_area=0.3:1,crop_overlap=0:0.5,hue=0.1"


def test_an_unknown_field_is_refused_and_all_are_told_with_their_meaning():
    with pytest.raises(UsageError, match="found 'mosiac'") as refused:
        parse_augment("mosiac=0.5")
    cure = refused.value.cure or ""
    assert cure.startswith("did you mean mosaic?")
    assert all(f"\n  {f.name}: " in cure for f in fields(Augmentation))
    assert "mosaic: Probability that four pictures share a canvas." in cure


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "FIELD=VALUE"),
        ("all", "FIELD=VALUE"),
        ("flip", "FIELD=VALUE"),
        ("flip=", "FIELD=VALUE"),
        ("flip=0.5,none", "FIELD=VALUE"),
        ("flip=0.5,,hue=0.1", "FIELD=VALUE"),
        ("flip=0.5,flip=0.5", "flip twice"),
        ("flip=often", "flip: expected a number, found 'often'"),
        ("flip=nan", "flip: expected a number"),
        ("expand=inf", "expand: expected a number"),
        ("flip=1.5", "a probability flip from 0 to 1"),
        ("flip=none", "flip: expected a number"),
        ("pad_crop=2.5", "pad_crop: expected a whole number"),
        ("zoom=0.8", "zoom: expected two numbers as 0.8:1.25"),
        ("zoom=0.8:1:1.25", "zoom: expected two numbers"),
        ("zoom=1.25:0.8", "the smaller number first"),
        ("crop_area=0.5:2", "crop_area up to 1"),
        ("crop_keeps=all", "crop_keeps: expected one of nothing, object"),
        ("translate=2", "translate up to 1"),
        ("shear=90", "below 90 degrees"),
        ("elastic=8:16", "up to a quarter"),
        ("from=scratch", "from=recipe or none"),
        ({"flip": True}, "flip: expected a number, found True"),
        ({"zoom": [0.8]}, "zoom: expected two numbers"),
        ({"zoom": ["a", "b"]}, "zoom: expected two numbers"),
        ({"from": 3}, "from=recipe or none"),
        ({"flop": 0.5}, "found 'flop'"),
    ],
)
def test_what_cannot_be_meant(said, told: str):
    with pytest.raises(UsageError) as refused:
        parse_augment(said)
    assert told in str(refused.value)


def test_fields_that_contradict_the_recipe_are_said():
    with pytest.raises(UsageError, match="a crop_area for crop_overlap"):
        parse_augment("crop_overlap=0.5").resolve(Augmentation())


def test_fields_that_would_change_nothing_are_refused():
    scenes = open_data("scenes:count=2,size=32", "train")
    wide = InputSpec("shorter", shorter=32)
    check_augmentation(parse_augment("zoom=0.5:2"), wide, scenes)
    check_augmentation(parse_augment("paste=0.5,zoom=1:1"), InputSpec.stretch(32), scenes)
    with pytest.raises(ConfigError, match=r"found the rule 'stretch'[\s\S]*scale="):
        check_augmentation(parse_augment("zoom=0.5:2"), InputSpec.stretch(32), scenes)

    class Boxes:
        classes, joints, fields = ("a",), None, frozenset({"instances.boxes"})

    with pytest.raises(ConfigError, match="masks and boxes for augment paste"):
        check_augmentation(parse_augment("paste=0.5"), wide, Boxes())
