"""Values read from source that is never run: here it would fail if it were."""

import ast
from dataclasses import dataclass
from typing import Literal

import pytest

from saccade.core import source
from saccade.core.source import Scope

NUMBERS = """
raise RuntimeError("this module was run")
SIDE: int = 32
SIDES = {"small": SIDE, "large": 2 * SIDE}
A, B = 1, 2
def function(): ...
"""
WORDS = """
from typing import Literal
from package.numbers import SIDES as EDGES
from package.numbers import function
raise RuntimeError("this module was run")
Size = Literal["small", "large"]
EDGE = EDGES["large"]
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "package"
    (folder / "inner").mkdir(parents=True)
    (folder / "numbers.py").write_text(NUMBERS)
    (folder / "words.py").write_text(WORDS)
    (folder / "inner" / "__init__.py").write_text("from package.words import EDGE\n")
    monkeypatch.setattr(source, "ROOT", folder)
    source._bindings.cache_clear()
    yield
    source._bindings.cache_clear()


def test_names_are_followed_through_modules(package):
    assert Scope("package.numbers")["SIDES"] == {"small": 32, "large": 64}
    assert Scope("package.words")["EDGE"] == 64
    assert Scope("package.inner")["EDGE"] == 64
    assert Scope("package.words")["Size"] == Literal["small", "large"]


def test_a_definition_is_found_where_it_stands(package):
    home, definition = Scope("package.words").find("function")
    assert (home.module, type(definition).__name__) == ("package.numbers", "FunctionDef")


def test_arguments_of_a_call_come_first(package):
    words = Scope("package.words")
    call = ast.parse("f(EDGE + 1)", mode="eval").body
    inner = Scope("package.numbers", {"SIDE": (words, call.args[0])})
    assert inner.value(ast.parse("SIDE, SIDES['small']", mode="eval").body) == (65, 32)


@pytest.mark.parametrize("name", ["absent", "A"])
def test_what_is_not_bound_alone_cannot_be_read(package, name):
    with pytest.raises(NameError, match=name):
        Scope("package.numbers").value(ast.parse(name, mode="eval").body)


def test_a_class_is_the_class_itself():
    found = Scope("saccade.trunks.options")
    assert found["dataclass"] is dataclass
    assert Scope("saccade.training.settings")["Augmentation"].__module__ == "saccade.core.augmentation"
