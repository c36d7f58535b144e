"""Comparisons of the smallest systems on a dozen pictures; the page at the end of each training would cost most."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade as sc
from saccade.comparison.leaderboard import Comparison
from saccade.training.loop import finish
from small_runs import short_report

COLOURS = {"red": (210, 50, 50), "blue": (50, 50, 210)}
SETTINGS = {"width": 0.25, "batch": 4, "steps": 3, "device": "cpu", "precision": "32", "workers": 0, "threads": 1}


@pytest.fixture(autouse=True)
def _short_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "report", short_report)


@pytest.fixture(scope="package")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder of two classes that colours tell apart: 8 pictures to learn from, 6 to measure on."""
    root, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for split, count in (("train", 4), ("val", 3)):
        for name, colour in COLOURS.items():
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                noisy = np.array(colour) + rng.integers(-40, 40, (28, 28, 3))
                Image.fromarray(noisy.astype(np.uint8)).save(root / split / name / f"{number}.png")
    return root


@pytest.fixture(scope="package")
def compared(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Two classifiers that were trained, one with too many parameters, and one that cannot be built."""
    entrants = [("lenet5", {"lr": 0.001}), "resnet20", "resnet18", ("lecture_cnn", {"size": 4})]
    out = tmp_path_factory.mktemp("compared") / "c"
    # Not for the whole package: tests of others run in between where several processes share them.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "report", short_report)
        return sc.compare(entrants, photos, out, max_params="100k", shown=2, **SETTINGS)
