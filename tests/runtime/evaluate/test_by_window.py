"""Segmenters are measured on large pictures part by part, with the counts of the same tiles held whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from helpers import CLASSES, TinyDataset
from pixel_systems import pixel_system
from saccade.cli import main
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.data.datasets.classes.chosen import rename_classes
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.subset import Subset
from saccade.data.open import open_data
from saccade.metrics.segment.segmentation import pixel_counts
from saccade.runtime.evaluate.evaluate import evaluate, measured
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.images import windowed_tiff

DICE = np.random.default_rng(3)
PICTURE = np.kron(DICE.integers(0, 255, (20, 28, 3), np.uint8), np.ones((7, 7, 1), np.uint8))
TRUTH = np.kron(DICE.choice([0, 1, 2, 255], (20, 28)).astype(np.uint8), np.ones((7, 7), np.uint8))
MANY = 10**9


def put(root: Path, name: str, picture: np.ndarray, truth: np.ndarray, suffix: str = "tif") -> None:
    for folder, values in (("images", picture), ("masks", truth)):
        path = root / folder / f"{name}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if suffix == "tif":
            tifffile.imwrite(path, values, tile=(32, 32), compression="zlib")
        else:
            Image.fromarray(values).save(path)


@pytest.fixture
def land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two TIFFs that count as large though they are small, one of them with classes of 16 bits, and a small PNG."""
    monkeypatch.setattr(windowed_tiff, "FEW_PIXELS", 1000)
    root = tmp_path / "land"
    put(root, "a", PICTURE, TRUTH)
    put(root, "b", PICTURE[::-1].copy(), TRUTH.astype(np.uint16))
    put(root, "c", PICTURE[:20, :24].copy(), TRUTH[:20, :24].copy(), "png")
    (root / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    return root


@pytest.mark.parametrize("how", [{"tile": 48}, {"tile": 64, "flip": True, "overlap": 0.4}], ids=str)
def test_counts_are_those_of_the_whole(land: Path, how: dict[str, Any]) -> None:
    data = open_data(land)
    whole = measured(Predictor(pixel_system(), **how), data)
    parts = measured(Predictor(pixel_system(), max_pixels=MANY, **how), data, batch=3)
    scores = ("pixel_accuracy", "mean_accuracy", "miou", "fwiou", "dice")
    assert 0.05 < parts.scores["miou"] < 0.95
    assert {name: parts.scores[name] for name in scores} == {name: whole.scores[name] for name in scores}
    assert parts.scores.keys() == {*scores, "pixel_ece"}
    assert parts.judged == whole.judged
    for name in ("picture_iou", "picture_accuracy"):
        assert parts.by_picture.columns[name] == whole.by_picture.columns[name]
    assert str(parts.sections[0]) == str(next(one for one in whole.sections if one.title == parts.sections[0].title))


def test_no_file_is_decoded_whole(land: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixels are those of windows: the counts are a hand's, of what the same tiles predict."""
    (land / "images/c.png").unlink()
    (land / "masks/c.png").unlink()
    data = open_data(land)
    seen = Predictor(pixel_system(), tile=48)
    guesses = [seen(torch.from_numpy(p.copy()).permute(2, 0, 1)).semantic for p in (PICTURE, PICTURE[::-1])]
    wanted = sum(pixel_counts(guess, torch.from_numpy(TRUTH).long(), 3) for guess in guesses)

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("decoded whole")

    for module in ("saccade.runtime.predict.given.decode_picture", "saccade.data.formats.masks.reader.decode_map"):
        monkeypatch.setattr(module, fail)
    monkeypatch.setattr(type(data), "__getitem__", fail)
    monkeypatch.setattr(type(data), "truth", fail)
    found = measured(Predictor(pixel_system(), tile=48, max_pixels=MANY), data)
    assert found.scores["pixel_accuracy"] == int(wanted.diagonal().sum()) / int(wanted.sum())


def test_chosen_joined_and_renamed_pictures(land: Path) -> None:
    data = open_data(land)
    swapped = rename_classes(data, {"red": "green", "green": "red"})
    both = ConcatDataset([Subset(data, [1]), rename_classes(Subset(swapped, [0, 2]), {"blue": ""})])
    seen = [Predictor(pixel_system(), tile=48), Predictor(pixel_system(), tile=48, max_pixels=MANY)]
    whole, parts = (measured(one, both).scores for one in seen)
    assert {name: parts[name] for name in ("miou", "fwiou")} == {name: whole[name] for name in ("miou", "fwiou")}


def test_pictures_beyond_the_limit_are_measured(land: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no picture that can be decoded whole stops without leave, and is measured with it."""
    for module in ("images.pillow", "images.windowed_tiff"):
        monkeypatch.setattr(f"saccade.safe_io.{module}.MAX_PIXELS", 20_000)
    monkeypatch.setattr("saccade.safe_io.images.pillow.check_size.__defaults__", (20_000,))
    monkeypatch.setattr("saccade.safe_io.images.windowed_tiff.open_windows.__defaults__", (20_000,))
    data = open_data(land)
    with pytest.raises(DataError, match="cannot be read"):
        evaluate(Predictor(pixel_system(), tile=48), data)
    assert evaluate(Predictor(pixel_system(), tile=48, max_pixels=MANY), data)["miou"] is not None


def test_classes_of_another_size_are_refused(land: Path) -> None:
    put(land, "a", PICTURE, TRUTH[:-1])
    with pytest.raises(DataError, match=r"(?s)196x140.*196x139"):
        measured(Predictor(pixel_system(), tile=48, max_pixels=MANY), open_data(land))


def test_what_cannot_be_counted_by_window_is_refused(land: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="data without them"):
        measured(Predictor(pixel_system(), tile=48, max_pixels=MANY), TinyDataset())
    with pytest.raises(UsageError, match="Whole"):
        measured(Predictor(pixel_system(), tile=48, max_pixels=MANY), open_data(land), metrics=[Whole()])
    for flags, found in ((["--max-pixels", "9"], "--max-pixels alone"), (["--tile", "9", "--disturb", "blur"], "both")):
        flags = flags if "--max-pixels" in flags else [*flags, "--max-pixels", "9"]
        assert main(["evaluate", "no-run", *flags]) == 2
        assert found in capsys.readouterr().err


class Whole:
    """A metric of whole pictures alone."""

    needs = reads = frozenset({"semantic"})

    def update(self, prediction: Any, truth: Any, id: str) -> None: ...

    def result(self) -> dict[str, float | None]:
        return {"whole": 1.0}

    def state(self) -> None: ...

    def merge(self, states: Any) -> None: ...


PROGRAM = """
import json, resource, sys
from pathlib import Path
import numpy as np, tifffile, torch
sys.path.insert(0, sys.argv[1])
from helpers import TinyTrunk
from torch import nn
from saccade.core.input.input_spec import InputSpec
from saccade.data.open import open_data
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.network.system import System
from saccade.runtime.evaluate.evaluate import evaluate
from saccade.runtime.predict.predictor import Predictor

torch.set_num_threads(1)
folder, side = Path(sys.argv[2]), int(sys.argv[3])
def tiles(shape):
    for place in range((-(-side // 512)) ** 2):
        yield np.full(shape, place % 21, np.uint8)
for name, more, shape in (("images", {"photometric": "rgb"}, (512, 512, 3)), ("masks", {}, (512, 512))):
    (folder / name).mkdir()
    whole = (side, side, *shape[2:])
    tifffile.imwrite(folder / name / "a.tif", tiles(shape), shape=whole, dtype=np.uint8, tile=(512, 512), **more)
classes = [str(number) for number in range(21)]
(folder / "classes.txt").write_text("\\n".join(classes))
torch.manual_seed(0)
spec = InputSpec.stretch(64)
system = System(TinyTrunk(), {"p": PixelHead("deep", nn.Conv2d(8, 21, 1), 21)}, classes=classes, input=spec).eval()
seen = Predictor(system, tile=1024, max_pixels=10**9)
seen(torch.zeros(3, 64, 64))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
found = evaluate(seen, open_data(folder), batch=2)
print(json.dumps({"grew": peak() - before, "miou": found["miou"]}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells memory so")
def test_memory_is_bounded_by_tiles_not_by_the_picture(tmp_path: Path) -> None:
    """Of 6000 x 6000 pixels picture, truth and classes would take .7 GB, scores of 21 classes 3 GB; tiles take .3."""
    tests = Path(__file__).parents[2]
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tests), str(tmp_path), "6000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["miou"] is not None
    assert found["grew"] < 450, found
