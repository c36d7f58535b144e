"""timm's names without timm: those that it has itself, and none of it loaded to refuse a name that it cannot have."""

import sys

import pytest
import timm

from saccade.core.errors import UsageError
from saccade.trunks import trunk
from saccade.trunks.timm_names import REGISTERED, knows, source


def test_its_source_has_the_names_that_it_tells() -> None:
    own = {name for name in timm.list_models() if name.startswith("networks_name")}  # of another test
    assert sorted(REGISTERED.findall(source())) == sorted(set(timm.list_models()) - own)


@pytest.mark.parametrize(
    ("typed", "meant"), [("resnt50", "resnet50"), ("vgg61", "vgg16"), ("convnext_tinny", "convnext_tiny")]
)
def test_a_mistyped_trunk_is_answered_without_timm(typed: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "timm")
    with pytest.raises(UsageError, match=rf"did you mean {meant}\?"):
        trunk(typed)
    assert "timm" not in sys.modules


def test_tags_and_what_is_registered_later_are_known() -> None:
    assert knows("resnet50")
    assert knows("resnet50.a1_in1k")
    assert not knows("resnt50")

    def networks_name_of_ones_own() -> None: ...

    assert not knows("networks_name_of_ones_own")
    networks_name_of_ones_own.__module__ = "timm.models.resnet"
    timm.models.register_model(networks_name_of_ones_own)
    assert knows("networks_name_of_ones_own")
