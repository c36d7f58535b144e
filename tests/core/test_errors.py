"""Errors say what, where and the cure, carry exit codes, and cross process borders whole."""

import pickle

import pytest

from saccade.core.errors import ConfigError, DataError, ResourceError, SaccadeError, UsageError


def error() -> DataError:
    return DataError(
        "a width above 0 is expected, found -3",
        path="a/train.json",
        line=7,
        pointer="/annotations/17/bbox/2",
        annotation_id=918,
        hint="mend the box",
    )


def test_the_text_says_where_what_and_cure():
    text = "a/train.json:7 /annotations/17/bbox/2 annotation 918: a width above 0 is expected, found -3\n  mend the box"
    assert str(error()) == text
    assert str(SaccadeError("bare")) == "bare"


@pytest.mark.parametrize(
    ("kind", "code"), [(SaccadeError, 3), (DataError, 1), (ConfigError, 1), (UsageError, 2), (ResourceError, 4)]
)
def test_exit_codes(kind: type[SaccadeError], code: int):
    assert kind("x").exit_code == code


def test_fields_survive_pickling():
    back = pickle.loads(pickle.dumps(error()))
    assert type(back) is DataError
    assert vars(back) == vars(error())
    assert (str(back), back.args) == (str(error()), error().args)


@pytest.mark.parametrize(
    ("what", "expected", "found"),
    [
        ("a width above 0 is expected, found -3", "a width above 0", "-3"),
        ("a number is expected in column 3, found 'x'", "a number in column 3", "'x'"),
        ("JSON is expected, found at column 3: a comma", "JSON", "column 3: a comma"),
        ("maps of 3x4, the picture's size, are expected, found 5x6", "maps of 3x4, the picture's size", "5x6"),
        ("a picture is expected, found 'a is expected, found b'", "a picture", "'a is expected, found b'"),
        ("sides of at most 9 are expected, the header declares 10", "sides of at most 9", "10"),
        ("a list is expected", "a list", "something else"),
        ("the disk is full", "", "the disk is full"),
    ],
)
def test_what_is_taken_apart(what: str, expected: str, found: str):
    assert (DataError(what).expected, DataError(what).found) == (expected, found)
