"""Systems on trunks that are built already: they share the layers, and no name builds them again."""

from pathlib import Path
from typing import Any

import pytest
import torch

import saccade as sc
from saccade.core.errors import ConfigError, UsageError
from saccade.network.part import Trunk
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.trunks import trunk
from saccade.trunks.chain import Chain
from saccade.trunks.inputs import zero_to_one

FREE = [
    name
    for name, f in SYSTEMS.items()
    if "trunk" in options_of(f) and not name.startswith(("ssd", "segnet", "deconvnet"))
]
# Of each kind of trunk that the systems read, a narrow one.
FULLY_CONNECTED = ("rcnn", "fast_rcnn", "ion", "multipath", "spp_net")


def narrow(name: str) -> Trunk:
    return trunk("vgg11" if name in FULLY_CONNECTED else "resnet18", width=1 / 32)


def options(name: str) -> dict[str, Any]:
    known = {"size": 160, "search": "windows", "scales": (64,) if name == "svm" else (1.0,), "hidden": 16}
    return {option: value for option, value in known.items() if option in options_of(SYSTEMS[name])}


@pytest.mark.parametrize("name", FREE)
def test_a_built_trunk_is_the_system_s(name: str) -> None:
    given = narrow(name)
    system = build(name, 2, trunk=given, **options(name))
    own = {id(parameter) for parameter in given.parameters()}
    shared = {id(parameter) for parameter in system.trunk.parameters()} & own
    # What slides over a picture is a copy, whose fully connected layers became convolutions, and so is what is dilated.
    assert shared or name in (
        "sliding_window",
        "rfcn",
        "deeplab1",
        "deeplab2",
        "dilated",
        "parsenet",
        "dt_edgenet",
        "semantic_edges",
    )
    assert system.input.mean == given.preprocessing.mean
    assert system.origin is None


def test_it_answers_as_the_system_that_is_built_by_the_trunk_s_name() -> None:
    torch.manual_seed(0)
    named = build("retinanet", 2, trunk="resnet18", size=64).eval()
    torch.manual_seed(0)
    given = build("retinanet", 2, trunk=trunk("resnet18"), size=64).eval()
    picture = torch.rand(3, 64, 64)
    ours, theirs = (system.predict(system.batch([picture]))[0].instances for system in (given, named))
    assert torch.equal(ours.boxes, theirs.boxes)
    assert torch.equal(ours.scores, theirs.scores)


def test_fully_connected_layers_stay_where_they_are_read() -> None:
    whole = trunk("vgg11", width=1 / 32)
    assert "fc7" in build("classifier", 2, trunk=whole, size=64).trunk.levels
    assert "fc7" not in build("yolo1", 2, trunk=whole, size=224, hidden=8).trunk.levels
    assert "fc7" not in build("retinanet", 2, trunk=whole, size=64).trunk.levels
    assert build("faster_rcnn", 2, trunk=whole, size=600).neck is None
    assert "fc7" in whole.levels


def test_a_trunk_of_one_s_own_says_what_its_weights_want() -> None:
    stage = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3, stride=2))
    own = Chain({"map": stage}, preprocessing=zero_to_one(2))
    system = build("classifier", 3, trunk=own, size=32)
    assert (system.input.mean, system.input.std) == ((0.0, 0.0), (1.0, 1.0))
    moved = build("classifier", 3, trunk=own, size=32, mean=(0.5, 0.25))
    assert (moved.input.mean, moved.input.std) == ((0.5, 0.25), (1.0, 1.0))
    assert own.preprocessing == zero_to_one(2)


@pytest.mark.parametrize("settled", [{"pretrained": False}, {"width": 0.5}, {"channels": 3}, {"norm": "frozen"}])
def test_what_the_trunk_has_settled_is_not_said_again(settled: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="built trunk alone") as error:
        build("retinanet", 2, trunk=trunk("resnet18", width=1 / 32), **settled)
    assert next(iter(settled)) in error.value.found


@pytest.mark.parametrize("name", ["ssd300", "ssd512"])
def test_ssd_s_trunk_is_one_of_two(name: str) -> None:
    with pytest.raises(UsageError, match="one of vgg16, vgg16_bn"):
        build(name, 2, trunk=trunk("vgg11", width=1 / 32))


def test_a_run_of_it_is_loaded_into_a_system_like_it(tmp_path: Path) -> None:
    classes = sc.open_data("scenes:count=4,size=32").classes

    def made() -> sc.System:
        return build("classifier", classes, trunk=trunk("resnet20", width=1 / 4), size=32)

    system = made()
    run = sc.train(system, "scenes:count=4,size=32", tmp_path / "run", steps=1, batch=2, val=0.5, precision="32")
    with pytest.raises(ConfigError, match="built by hand") as error:
        sc.load(run)
    assert "system=" in (error.value.cure or "")
    # In use normalisation is folded into the layers before it; the head has none.
    ours, loaded = (one.heads["label"].state_dict() for one in (system, sc.load(run, system=made()).system))
    assert ours.keys() == loaded.keys()
    assert all(torch.equal(value, loaded[name]) for name, value in ours.items())
