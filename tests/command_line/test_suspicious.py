"""`saccade data check --model` and `saccade data next`: what a run contradicts, and what it is unsure of."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import saccade as sc
from saccade.cli import main

COUNT = 12
COLOURS = {"blue": (30, 60, 200), "red": (200, 60, 30)}


def _picture(path: Path, colour: tuple[int, int, int], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-25, 25, (16, 16, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of two colours, of which one blue one lies among the red ones."""
    root = tmp_path_factory.mktemp("colours")
    for place, (name, colour) in enumerate(COLOURS.items()):
        for number in range(COUNT):
            _picture(root / name / f"{name}{number}.png", colour, 100 * place + number)
    _picture(root / "red" / "wrong.png", COLOURS["blue"], 999)
    return root


@pytest.fixture(scope="module")
def runs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A run of each of two folds."""
    out = tmp_path_factory.mktemp("runs")
    options: dict[str, Any] = {"size": 16, "batch": 13, "epochs": 24, "lr": 0.05, "workers": 0, "device": "cpu"}
    made = [out / "1", out / "2"]
    for place, run in enumerate(made, 1):
        sc.train("resnet20", str(folder), run, fold=f"{place}/2", width=0.25, **options)
    return made


def _rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["data", "check", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_picture_in_the_wrong_folder_comes_first(
    folder: Path, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [word for run in runs for word in ("--model", str(run))]
    rows = _rows(capsys, str(folder), *models)
    assert len(rows) == 2 * COUNT + 1
    assert Path(rows[0]["picture"]).name == "wrong.png"
    assert (rows[0]["kind"], rows[0]["found"], rows[0]["expected"]) == ("class", "red", "blue")
    assert not any(row["learnt"] for row in rows)
    page = tmp_path / "page.html"
    assert main(["data", "check", str(folder), *models, "--html", str(page)]) == 0
    told = capsys.readouterr().out
    assert told.index("wrong.png") < told.index("red1.png") if "red1.png" in told else "wrong.png" in told
    assert "learnt by the run" not in told
    assert "Suspicious annotations" in page.read_text(encoding="utf-8")


def test_runs_that_did_not_learn_a_picture_judge_it_together(
    folder: Path, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of pictures that neither run knows both are asked; what they say is the mean."""
    new = tmp_path / "new"
    for name, between in (("blue", (125, 60, 110)), ("red", (110, 60, 120))):
        _picture(new / name / f"{name}.png", between, 7000)
    alone = [_rows(capsys, str(new), "--model", str(run)) for run in runs]
    models = [word for run in runs for word in ("--model", str(run))]
    both = _rows(capsys, str(new), *models)
    assert len(both) == len(alone[0]) == 2
    by_picture = [{row["picture"]: row["suspicion"] for row in rows} for rows in (*alone, both)]
    for picture in by_picture[0]:
        first, second, together = (found[picture] for found in by_picture)
        assert min(first, second) + 0.02 < together < max(first, second) - 0.02


def test_one_run_of_a_fold_tells_what_it_has_learnt(
    folder: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _rows(capsys, str(folder), "--model", str(runs[0]))
    assert sum(row["learnt"] for row in rows) in (COUNT, COUNT + 1)
    assert main(["data", "check", str(folder), "--model", str(runs[0])]) == 0
    assert "--fold 1/5" in capsys.readouterr().out


def test_a_run_of_other_annotations_is_refused(runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "scenes:count=2,size=32", "--model", str(runs[0])]) == 1
    assert "classes" in capsys.readouterr().err


def test_what_to_label_next(runs: list[Path], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, colour in {**COLOURS, "violet": (115, 60, 115)}.items():
        _picture(tmp_path / "more" / f"{name}.png", colour, 7)
    (tmp_path / "more" / "broken.png").write_bytes(b"no picture")
    table = tmp_path / "next.csv"
    words = ["data", "next", str(runs[0]), str(tmp_path / "more"), "--out", str(table), "--json"]
    assert main(words) == 0
    found = capsys.readouterr()
    rows = json.loads(found.out)
    assert {Path(row["path"]).name for row in rows} == {"blue.png", "red.png", "violet.png"}
    assert [row["doubt"] for row in rows] == sorted((row["doubt"] for row in rows), reverse=True)
    for row in rows:
        scores = sc.load(runs[0])(row["path"]).label_scores
        assert scores is not None
        assert row["of"] == {"label_scores": pytest.approx(1 - abs(float(scores[0] - scores[1])), abs=1e-5)}
        assert row["doubt"] == row["of"]["label_scores"]
    assert "broken.png" in found.err
    assert table.read_text().splitlines()[0] == "path,doubt,label_scores"
    assert main([*words[:4], "--count", "1"]) == 0
    assert capsys.readouterr().out.count(".png") == 1


def test_views_of_each_picture_are_merged(folder: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    models = [word for run in runs for word in ("--model", str(run))]
    plain, flipped = (_rows(capsys, str(folder), *models, *views) for views in ((), ("--flip",)))
    assert Path(flipped[0]["picture"]).name == "wrong.png"
    assert [row["suspicion"] for row in flipped] != [row["suspicion"] for row in plain]


@pytest.mark.parametrize("views", [["--flip"], ["--scales", "1,2"]])
def test_views_without_a_run_are_refused(folder: Path, views: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder), *views]) == 2
    assert "--model" in capsys.readouterr().err
