"""DeepPose: networks of one kind, stages of a training, and what each of them learns from."""

from pathlib import Path

import pytest
import torch

import saccade as sc
from saccade.core.errors import ConfigError, UsageError
from saccade.data.datasets.persons.posed import with_poses
from saccade.runtime.evaluate.evaluate import measured, opened
from saccade.runtime.evaluate.every_head import with_every_head
from saccade.systems.build import build

SMALL = {"trunk": "resnet18", "width": 1 / 32, "size": 32}


def test_networks_are_alike_and_have_weights_of_their_own() -> None:
    system = build("deeppose", 4, cascade=2, **SMALL)
    first, second = ({name: p.shape for name, p in part.named_parameters()} for part in _networks(system))
    assert first == second
    assert not torch.equal(*(next(part.parameters()) for part in _networks(system)))


def _networks(system: sc.System) -> tuple[torch.nn.Module, torch.nn.Module]:
    return system.trunk, system.heads["stage2"].get_submodule("network.trunk")


def test_dropout_is_the_paper_s() -> None:
    for options in (SMALL, {"width": 1 / 16, "size": 96}):
        dropped = [m.p for m in build("deeppose", 4, **options).modules() if isinstance(m, torch.nn.Dropout)]
        assert set(dropped) == {0.6}


@pytest.mark.parametrize("wrong", [{"cascade": 0}, {"sigma": 0.0}, {"samples": 0}, {"size": 0}])
def test_numbers_that_are_too_small_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        build("deeppose", 4, **(SMALL | wrong))


def test_stages_follow_each_other_in_one_training(tmp_path: Path) -> None:
    """Each observes the errors before it in its own steps alone, and a run that goes on is the same run."""
    told = {"cascade": 3, "batch": 2, "workers": 0, "steps": 3, "val": "scenes:count=4,size=64,seed=2", **SMALL}
    run = sc.train("deeppose", "scenes:count=8,size=64", tmp_path / "run", **told)
    system = sc.load(run.path, which="last").system
    assert [int(system.heads[f"stage{number}"].get_buffer("errors.steps")) for number in (2, 3)] == [1, 1]
    predictor, pictures = opened(str(run.path))
    found = with_every_head(measured(predictor, pictures), predictor, pictures)
    assert {"stage1/pckh", "stage2/pckh", "pckh"} <= found.scores.keys()


def test_a_network_without_silent_heads_has_nothing_to_tell_of_them() -> None:
    pictures = with_poses(sc.open_data("scenes:count=9,size=32", split="train"), ("pose", "pose_visible"))
    predictor = sc.Predictor(build("deeppose", pictures.vocabularies, cascade=1, **SMALL))
    with pytest.raises(ConfigError, match="silent"):
        with_every_head(measured(predictor, pictures), predictor, pictures)
