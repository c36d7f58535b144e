"""A run is measured on what it was validated on: of several sources, a fold, a share, under the names it learnt."""

from pathlib import Path
from typing import Any

from saccade.data.datasets.splits.folds import folds, holdout
from saccade.data.open import open_data
from saccade.runtime.runs.data_of_run import data_of_run
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


def test_data_of_a_run_that_had_a_teacher_may_have_some_of_the_classes_of_both(tmp_path: Path, capsys: Any) -> None:
    known = open_data(SCENES).vocabularies["instances"]
    learnt = (*known[1:], known[0])  # the new class comes last
    settings = {"teacher": "runs/first", "class_subset": [known[0]]}
    run = run_of(tmp_path, data=SCENES, val="val", classes={"instances": list(learnt)}, settings=settings)
    own = data_of_run(run)
    assert own.vocabularies["instances"] == learnt
    assert f"do not annotate {known[1]}, {known[2]}" in capsys.readouterr().err
    for index in range(len(own)):
        truth = own.truth(index)
        assert truth.instances is not None
        assert truth.instances.labels is not None
        assert truth.instances.labels.eq(len(learnt) - 1).all()
        assert truth.sought is not None
        assert truth.sought.tolist() == [False] * (len(learnt) - 1) + [True]
    whole, plain = data_of_run(run, OTHER), open_data(OTHER, "val")
    assert not capsys.readouterr().err
    assert len(whole) == len(plain)
    for index in range(len(whole)):
        there, before = whole.truth(index).instances, plain.truth(index).instances
        assert there is not None
        assert before is not None
        assert there.labels is not None
        assert before.labels is not None
        assert [learnt[label] for label in there.labels] == [known[label] for label in before.labels]


def test_one_of_several_sets_may_have_some_of_the_classes_of_all(tmp_path: Path, capsys: Any) -> None:
    known = open_data(OTHER).vocabularies
    learnt = {key: [*names, "other"] if key == "instances" else list(names) for key, names in known.items()}
    run = run_of(tmp_path, data=[SCENES, "elsewhere"], val="val", classes=learnt, settings={})
    one = data_of_run(run, OTHER)
    assert one.vocabularies["instances"] == (*known["instances"], "other")
    assert "do not annotate other" in capsys.readouterr().err
    sought = one.truth(0).sought
    assert sought is not None
    assert sought.tolist() == [True] * len(known["instances"]) + [False]


def test_unknown_classes_of_such_data_are_left_for_the_message(tmp_path: Path) -> None:
    known = open_data(SCENES).vocabularies["instances"]
    run = run_of(
        tmp_path, data=SCENES, val="val", classes={"instances": [*known[:3], "other"]}, settings={"teacher": "runs/a"}
    )
    assert data_of_run(run).vocabularies["instances"] == known
