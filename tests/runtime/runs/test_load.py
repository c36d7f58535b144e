"""A run becomes a network again, with its own weights, input and classes, or says why not."""

import pytest
import torch

from helpers import CLASSES, picture, tiny_system
from saccade import systems
from saccade.core.errors import ConfigError, DataError
from saccade.core.input.input_spec import InputSpec
from saccade.network.card import Card, system
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.load import load
from saccade.runtime.runs.run_folder import RunFolder

SPEC = InputSpec("letterbox", (24, 20), mean=(0.4, 0.4, 0.4))


@system(Card("classify", 2026, "none", ("label",), 16))
def tiny(classes: tuple[str, ...], *, pretrained: bool = False):
    """The tests' own system; weights from elsewhere are not to be had."""
    if pretrained:
        raise ConfigError("weights", "no network")
    return tiny_system(classes)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setitem(systems.SYSTEMS, "tiny", tiny)
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    config = {
        "saccade": "0.1.0",
        "system": {"name": "tiny", "options": {"pretrained": True}},
        "classes": list(CLASSES),
        "input": SPEC.as_dict(),
        "precision": "32",
    }
    folder.write_config(config)
    folder.write_classes(CLASSES)
    for step, seed in ((1, 11), (2, 12)):
        weights = tiny_system(input=SPEC, seed=seed).state_dict()
        checkpoint.save(folder.checkpoints, f"step-{step}", weights, None, {"step": step})
    checkpoint.point(folder.checkpoints, "best", "step-1")
    checkpoint.point(folder.checkpoints, "last", "step-2")
    return folder


def change(run, **values):
    run.write_config(run.read_config() | values)


@pytest.mark.parametrize(("which", "seed"), [("best", 11), ("last", 12)])
def test_a_run_answers_as_the_network_that_was_saved(run, which, seed):
    expected = Predictor(tiny_system(input=SPEC, seed=seed))([picture(1)])[0]
    found = load(run.path, which=which)
    assert found.classes == CLASSES
    assert found.system.input == SPEC
    assert found.system.origin["system"] == "tiny"
    assert torch.equal(found([picture(1)])[0].label_scores, expected.label_scores)


def test_whoever_looks_inside_finds_a_network_in_use(run):
    loaded = load(run.path)
    assert not any(module.training for module in loaded.system.modules())
    image = picture(7)
    inside = loaded.system.predict(loaded.system.batch([image]))[0]
    assert torch.equal(inside.label_scores, loaded(image).label_scores)


def test_without_a_best_the_last_is_taken(run):
    (run.checkpoints / "best").unlink()
    expected = Predictor(tiny_system(input=SPEC, seed=12))([picture(1)])[0]
    assert torch.equal(load(run.path)([picture(1)])[0].label_scores, expected.label_scores)


def test_a_damaged_checkpoint_is_refused_and_another_named(run):
    file = run.checkpoints / "step-1" / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(DataError) as caught:
        load(run.path)
    assert "last" in caught.value.cure
    assert load(run.path, which="last").classes == CLASSES


def test_a_run_without_checkpoints_says_so(run):
    (run.checkpoints / "best").unlink()
    (run.checkpoints / "last").unlink()
    with pytest.raises(DataError, match="checkpoint"):
        load(run.path)


@pytest.mark.parametrize(
    ("trained", "asked", "expected"),
    [("bf16", None, torch.bfloat16), ("bf16", "32", torch.float32), ("32", None, torch.float32)],
)
def test_a_network_predicts_in_the_precision_of_its_training(run, trained, asked, expected, monkeypatch):
    monkeypatch.setattr("saccade.runtime.device.cpu_multiplies_bf16", lambda: True)
    change(run, precision=trained)
    assert load(run.path, precision=asked).engine.dtype == expected


@pytest.mark.parametrize("names", [("green", "red", "blue"), ("red", "green", "azure"), ("red", "green")])
def test_other_classes_are_refused_with_a_diff(run, names):
    run.write_classes(names)
    with pytest.raises(ConfigError) as caught:
        load(run.path)
    assert "expected, " in caught.value.what or "is missing" in caught.value.what
    run.write_classes(CLASSES)
    with pytest.raises(ConfigError):
        load(run.path, system=tiny_system(names))


def test_weights_of_another_shape_are_refused_by_name(run):
    change(run, classes=["a", "b"])
    run.write_classes(["a", "b"])
    with pytest.raises(ConfigError, match=r"heads\.tiny\.score\.bias: \(2,\) expected, \(3,\) found"):
        load(run.path)


def test_a_system_built_by_hand_must_be_handed_over(run):
    change(run, system=None)
    with pytest.raises(ConfigError) as caught:
        load(run.path)
    assert "system=" in caught.value.cure
    own = tiny_system(seed=5)
    before = own.trunk.body[0].weight.clone()
    found = load(run.path, system=own)
    assert found.system.input == SPEC
    assert torch.equal(own.trunk.body[0].weight, before)
    assert torch.equal(found.system.trunk.body[0].weight, tiny_system(seed=11).trunk.body[0].weight)


@pytest.mark.parametrize("name", ["os.system", "saccade.cli.main", "absent"])
def test_a_name_from_a_file_is_looked_up_and_never_imported(run, name):
    change(run, system={"name": name, "options": {}})
    with pytest.raises(Exception, match="expected a system, found"):
        load(run.path)


def test_no_run_is_said(tmp_path):
    with pytest.raises(ConfigError):
        load(tmp_path / "absent")
