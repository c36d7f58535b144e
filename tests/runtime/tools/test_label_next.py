"""What to label next, by joints: the pictures whose maps of joints are faint come first."""

from pathlib import Path

import pytest
import torch

from helpers import save_picture
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.tools.label_next import label_next
from saccade.systems.build import build


def test_pictures_with_faint_joints_come_first(tmp_path: Path) -> None:
    torch.manual_seed(0)
    system = build("hourglass", {"joints": ["a", "b", "c"]}, stacks=1, width=1 / 16, size=64)
    predictor = Predictor(system.eval(), device="cpu")
    files = [tmp_path / f"{number}.png" for number in range(3)]
    for number, file in enumerate(files):
        save_picture(file, number)
    found = label_next(predictor, files, lambda path, error: pytest.fail(f"{path}: {error}"))
    assert {one.path for one in found} == set(files)
    assert [one.doubt for one in found] == sorted((one.doubt for one in found), reverse=True)
    for one in found:
        scores = predictor(one.path).pose_scores
        assert scores is not None
        assert one.of == {"pose_scores": pytest.approx(1 - float(scores.mean()), abs=1e-6)}
