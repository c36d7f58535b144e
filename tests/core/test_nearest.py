"""The word that was meant: by its letters, whatever their case and what joins them."""

import pytest

from saccade.core.nearest import did_you_mean, nearest

SYSTEMS = ("ssd300", "ssd512", "faster_rcnn", "retinanet", "resnet18")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("retinanett", "retinanet"),
        ("SSD300", "ssd300"),
        ("Faster-RCNN", "faster_rcnn"),
        ("reznet18", "resnet18"),
        ("bicycle", None),
        ("", None),
    ],
)
def test_the_nearest_word(typed, meant):
    assert nearest(typed, SYSTEMS) == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("--bogus", None), ("--joints", None), ("--uot", "--out"), ("--Size", "--size")]
)
def test_hyphens_before_a_flag_are_no_letters_of_it(typed, meant):
    assert nearest(typed, ("--out", "--size", "--classes")) == meant


def test_the_cure_says_what_was_meant_and_then_what_there_is():
    assert did_you_mean("predcit", ["predict", "train"], "commands are …") == "did you mean predict? commands are …"
    assert did_you_mean("fly", ["predict", "train"], "commands are …") == "commands are …"
    assert did_you_mean("trian", ["predict", "train"]) == "did you mean train?"
    assert did_you_mean("fly", []) == ""
