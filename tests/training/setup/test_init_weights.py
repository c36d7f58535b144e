"""First weights from files: a system's own, torchvision's, timm's and a shallower relative's."""

from pathlib import Path

import pytest
import torch
import torchvision.models as tv
from safetensors.torch import save_file

import saccade as sc
from helpers import TinyDataset, tiny_system
from saccade.core.batch import Batch
from saccade.core.errors import ConfigError
from saccade.core.frame import Frame
from saccade.data.scenes import Scenes
from saccade.layers.initialise import fit_channels
from saccade.network.system import System
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems.build import build
from saccade.training.setup.weights.init_weights import take_weights
from small_runs import train

WIDTH = 1 / 16


def written(system: System, path: Path) -> Path:
    save_file(system.state_dict(), path)
    return path


def vgg(name: str, classes: int = 3, seed: int = 1, **options: object) -> System:
    torch.manual_seed(seed)
    return build(name, classes, **({"width": WIDTH} | options))


def equal(one: System, other: System) -> set[str]:
    """Names of weights that both have and that are the same."""
    theirs = other.state_dict()
    return {name for name, value in one.state_dict().items() if name in theirs and torch.equal(value, theirs[name])}


def test_another_number_of_classes_renews_the_last_layer_alone(tmp_path: Path, capsys) -> None:
    before, after = vgg("vgg11"), vgg("vgg11", classes=5, seed=2)
    left = take_weights(after, written(before, tmp_path / "a.safetensors"), trust_pickle=False)
    last = {"heads.label.body.1.weight", "heads.label.body.1.bias"}
    assert set(left) == last
    assert equal(before, after) == set(before.state_dict()) - last
    said = capsys.readouterr().err
    assert all(name in said for name in last)
    assert "shape differs" in said


def test_the_same_system_takes_all_and_says_nothing(tmp_path: Path, capsys) -> None:
    before, after = vgg("vgg11"), vgg("vgg11", seed=2)
    checkpoint.save(tmp_path / "checkpoints", "step-1", before.state_dict(), None, {"step": 1})
    assert take_weights(after, tmp_path, trust_pickle=False) == []
    assert equal(before, after) == set(before.state_dict())
    assert capsys.readouterr().err == ""


def test_another_width_is_a_mistake_and_changes_nothing(tmp_path: Path) -> None:
    file = written(vgg("vgg16"), tmp_path / "a.safetensors")
    system = vgg("vgg16", seed=2, width=1 / 8)
    start = {key: value.clone() for key, value in system.state_dict().items()}
    with pytest.raises(ConfigError, match=r"conv1_2\.conv1_1\.weight of shape \(8, 3, 3, 3\), found") as error:
        take_weights(system, file, trust_pickle=False)
    assert "width" in str(error.value.cure)
    assert all(torch.equal(value, start[key]) for key, value in system.state_dict().items())


def test_another_system_s_run_lends_its_trunk_and_whatever_fits_of_its_heads(tmp_path: Path, capsys) -> None:
    small = {"trunk": "vgg11", "width": 1 / 16, "size": 32, "search": "windows", "proposals": 5}
    data = Scenes(count=2, size=32, seed=1)
    sc.train("fast_rcnn", data, tmp_path / "run", steps=1, workers=0, **small)
    learnt = checkpoint.load_weights(tmp_path / "run", trust_pickle=False)
    system = build("multipath", data.classes, **small)
    renewed = take_weights(system, tmp_path / "run", trust_pickle=False)
    own = system.state_dict()
    assert all(torch.equal(value, learnt[name]) for name, value in own.items() if name.startswith("trunk."))
    assert {name for name in renewed if name in learnt}
    assert all(name.startswith("heads.") for name in renewed)
    assert "shape differs" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=r"expected .*, found"):
        take_weights(build("multipath", data.classes, **small | {"width": 1 / 8}), tmp_path / "run", trust_pickle=False)


def test_the_same_system_s_run_with_another_hidden_layer_is_a_mistake(tmp_path: Path) -> None:
    small = {"trunk": "lecture_cnn", "window": 20, "scales": (1.0,), "size": 32, "width": 1.0}
    data = Scenes(count=2, size=32, seed=1)
    sc.train("overfeat_detector", data, tmp_path / "run", steps=1, workers=0, hidden=8, **small)
    with pytest.raises(ConfigError, match=r"heads\..*, found"):
        take_weights(build("overfeat_detector", data.classes, hidden=16, **small), tmp_path / "run", trust_pickle=False)


def test_what_a_relative_of_our_own_lacks_is_told(tmp_path: Path, capsys) -> None:
    left = take_weights(vgg("vgg13", seed=2), written(vgg("vgg16"), tmp_path / "a.safetensors"), trust_pickle=False)
    assert {name.split(".")[1] for name in left} == {"conv3_2", "conv4_2", "conv5_2"}
    assert "and 8 more" in capsys.readouterr().err


def test_a_deeper_vgg_begins_with_a_shallow_one_s_first_four_convolutions(tmp_path: Path, capsys) -> None:
    shallow, deep = vgg("vgg11"), vgg("vgg16", seed=2)
    left = take_weights(deep, written(shallow, tmp_path / "a.safetensors"), trust_pickle=False)
    lent, kept = shallow.trunk.state_dict(), deep.trunk.state_dict()
    pairs = {"conv1_2.conv1_1": "conv1_1.conv1_1", "conv2_2.conv2_1": "conv2_1.conv2_1"}
    pairs |= {"conv3_3.conv3_1": "conv3_2.conv3_1", "conv3_3.conv3_2": "conv3_2.conv3_2"}
    pairs |= {"fc6.linear": "fc6.linear", "fc7.linear": "fc7.linear"}
    for own, theirs in pairs.items():
        assert torch.equal(kept[f"{own}.weight"], lent[f"{theirs}.weight"])
    assert torch.equal(deep.heads.label.body[1].weight, shallow.heads.label.body[1].weight)
    convolutions = {name.rpartition(".")[0] for name in kept if name.startswith("conv")}
    new = {name.rpartition(".")[0].removeprefix("trunk.") for name in left}
    assert new == convolutions - set(pairs)
    assert "the file lacks them" in capsys.readouterr().err


def test_the_second_configuration_takes_four_convolutions_too(tmp_path: Path) -> None:
    left = take_weights(vgg("vgg13", seed=2), written(vgg("vgg11"), tmp_path / "a.safetensors"), trust_pickle=False)
    assert len(left) == 2 * (10 - 4)


@torch.no_grad()
def test_torchvision_s_file_gives_torchvision_s_answers(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = tv.resnet18(num_classes=4).eval()
    torch.save(module.state_dict(), tmp_path / "resnet18.pth")
    system = build("resnet18", 4)
    with pytest.raises(ConfigError, match="pickle"):
        take_weights(system, tmp_path / "resnet18.pth", trust_pickle=False)
    assert take_weights(system, tmp_path / "resnet18.pth", trust_pickle=True) == []
    images = torch.rand(1, 3, 64, 64)
    batch = Batch(images, torch.tensor([[64, 64]]), (Frame.identity((64, 64)),))
    torch.testing.assert_close(system.eval().forward(batch)["label"].logits, module(images))


def test_torchvision_s_file_serves_another_head_on_the_same_trunk(tmp_path: Path) -> None:
    save_file(tv.resnet18(num_classes=4).state_dict(), tmp_path / "a.safetensors")
    system = build("localizer", 2, trunk="resnet18")
    left = take_weights(system, tmp_path / "a.safetensors", trust_pickle=False)
    assert {name.split(".")[0] for name in left} == {"heads"}
    assert not any("trunk" in name for name in left)


def test_timm_s_file_serves_a_classifier_on_its_network(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(3)
    network = timm.create_model("test_resnet")
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    system = build("classifier", 2, trunk="test_resnet")
    left = take_weights(system, tmp_path / "a.safetensors", trust_pickle=False)
    assert all(name.startswith("heads.") for name in left)
    assert torch.equal(system.trunk.network.conv1[0].weight, network.conv1[0].weight)


def test_first_filters_fit_other_channels(tmp_path: Path) -> None:
    before, after = vgg("vgg11"), vgg("vgg11", channels=5, seed=2)
    assert take_weights(after, written(before, tmp_path / "a.safetensors"), trust_pickle=False) == []
    first = "trunk.conv1_1.conv1_1.weight"
    torch.testing.assert_close(after.state_dict()[first], fit_channels(before.state_dict()[first], 5))


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(ConfigError, match=r"such as trunk.*found weight"):
        take_weights(vgg("vgg11"), tmp_path / "a.safetensors", trust_pickle=False)


def test_a_run_records_what_began_anew(tmp_path: Path) -> None:
    first = train(tmp_path / "first", tiny_system(), TinyDataset(4), steps=1)
    assert RunFolder(first.path).read_config()["renewed"] == []
    fewer = tiny_system()
    weights_before = {k: v for k, v in fewer.state_dict().items() if not k.startswith("heads.")}
    save_file(weights_before, tmp_path / "trunk.safetensors")
    run = train(tmp_path / "second", fewer, TinyDataset(4), steps=1, init=str(tmp_path / "trunk.safetensors"))
    assert RunFolder(run.path).read_config()["renewed"] == [
        name for name in fewer.state_dict() if name.startswith("heads.")
    ]


@pytest.mark.parametrize("name", ["fast_rcnn", "rcnn"])
def test_a_classifier_lends_its_fully_connected_layers_to_the_head_that_runs_them(name: str, tmp_path: Path) -> None:
    before = vgg("vgg11")
    after = build(name, 2, trunk="vgg11", search="windows", width=WIDTH)
    left = take_weights(after, written(before, tmp_path / "a.safetensors"), trust_pickle=False)
    assert left
    assert all(part.split(".")[-2] in ("score", "box", "machines") or part.endswith("solved") for part in left)
    bodies = {n.split(".body.")[1]: value for n, value in after.state_dict().items() if ".body." in n}
    assert set(bodies) == {"fc6.linear.weight", "fc6.linear.bias", "fc7.linear.weight", "fc7.linear.bias"}
    assert all(torch.equal(value, before.state_dict()[f"trunk.{n}"]) for n, value in bodies.items())
