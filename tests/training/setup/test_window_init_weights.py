"""A classifier's weights are first weights of what slides it."""

import pytest
import torch
from safetensors.torch import save_file

from saccade.systems.build import build
from saccade.training.setup.weights.init_weights import take_weights


@pytest.mark.parametrize(
    ("classifier", "detector", "options", "more"),
    [
        ("resnet20", "sliding_window", {"width": 0.25}, {}),
        ("overfeat", "overfeat_detector", {"width": 1 / 64, "variant": "fast"}, {}),
        ("resnet18", "sliding_window", {"width": 1 / 16}, {"trunk": "resnet18", "stride": 8}),
        ("resnet18", "overfeat_detector", {"width": 1 / 16}, {"trunk": "resnet18", "stride": 8}),
        ("overfeat", "overfeat_localizer", {"width": 1 / 64, "variant": "fast"}, {}),
    ],
)
def test_a_detector_of_windows_begins_as_its_classifier(classifier, detector, options, more, tmp_path):
    torch.manual_seed(1)
    learnt = build(classifier, 4, **options)
    save_file(learnt.state_dict(), tmp_path / "model.safetensors")
    system = build(detector, 2, **options, **more)
    renewed = take_weights(system, tmp_path / "model.safetensors", trust_pickle=False)
    assert all(name.startswith("heads.") for name in renewed)
    theirs, before = learnt.state_dict(), "trunk.body." if detector != "sliding_window" else "trunk."
    own = {name: value for name, value in system.state_dict().items() if name.startswith("trunk.")}
    assert own
    assert all(torch.equal(value, theirs["trunk." + name.removeprefix(before)]) for name, value in own.items())
