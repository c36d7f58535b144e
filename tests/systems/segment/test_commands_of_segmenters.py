"""DeconvNet, ReSeg, patches and superpixels by commands: trained, measured, asked."""

import json
from pathlib import Path

import pytest

from saccade.cli import main

FLAGS: dict[str, list[str]] = {
    "deconvnet": ["--trunk", "vgg11_bn", "--size", "32", "--unpool", "none"],
    "reseg": ["--trunk", "vgg11_bn", "--size", "32", "--balance", "median", "--first", "columns"],
    "patch_pixels": ["--patch", "15", "--depth", "2", "--evaluate", "patches", "--samples", "8"],
    "superpixels": ["--trunk", "resnet18", "--size", "48", "--superpixels", "30", "--compactness", "20"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLAGS)
def test_it_is_trained_measured_and_asked_by_commands(name: str, tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    quick = ["--steps", "2", "--batch", "2", "--width", "0.0625", "--workers", "0", "--threads", "1", "--val", "0.25"]
    assert main(["train", name, "--data", "scenes:count=8,size=48", "--out", str(run), *quick, *FLAGS[name]]) == 0
    assert main(["evaluate", str(run), "--out", str(out)]) == 0
    assert 0 <= json.loads((out / "scores.json").read_text())["miou"] <= 1
    assert main(["data", "convert", "scenes:count=1,size=50", str(tmp_path / "one"), "--to", "masks", "--lossy"]) == 0
    assert main(["predict", str(run), str(tmp_path / "one"), "--out", str(out)]) == 0
    (told,) = [one for one in json.loads((out / "predictions.json").read_text()) if one["size"] == [50, 50]][:1]
    assert (out / told["semantic"]).is_file()
