"""Errors say what was expected, what was found, where and the cure, carry exit codes, and cross processes whole."""

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from saccade.core.errors import ConfigError, DataError, ResourceError, SaccadeError, UsageError

SOURCE = Path(__file__).parents[2] / "src"
KINDS = {"SaccadeError", "DataError", "ConfigError", "UsageError", "ResourceError", "ProcessError", "NotFiniteError"}
# Within one package, to be told apart by who opens data; users see a DataError.
OWN = {"AmbiguousLayoutError"}
FIELDS = ["expected", "found"]


def error() -> DataError:
    return DataError(
        "a width above 0",
        -3,
        path="a/train.json",
        line=7,
        pointer="/annotations/17/bbox/2",
        annotation_id=918,
        within="member 'a'",
        cure="mend the box",
    )


def test_the_sentence_is_made_of_the_fields():
    place = "a/train.json:7 /annotations/17/bbox/2 annotation 918"
    assert str(error()) == f"{place}: member 'a': expected a width above 0, found -3\n  mend the box"
    assert str(SaccadeError("a list", "none")) == "expected a list, found none"
    assert str(DataError("a list", "none", pointer="/a")) == "/a: expected a list, found none"


def test_what_is_the_sentence_without_place_and_cure():
    assert error().what == "member 'a': expected a width above 0, found -3"
    assert DataError("a list", "none", path="a", line=3, cure="mend it").what == "expected a list, found none"


def test_what_was_found_becomes_text():
    assert DataError("a list of 3 numbers", [1, 2]).found == "[1, 2]"


def test_the_place_is_the_line_or_else_the_pointer():
    assert error().where == 7
    assert DataError("a list", "none", pointer="/a/2").where == "/a/2"
    assert DataError("a list", "none", path="a").where is None


def test_the_cure_may_grow_until_it_is_told():
    met = error()
    met.cure = f"{met.cure}\n  then go on"
    assert str(met).endswith("\n  mend the box\n  then go on")
    assert met.hint == met.cure


@pytest.mark.parametrize(
    ("kind", "code"), [(SaccadeError, 3), (DataError, 1), (ConfigError, 1), (UsageError, 2), (ResourceError, 4)]
)
def test_exit_codes(kind: type[SaccadeError], code: int):
    assert kind("a list", "none").exit_code == code


def test_fields_survive_pickling():
    met = error()
    met.cure, met.exit_code = "another", 9
    back = pickle.loads(pickle.dumps(met))
    assert type(back) is DataError
    assert vars(back) == vars(met)
    assert (str(back), back.args) == (str(met), met.args)


def makings(source: str) -> Iterator[ast.Call]:
    """The calls that make an error of ours."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            yield node


def gives_both(call: ast.Call) -> bool:
    """Whether both expected and found are given, and the sentence is not written into either."""
    if any(isinstance(one, ast.Starred) for one in call.args):
        return len(call.args) == 1  # a pair of both
    named = [keyword.arg for keyword in call.keywords]
    given = call.args[:2] + [keyword.value for keyword in call.keywords if keyword.arg in FIELDS]
    words = [one.value for part in given for one in ast.walk(part) if isinstance(one, ast.Constant)]
    whole = [word for word in words if isinstance(word, str) and (" expected" in word or ", found" in word)]
    return len(call.args) == 2 - len([name for name in named if name in FIELDS]) and not whole


def test_errors_that_lack_a_field_are_seen():
    good = "DataError('a', 'b'); DataError('a', found=b, path=c); DataError(*pair, cure='c')"
    bad = "DataError('a'); DataError('a is expected', 'c'); UsageError(f'a, found {b}', c); DataError('a', cure='c')"
    assert [gives_both(call) for call in makings(good)] == [True] * 3
    assert [gives_both(call) for call in makings(bad)] == [False] * 4


def test_every_error_of_ours_says_what_was_expected_and_what_was_found():
    texts = ((path, path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py"))
    calls = [(path, call) for path, text in texts if "Error(" in text for call in makings(text)]
    lacking = [f"{path.relative_to(SOURCE)}:{call.lineno}" for path, call in calls if not gives_both(call)]
    assert len(calls) > 300
    assert not lacking, f"write Error(expected, found, …): {', '.join(lacking)}"


def test_the_kinds_are_all_of_them():
    found = {"SaccadeError"}
    sources = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")]
    derived = [source for source in sources if re.search(r"class \w+\([^)]*Error", source)]
    classes = [node for source in derived for node in ast.walk(ast.parse(source))]
    for _ in range(3):  # as deep as they derive from each other
        found |= {
            node.name
            for node in classes
            if isinstance(node, ast.ClassDef) and {base.id for base in node.bases if isinstance(base, ast.Name)} & found
        }
    assert found == KINDS | OWN
