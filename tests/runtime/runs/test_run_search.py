"""A run whose network proposes the regions that a detector reads: named by its folder, asked once a picture."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import saccade as sc
from saccade import cli
from saccade.core.errors import ConfigError, UsageError
from saccade.ops.proposals.region_file import read_regions
from saccade.ops.proposals.searches import NamedRun, search_named
from saccade.ops.rle import decode
from saccade.runtime.runs.run_regions import RunRegions, with_run_search
from saccade.systems.build import build

DATA, OTHER = "scenes:count=2,size=32,seed=5", "scenes:count=2,size=32,seed=9"
SMALL = {"width": 1 / 16, "size": 32, "steps": 1, "workers": 0, "precision": "32"}


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step that proposes up to 30 masks."""
    run, data = tmp_path_factory.mktemp("masks") / "run", sc.open_data(DATA, "train")
    windows = {"trunk": "vgg11", "branches": "shared", "window": 32, "scales": (1.0, 0.5), "proposals": 30}
    sc.train("deepmask", data, run, **windows, **SMALL)
    return run


def boxes_of(run: Path, place: int, data: str = DATA) -> torch.Tensor:
    rows = sc.load(run)(sc.open_data(data, "train")[place].image).instances
    assert rows is not None
    assert rows.boxes is not None
    return rows.boxes


def test_a_detector_learns_from_and_looks_at_what_a_run_proposes(
    masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / "cache"))
    run, data = tmp_path / "boxes", sc.open_data(DATA, "train")
    sc.train("fast_rcnn", data, run, val=data, trunk="vgg11", search=str(masks), proposals=12, **SMALL)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.boxes")}
    assert len(kept) == 2
    predictor = sc.load(run)
    search = predictor.system.search
    assert isinstance(search, RunRegions)
    assert search.count == 12
    torch.testing.assert_close(search(data[1].image), boxes_of(masks, 1)[:12])
    assert len(predictor([sc.open_data(OTHER, "train")[0].image])) == 1
    words = ["evaluate", str(run), "--data", OTHER, "--split", "train"]
    assert cli.main([*words, "--search", "windows"]) == 0
    assert cli.main([*words, "--search", str(masks)]) == 0
    found = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.boxes")}
    assert kept.items() < found.items()
    assert len(found) == 4
    capsys.readouterr()


def test_masks_and_scores_are_proposed_and_judged_too(
    masks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "r.safetensors"
    assert cli.main(["propose", str(masks), DATA, "--out", str(out), "--count", "20", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["mask_recall"] == sorted(told["mask_recall"])
    assert len(told["mask_AR"]) == len(told["AR"]) == len(told["counts"])
    table, data = read_regions(out), sc.open_data(DATA, "train")
    rows = sc.load(masks)(data[0].image).instances
    assert rows is not None
    assert rows.masks is not None
    assert table.scores is not None
    assert table.masks is not None
    torch.testing.assert_close(table.scores[0], rows[:20].scores)
    written = decode([one["counts"].encode() for one in table.masks[0]], (32, 32))
    assert torch.equal(written.dense(), rows.masks[:20].dense())
    assert cli.main(["propose", str(masks), DATA, "--out", str(out), "--count", "20"]) == 0
    assert "their masks" in capsys.readouterr().out


def test_what_proposes_is_not_what_counts(masks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del masks
    words = ["train", "fast_rcnn", "--data", DATA, "--out", "nowhere"]
    assert cli.main([*words, "--proposals", "deepmask"]) == 2
    told = capsys.readouterr().err
    assert "--search" in told
    assert "folder of a run" in told
    assert cli.main([*words, "--search", "deepmask"]) == 2
    told = capsys.readouterr().err
    assert "saccade train deepmask" in told
    assert "--search RUN" in told


def test_a_name_alone_has_no_network(masks: Path) -> None:
    image = torch.rand(3, 32, 32)
    system = build("fast_rcnn", 2, trunk="vgg11", width=1 / 16, size=32, search=str(masks), proposals=7)
    assert system.search == NamedRun(str(masks), 7)
    with pytest.raises(UsageError, match="not loaded"):
        system.batch([image])
    assert len(with_run_search(system).batch([image]).regions[0]) <= 7  # pyright: ignore[reportOptionalSubscript]


def test_a_network_that_went_on_or_gives_no_boxes_is_refused(masks: Path, tmp_path: Path) -> None:
    search = RunRegions.of(masks)
    assert search == RunRegions.of(masks, device="cpu")
    with pytest.raises(ConfigError, match="went on"):
        replace(search, network="another")(torch.rand(3, 32, 32))
    data = sc.open_data(DATA, "train")
    sc.train("lenet5", data, tmp_path / "lenet", steps=1, workers=0)
    system = build("fast_rcnn", 2, trunk="vgg11", width=1 / 16, size=32)
    with pytest.raises(ConfigError, match="gives boxes"):
        with_run_search(system.with_search(search_named(str(tmp_path / "lenet"))))
