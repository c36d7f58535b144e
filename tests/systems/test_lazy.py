"""The table of systems: what loads them, and what does not."""

import pytest

from saccade.systems import SYSTEMS
from saccade.systems.build import build
from saccade.systems.classify.lenet import lenet5
from saccade.systems.declaration import declaration
from saccade.systems.lazy import LazySystems


def test_a_function_is_loaded_when_it_is_asked_for():
    table = LazySystems({"far": "no_such_module"})
    assert (list(table), len(table), "far" in table, "near" in table) == (["far"], 1, True, False)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = table["far"]


def test_it_is_a_mapping_of_functions():
    table = LazySystems({"lenet5": "lenet"})
    assert dict(table.items()) == {"lenet5": lenet5}
    table["mine"] = lenet5
    assert (list(table), len(table), table["mine"], table.declared("mine")) == (["lenet5", "mine"], 2, lenet5, lenet5)
    del table["lenet5"]
    assert repr(table) == "LazySystems(mine)"
    for look in (table.__getitem__, table.declared):
        with pytest.raises(KeyError, match="lenet5"):
            look("lenet5")


def test_a_system_of_ones_own_is_built_by_its_name(monkeypatch):
    monkeypatch.setitem(SYSTEMS, "mine", lenet5)
    assert build("mine", 3, width=0.25).origin["system"] == "mine"


def test_a_stand_in_builds_what_it_stands_for():
    classes = ("a", "b", "c")
    told, real = SYSTEMS.declared("lenet5")(classes, width=0.25), lenet5(classes, width=0.25)
    assert [p.shape for p in told.parameters()] == [p.shape for p in real.parameters()]


@pytest.mark.parametrize(("module", "name"), [("trunks.vgg", "FIRST_OF_A"), ("systems.detector_parts", "trunk_to")])
def test_what_is_no_system_is_refused(module, name):
    with pytest.raises((TypeError, KeyError), match=name):
        declaration(f"saccade.{module}", name)
