"""The transfer study, on tiny sizes: it runs, counts what it says, and does nothing twice."""

import json
from dataclasses import replace

import pytest
import torch
from bench.transfer_tasks import TASKS, open_task, shrunk, some

import saccade as sc
from bench import transfer


def test_pictures_shrink_to_a_shorter_side() -> None:
    image = torch.randint(0, 256, (3, 40, 100), dtype=torch.uint8)
    assert shrunk(image, 20).shape == (3, 20, 50)
    assert shrunk(image, 64) is image
    assert shrunk(torch.full((3, 40, 50), 7, dtype=torch.uint8), 10).unique().tolist() == [7]


@pytest.mark.real_data
def test_classes_of_a_street_are_those_that_cover_a_hundredth(data_root) -> None:
    task = next(task for task in TASKS if task.many)
    train, _ = open_task(task, data_root, 32, 6)
    pixels = sc.open_data(data_root / "camvid", "train")[0].truth.semantic
    by_hand = [int((pixels == label).float().mean() >= 0.01) for label in range(11)]
    assert train.truth(0).labels.tolist() == by_hand
    assert 0 < sum(by_hand) < 11


@pytest.mark.real_data
def test_a_share_of_the_labels_has_every_class(data_root) -> None:
    train, _ = open_task(TASKS[0], data_root, 32, 60)
    few = some(train, 0.1, seed=0)
    assert len(few) == 6
    assert {int(few.truth(place).label) for place in range(6)} == {0, 1}
    other = some(train, 0.1, seed=1)
    assert {few.id(place) for place in range(6)} != {other.id(place) for place in range(6)}


@pytest.mark.slow
@pytest.mark.real_data
def test_what_is_done_is_not_done_again(data_root, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(transfer, "SHARES", (0.3, 1.0))
    study = transfer.Study(data_root, tmp_path, tasks=TASKS[:1], size=32, steps=2, most=24)
    table = transfer.run(study)
    results = json.loads((tmp_path / "results.json").read_text())
    assert len(results["rows"]) == 2 * len(transfer.METHODS)
    assert {row["pictures"] for row in results["rows"].values()} == {7, 24}
    assert all(0 <= row["score"] <= 1 for row in results["rows"].values())
    assert table.count("| hymenoptera (top1) |") == len(transfer.METHODS)
    monkeypatch.setattr(transfer, "score", None)  # whoever calls it fails
    assert transfer.run(study) == table == (tmp_path / "results.md").read_text()
    with pytest.raises(TypeError):
        transfer.run(replace(study, seeds=2))
