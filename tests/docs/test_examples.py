"""Parts of a user's own work by the API and by entry points, in the words that the documentation shows."""

import json
import runpy
import sys
from pathlib import Path

import pytest
import torch

import saccade as sc
from saccade import cli
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, DataError
from saccade.data.open import splits
from saccade.metrics.metric import Metric

SMALL = ["--workers", "0", "--device", "cpu", "--precision", "32"]


def test_own_parts_train_by_the_api(own_parts: Path, table: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr(sys, "argv", ["train.py", str(table), str(out)])
    runpy.run_path(str(own_parts / "train.py"), run_name="__main__")

    assert "brier 0." in capsys.readouterr().out
    diary = out.with_suffix(".txt").read_text().splitlines()
    epochs = [line for line in map(json.loads, (out / "metrics.jsonl").read_text().splitlines()) if "at_step" in line]
    # Six steps of four of the twelve training pictures.
    assert len(diary) == len(epochs) == 2
    assert all(0 <= line["brier"] <= 1 and "loss/label/focal" in line for line in epochs)
    assert "brier" in (out / "report.html").read_text()
    with pytest.raises(ConfigError, match="built by hand"):
        sc.load(out)


def test_own_parts_train_by_entry_points(own_parts: Path, table: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "run"
    words = ["train", "tiny", "--data", f"table:{table}", "--out", str(out), "--epochs", "6", "--focus", "1"]
    assert cli.main([*words, "--batch", "4", *SMALL]) == 0
    assert cli.main(["evaluate", str(out), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["top1"] > 0.8
    assert "focus: 1" in (out / "config.yaml").read_text()
    assert cli.main(["predict", str(out), str(table), "--out", str(tmp_path / "answers")]) == 0
    assert len(json.loads((tmp_path / "answers" / "predictions.json").read_text())) == 18


def test_an_installed_system_is_listed_and_its_mistakes_refused(own_parts: Path, table: Path, capsys) -> None:
    assert cli.main(["systems", "--json"]) == 0
    assert "tiny" in [card["name"] for card in json.loads(capsys.readouterr().out)]
    assert cli.main(["train", "tiny", "--data", str(table), "--fokus", "1"]) == 2
    assert "--focus" in capsys.readouterr().err


def test_a_table_is_recognised_without_its_name(own_parts: Path, table: Path) -> None:
    assert splits(table) == ["train", "val"]
    train = sc.open_data(table, "train")
    assert isinstance(train, Dataset)
    assert (len(train), train.classes, train.id(1)) == (12, ("blue", "green", "red"), "1.png")
    assert [train.classes[int(train[i].truth.get("label"))] for i in range(3)] == ["red", "green", "blue"]


def test_a_tables_defects_are_named(own_parts: Path, table: Path) -> None:
    file = table / "labels.csv"
    file.write_text(file.read_text().replace("3.png,red", "3.png,"))
    with pytest.raises(DataError) as caught:
        sc.open_data(table)
    assert caught.value.line == 5
    file.write_text("file,class,split\n../secret.png,red,train\n")
    with pytest.raises(DataError):
        sc.open_data(table)[0]


def test_the_head_and_the_loss_by_hand_sized_numbers(own_parts: Path) -> None:
    from own_parts.loss import focal_cross_entropy

    logits = torch.log(torch.tensor([[0.75, 0.25]]))
    assert focal_cross_entropy(logits, torch.tensor([0])).item() == pytest.approx(0.25**2 * 0.2876821)
    assert focal_cross_entropy(logits, torch.tensor([1]), focus=0.0).item() == pytest.approx(1.3862944)


def test_the_metric_by_hand_sized_numbers_and_over_processes(own_parts: Path) -> None:
    from own_parts.metric import Brier

    prediction = sc.core.annotation.Annotation(label_scores=torch.tensor([0.7, 0.3]))
    truths = [sc.core.annotation.Annotation(label=torch.tensor(label)) for label in (0, 1)]
    first, second = Brier(), Brier()
    assert isinstance(first, Metric)
    assert first.result() == {"brier": None}
    assert first.update(prediction, truths[0], "a") == pytest.approx(0.09)
    second.update(prediction, truths[1], "b")
    first.merge([second.state()])
    assert first.result()["brier"] == pytest.approx((0.09 + 0.49) / 2)
