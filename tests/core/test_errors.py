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
