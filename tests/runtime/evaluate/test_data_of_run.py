"""A run is measured on what it was validated on: of several sources, a fold, a share, under the names it learnt."""

from pathlib import Path
from typing import Any

from saccade.data.datasets.folds import folds, holdout
from saccade.data.open import open_data
from saccade.runtime.evaluate.evaluate import data_of_run
from saccade.runtime.runs.run_folder import RunFolder

SCENES = "scenes:count=12,size=32,seed=1"
OTHER = "scenes:count=12,size=32,seed=2"


def run_of(tmp_path: Path, **config: Any) -> Path:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.write_config(config)
    return folder.path


def names(data: Any) -> list[str]:
    return [data.id(index) for index in range(len(data))]


def test_a_fold_and_a_share_are_found_again(tmp_path: Path) -> None:
    train = open_data(SCENES, "train")
    (tmp_path / "a").mkdir()
    run = run_of(tmp_path / "a", data=SCENES, val="fold 2/3", settings={"fold": "2/3", "seed": 5})
    assert names(data_of_run(run)) == names(folds(train, 3, seed=5)[1][1])
    run = run_of(tmp_path, data=SCENES, val="0.25", settings={"seed": 5})
    assert names(data_of_run(run)) == names(holdout(train, 0.25, seed=5)[1])


def test_several_sources(tmp_path: Path) -> None:
    run = run_of(tmp_path, data=[SCENES, OTHER], val="val", settings={})
    assert names(data_of_run(run)) == [*names(open_data(SCENES, "val")), *names(open_data(OTHER, "val"))]
    assert len(data_of_run(run, [SCENES, OTHER], "train")) == 24


def test_classes_are_called_as_the_run_calls_them(tmp_path: Path) -> None:
    first, second, *others = open_data(SCENES).classes
    settings = {"rename": {second: first, "absent": "gone"}}
    run = run_of(tmp_path, data=SCENES, val="val", classes=[first, *others], settings=settings)
    data = data_of_run(run, OTHER)  # Other data may lack a class that the run's had.
    assert list(data.classes) == [first, *others]
    labels = {int(data.truth(index).label) for index in range(len(data))}
    assert labels <= set(range(len(others) + 1))
