"""Runs of poses: their joints are those of their data, whatever these are called, when they are loaded again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import saccade as sc
from made import save_picture
from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.runs.joints_of_run import joints_of, plain_joints
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop import finish
from small_runs import short_report

SMALL: dict[str, Any] = {"stacks": 1, "width": 1 / 16, "size": 64, "steps": 2, "batch": 2, "workers": 0, "threads": 1}
JOINTS = Joints(("dot", "other dot", "third"), ((0, 1),), ((0, 2), (1, 2)), (0.05, 0.05, 0.1))


class Dots:
    """Pictures of three joints, of whose names nobody could tell which are mirrored."""

    joints = JOINTS
    vocabularies = Vocabularies.of({"joints": JOINTS.names})
    classes = ("person",)
    fields = frozenset({"pose", "pose_visible"})

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Sample:
        return Sample(torch.full((3, 64, 64), 0.1 * index), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        points = torch.tensor([[20.0, 30.0], [40.0, 30.0], [30.0, 40.0 + index]])
        return Annotation(pose=points, pose_visible=torch.full((3,), 2))

    def id(self, index: int) -> str:
        return f"dots/{index}"


@pytest.fixture(autouse=True)
def _short_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "report", short_report)


def test_a_run_keeps_what_its_joints_are(tmp_path: Path) -> None:
    path = sc.train("hourglass", Dots(), tmp_path / "run", val=Dots(), **SMALL).path
    loaded = sc.load(path)
    assert loaded.engine.joints == JOINTS
    assert loaded.views.pairs == ((0, 1),)
    assert loaded(torch.zeros(3, 64, 64)).joints == JOINTS
    assert RunFolder.open(path).read_classes() == JOINTS.names
    # Mirrored, the one dot is the other: pictures that are their own mirror images have symmetric answers.
    flipped = sc.load(path, flip=True, precision="32", device="cpu")
    assert flipped.views.pairs == ((0, 1),)
    pose = flipped(torch.zeros(3, 64, 64)).get("pose")
    torch.testing.assert_close(pose[0, 0] + pose[1, 0], torch.tensor(64.0), atol=1.5, rtol=0)


def test_a_run_of_mpii_is_loaded_again(tmp_path: Path) -> None:
    people = []
    for number in range(4):
        save_picture(tmp_path / f"data/images/{number}.png")
        joints = [[10.0 + place, 5.0 + place + number] for place in range(16)]
        people.append(
            {"joints_vis": [1] * 16, "joints": joints, "image": f"{number}.png", "scale": 0.2, "center": [20, 20]}
        )
    (tmp_path / "data/annot").mkdir()
    for split in ("train", "valid"):
        (tmp_path / f"data/annot/{split}.json").write_text(json.dumps(people))
    path = sc.train("hourglass", tmp_path / "data", tmp_path / "run", **SMALL).path
    assert len(sc.load(path).vocabularies["joints"]) == 16
    assert sc.load(path).classes == sc.open_data(tmp_path / "data").vocabularies.main
    assert sc.evaluate(path)["pck"] is not None


class MoreDots(Dots):
    """The same pictures with a joint more, and no two of which change places."""

    joints = Joints(("a", "b", "c", "d"))
    vocabularies = Vocabularies.of({"joints": joints.names})

    def truth(self, index: int) -> Annotation:
        points = torch.cat([super().truth(index).get("pose"), torch.tensor([[10.0, 10.0]])])
        return Annotation(pose=points, pose_visible=torch.full((4,), 2))


def test_a_network_of_other_joints_begins_with_all_but_their_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two = {**SMALL, "stacks": 2}
    first = sc.train("hourglass", Dots(), tmp_path / "first", **two).path
    capsys.readouterr()
    second = sc.train("hourglass", MoreDots(), tmp_path / "second", init=first, lr=1e-12, **two).path
    told = capsys.readouterr().err
    assert "new because the shape differs: trunk.stacks.0.maps.weight, trunk.stacks.0.maps.bias" in told
    assert "no two joints change places" in told
    before, after = (sc.load(run, precision="32", device="cpu").system.state_dict() for run in (first, second))
    assert after["trunk.stacks.1.maps.weight"].shape[0] == 4
    for name in ("trunk.stem.conv.weight", "trunk.stacks.1.from_maps.weight"):
        if name in before:
            torch.testing.assert_close(after[name], before[name], atol=1e-6, rtol=0)


def test_no_word_of_mirrored_joints_where_some_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sc.train("hourglass", Dots(), tmp_path / "run", **SMALL)
    assert "change places" not in capsys.readouterr().err
    sc.train("hourglass", MoreDots(), tmp_path / "none", augment="none", **SMALL)
    assert "change places" not in capsys.readouterr().err


def test_joints_are_kept_as_plain_values() -> None:
    assert joints_of({"joints": json.loads(json.dumps(plain_joints(JOINTS)))}) == JOINTS
    assert plain_joints(None) is None
    assert joints_of({}) is None
