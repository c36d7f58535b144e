"""Text of flags and values of files become what is declared, or say what is expected."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest

from saccade.command_line.arguments.values import convert, is_switch
from saccade.core.errors import UsageError
from saccade.core.options.kinds import described

Side = Literal["left", "right"]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, "3", 3),
        (int, 3.0, 3),
        (float, "1e-3", 0.001),
        (float, 2, 2.0),
        (float | None, "none", None),
        (float | None, ".5", 0.5),
        (int | float, "2.5", 2.5),
        (bool, "yes", True),
        (bool, False, False),
        (bool | None, "off", False),
        (str, "a b", "a b"),
        (str, 32, "32"),
        (str | None, "none", None),
        (str | int, "7", 7),
        (Side, "left", "left"),
        (Literal[1, 2], "2", 2),
        (tuple[str, ...], "trunk, box", ("trunk", "box")),
        (tuple[str, ...], ["trunk"], ("trunk",)),
        (tuple[str, ...], "", ()),
        (tuple[int, int], "3,4", (3, 4)),
        (Sequence[float], "1,2", (1.0, 2.0)),
        (Any, {"a": 1}, {"a": 1}),
        (Mapping[str, str] | None, "cat=pet, old dog=pet", {"cat": "pet", "old dog": "pet"}),
        (Mapping[str, str], {"cat": "pet", 3: "three"}, {"cat": "pet", "3": "three"}),
    ],
)
def test_values_take_the_declared_type(annotation, value, expected):
    found = convert(annotation, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        (int, "3.5", "a whole number"),
        (int, 3.5, "a whole number"),
        (int, True, "a whole number"),
        (int, "1_0x", "a whole number"),
        (float, "a", "a number"),
        (float, [1], "a number"),
        (float, {"_target_": "os.system"}, "a number"),
        (bool, "maybe", "true or false"),
        (bool, 1, "true or false"),
        (str, True, "text"),
        (str, ["a"], "text"),
        (Side, "up", "left, right"),
        (float | None, "x", "a number"),
        (tuple[int, int], "1,2,3", "two values"),
        (tuple[int, ...], "1,b", "a whole number"),
        (object, "x", "a value"),
    ],
)
def test_other_values_are_refused_in_words(annotation, value, said):
    with pytest.raises(UsageError, match=f"expected .*{said}.*, found "):
        convert(annotation, value)


def test_switches_are_those_that_are_true_or_false():
    assert is_switch(bool)
    assert is_switch(bool | None)
    assert not is_switch(bool | int)
    assert not is_switch(str)


def test_types_are_described_in_words():
    assert described(float | None) == "a number"
    assert described(Side) == "one of left, right"
    assert described(tuple[int, ...]) == "a list of a whole number"
