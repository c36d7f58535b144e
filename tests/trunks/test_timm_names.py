"""timm's names without timm: those that it has itself, and none of it loaded to refuse a name that it cannot have."""

import subprocess
import sys

import timm

from saccade.trunks.timm_names import REGISTERED, source, knows

REFUSED = """
import sys
from saccade.core.errors import UsageError
from saccade.trunks import trunk
for name, meant in (("resnt50", "resnet50"), ("vgg61", "vgg16"), ("convnext_tinny", "convnext_tiny")):
    try:
        trunk(name)
    except UsageError as error:
        assert f"did you mean {meant}?" in str(error), error
    else:
        raise SystemExit(f"{name} was taken")
print("timm" in sys.modules)
"""


def test_itssource_has_the_names_that_it_tells() -> None:
    assert sorted(REGISTERED.findall(source())) == sorted(timm.list_models())


def test_a_mistyped_trunk_is_answered_without_timm() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


def test_tags_and_what_is_registered_later_are_known() -> None:
    assert knows("resnet50")
    assert knows("resnet50.a1_in1k")
    assert not knows("resnt50")

    def networks_name_of_ones_own() -> None: ...

    assert not knows("networks_name_of_ones_own")
    networks_name_of_ones_own.__module__ = "timm.models.resnet"
    timm.models.register_model(networks_name_of_ones_own)
    assert knows("networks_name_of_ones_own")
