"""A run whose regions came from a file answers other pictures with another search."""

import shutil
from pathlib import Path

import pytest

import saccade as sc
from helpers import save_picture
from saccade import cli
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.ops.proposals.region_file import KnownRegions
from saccade.ops.proposals.window_search import WindowSearch

TRAINED, OTHER = "scenes:count=2,size=32,seed=5", "scenes:count=2,size=32,seed=9"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step on regions of a file, which knows the pictures of `TRAINED` alone."""
    folder = tmp_path_factory.mktemp("searched")
    file = folder / "regions.safetensors"
    assert cli.main(["propose", "windows", TRAINED, "--out", str(file), "--count", "20"]) == 0
    small = {"trunk": "vgg11", "width": 1 / 16, "size": 32, "proposals": 20}
    data = sc.open_data(TRAINED, "train")
    sc.train("fast_rcnn", data, folder / "run", val=data, steps=1, workers=0, search=str(file), **small)
    return folder / "run"


def test_a_search_takes_the_place_of_the_file(run: Path) -> None:
    picture = sc.open_data(OTHER, "train")[0].image
    with pytest.raises(DataError, match="none of its 2") as refused:
        sc.load(run)([picture])
    assert "--search" in str(refused.value)
    predictor = sc.load(run, search="windows")
    assert isinstance(predictor.system.search, WindowSearch)
    assert predictor.system.search.count == 20
    assert len(predictor([picture])) == 1
    assert isinstance(sc.load(run).system.search, KnownRegions)


def test_the_commands_take_it(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_picture(tmp_path / "a.png", 1)
    words = ["predict", str(run), str(tmp_path / "a.png"), "--out", str(tmp_path / "out"), "--no-drawn"]
    assert cli.main(words) == 1
    assert "--search" in capsys.readouterr().err
    assert cli.main([*words[:-2], str(tmp_path / "again"), "--no-drawn", "--search", "windows"]) == 0
    capsys.readouterr()
    assert cli.main(["evaluate", str(run), "--data", OTHER, "--split", "train", "--search", "windows"]) == 0
    told = capsys.readouterr().out
    assert "Kinds of errors" in told
    assert "Duplicate\t" in told
    assert cli.main(["evaluate", str(run), "--data", OTHER, "--search", "telepathy"]) == 2
    assert "selective-search" in capsys.readouterr().err


def test_what_a_network_sees_and_its_features_take_it_too(run: Path, tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", 1)
    look = ["look", str(run), str(tmp_path / "a.png"), "--view", "answer", "--out"]
    assert cli.main([*look, str(tmp_path / "none")]) == 1
    assert cli.main([*look, str(tmp_path / "looked"), "--search", "windows"]) == 0
    features = ["features", str(run), "--data", OTHER, "--split", "train", "--out"]
    assert cli.main([*features, str(tmp_path / "a.npz"), "--search", "windows"]) == 0
    assert cli.main([*features, str(tmp_path / "b.npz"), "--search", "telepathy"]) == 2


def test_a_file_that_went_is_said_with_the_cure(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run", symlinks=True))
    config = copy / "config.yaml"
    config.write_text(config.read_text().replace("regions.safetensors", "gone.safetensors"))
    with pytest.raises(ConfigError, match=r"found no .*gone\.safetensors"):
        sc.load(copy)
    assert sc.load(copy, search="windows").classes == sc.load(run).classes


def test_who_needs_no_search_takes_none(run: Path) -> None:
    system = sc.build("lenet5", sc.load(run).classes)
    with pytest.raises(UsageError, match="needs none"):
        sc.load(run, system=system, search="windows")
