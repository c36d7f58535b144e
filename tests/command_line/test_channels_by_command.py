"""Grey pictures of 16 bits and arrays of five channels, trained, evaluated and predicted from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.cli import main


def write(folder: Path, kind: str) -> None:
    """Two classes that differ in where a pale square lies, within a hundredth of the range of 16 bits."""
    chance = np.random.default_rng(0)
    for split in ("train", "val"):
        for name, left in (("left", 2), ("right", 18)):
            (folder / split / name).mkdir(parents=True)
            for index in range(8):
                grey = chance.integers(0, 40, (32, 32))
                grey[8:24, left : left + 12] += 600
                if kind == "png":
                    Image.fromarray(grey.astype(np.uint16)).save(folder / split / name / f"{index}.png")
                    continue
                values = chance.integers(0, 40, (5, 32, 32)).astype(np.uint16)
                values[3] = grey
                np.save(folder / split / name / f"{index}.npy", values)


@pytest.mark.parametrize(("kind", "channels"), [("png", 1), ("npy", 5)])
def test_deep_pictures_by_command(kind: str, channels: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, run, out = tmp_path / "data", tmp_path / "run", tmp_path / "out"
    write(data, kind)
    statistics = ["--mean", ",".join([".002"] * channels), "--std", ",".join([".004"] * channels)]
    options = ["--variant", "modern", "--channels", str(channels), "--workers", "0", *statistics]
    assert (
        main(["train", "lenet5", "--data", str(data), "--out", str(run), "--steps", "30", "--batch", "8", *options])
        == 0
    )
    capsys.readouterr()
    assert main(["evaluate", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["top1"] == 1.0
    assert main(["predict", str(run), str(data / "val"), "--out", str(out)]) == 0
    predictions = json.loads((out / "predictions.json").read_text())
    assert {(Path(one["file"]).parent.name, one["label"]) for one in predictions} == {("left", 0), ("right", 1)}
    assert len(list((out / "drawn").iterdir())) == len(predictions) == 16


def test_another_number_of_channels_is_refused_with_the_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "data", "npy")
    command = ["train", "lenet5", "--data", str(tmp_path / "data"), "--steps", "1", "--variant", "modern"]
    assert main([*command, "--out", str(tmp_path / "a")]) == 1
    assert "--channels 5" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path / "b"), "--channels", "5", "--mean", ".5,.5"]) == 1
    assert "expected 5 number(s), one a channel, found 0.5, 0.5" in capsys.readouterr().err
