"""A loss that is not a number stops the training before the step; what was saved stays as it was."""

import json
import math

import pytest
import torch

import saccade as sc
from helpers import TinyDataset
from saccade.core.errors import ConfigError
from saccade.data.datasets.subset import Subset
from saccade.heads.classify.classify import ClassifyHead
from saccade.heads.locate.locate import LocateHead
from saccade.systems.build import build
from saccade.training.step.guard import NotFiniteError, check_finite
from small_runs import Do, digests, lines, system, train


class Poison:
    """Makes the loss of a head not a number from a step on; remembers the checkpoints before and the weights after."""

    def __init__(self, folder, step, value=math.nan):
        self.folder, self.step, self.value, self.before, self.on = folder, step, value, {}, False

    def __call__(self, step):
        if step == self.step:
            self.on, self.before = True, digests(self.folder / "checkpoints")

    def on_head(self, kind, monkeypatch):
        real = kind.loss

        def loss(head, maps, truth):
            return {name: term * (self.value if self.on else 1.0) for name, term in real(head, maps, truth).items()}

        monkeypatch.setattr(kind, "loss", loss)


@pytest.mark.parametrize("precision", ["32", "bf16"])
@pytest.mark.parametrize(("name", "kind"), [("resnet18", ClassifyHead), ("localizer", LocateHead)])
def test_a_loss_that_is_no_number_stops_before_the_step(tmp_path, monkeypatch, precision, name, kind):
    poison = Poison(tmp_path / "run", 5)
    poison.on_head(kind, monkeypatch)
    network = sc.build(name, sc.open_data("scenes:count=24,size=32").classes, width=0.125)
    network.input = network.input.resized(32)
    data = "scenes:count=24,size=32"
    settings = {
        "precision": precision,
        "steps": 9,
        "batch": 6,
        "save_every": 3,
        "val": Subset(sc.open_data(data), [0, 1]),
    }
    with pytest.raises(NotFiniteError) as stopped:
        train(tmp_path / "run", network, data, callbacks=[Do(poison)], **settings)
    assert stopped.value.exit_code == 1
    assert "step 5" in stopped.value.what
    assert {"best", "last"} <= set(poison.before)
    assert digests(tmp_path / "run" / "checkpoints") == poison.before
    assert [line["step"] for line in lines(tmp_path / "run") if "step" in line] == [1, 2, 3, 4, 5]
    witness = json.loads((tmp_path / "run" / "not_finite.json").read_text())
    assert witness["step"] == 5
    assert len(witness["ids"]) == 6
    assert "nan" in witness["values"].values()


def test_an_infinite_gradient_stops_too(tmp_path):
    poison = Poison(tmp_path / "run", 5)
    weights = {}

    def act(step):
        poison(step)
        if step == 5:
            weights.update({name: value.clone() for name, value in network.named_parameters()})
            network.heads["tiny"].score.weight.register_hook(lambda gradient: gradient * math.inf)

    network = system()
    with pytest.raises(NotFiniteError, match="gradient norm"):
        train(tmp_path / "run", network, callbacks=[Do(act)], clip=1.0, save_every=3)
    assert digests(tmp_path / "run" / "checkpoints") == poison.before
    assert all(torch.equal(value, weights[name]) for name, value in network.named_parameters())


def test_the_run_can_go_on_after(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        poison = Poison(tmp_path / "run", 3)
        poison.on_head(type(system().heads["tiny"]), patch)
        with pytest.raises(NotFiniteError):
            train(tmp_path / "run", data=TinyDataset(12), callbacks=[Do(poison)])
    assert train(tmp_path / "run", resume=True).step == 7


def test_what_is_finite_passes(tmp_path):
    check_finite({"loss": 1.0}, 2.0, 0, ["a"], tmp_path / "witness.json")
    assert not list(tmp_path.iterdir())
    for losses, norm in (({"loss": math.inf}, 1.0), ({"loss": 1.0}, math.nan)):
        with pytest.raises(NotFiniteError):
            check_finite(losses, norm, 0, ["a"], tmp_path / "witness.json")


@pytest.mark.parametrize(
    ("name", "batch", "said"), [("alexnet", 2, "large enough.*2x3x32x32"), ("resnet18", 1, "more than one.*1x3x32x32")]
)
def test_pictures_that_are_too_small_or_too_few_are_named(tmp_path, name, batch, said):
    system = build(name, TinyDataset(1).classes, width=1 / 16, size=32)
    with pytest.raises(ConfigError, match=said):
        train(tmp_path / "run", system, TinyDataset(4), steps=1, batch=batch)
