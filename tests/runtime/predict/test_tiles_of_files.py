"""Very large pictures are predicted window by window: as if they were read whole, in memory that tiles bound."""

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
from torch import Tensor, nn

from helpers import CLASSES
from pixel_systems import pixel_system
from saccade.cli import main
from saccade.core.errors import ConfigError, DataError
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.network.part import Trunk
from saccade.network.system import System
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict import engine, output, small_copy
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.images import windowed_tiff

PICTURE = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)
LARGE = np.kron(PICTURE, np.ones((7, 7, 1), np.uint8))[:200, :270].copy()


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TIFF that counts as large, though it is small."""
    monkeypatch.setattr(windowed_tiff, "FEW_PIXELS", 1000)
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, LARGE, tile=(64, 64), photometric="rgb", compression="zlib")
    return path


@pytest.mark.parametrize("how", [{"tile": 64}, {"tile": 80, "flip": True}, {"tile": 64, "scales": (1, 1.5)}], ids=str)
def test_windows_are_answered_as_the_whole_picture_is(large: Path, how: dict) -> None:
    seen = Predictor(pixel_system(), keep_scores=True, **how)
    by_window, whole = seen(large), seen(torch.from_numpy(LARGE).permute(2, 0, 1))
    torch.testing.assert_close(by_window.semantic_scores, whole.semantic_scores, atol=0, rtol=0)
    torch.testing.assert_close(by_window.semantic, whole.semantic, atol=0, rtol=0)


class FineTrunk(Trunk):
    """Three convolutions of 3 x 3 without a stride: each position looks three pixels far."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = {"fine": Level(8, 1)}
        layers = [nn.Conv2d(before, 8, 3, padding=1) for before in (3, 8, 8)]
        self.body = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2], nn.ReLU())

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {"fine": self.body(images)}


def small_segmenter() -> System:
    """A fully convolutional segmenter that sees a picture's own pixels."""
    torch.manual_seed(0)
    head = PixelHead("fine", nn.Conv2d(8, len(CLASSES), 1), len(CLASSES))
    spec = InputSpec("native", mean=(0.5,) * 3, std=(0.1,) * 3)
    return System(FineTrunk(), {"pixels": head}, classes=CLASSES, input=spec).eval()


def test_away_from_the_borders_of_tiles_blended_scores_are_those_of_the_whole() -> None:
    image = torch.from_numpy(LARGE).permute(2, 0, 1)
    system = small_segmenter()
    whole = Predictor(system, keep_scores=True)(image)
    tiled = Predictor(system, keep_scores=True, tile=96, overlap=0.4)
    seen = tiled(image)
    near = torch.zeros(LARGE.shape[:2], dtype=torch.bool)
    reach = 3  # pixels that its layers look beyond a border
    for top, left, bottom, right in tiled.views.tiles.windows(LARGE.shape[:2]):
        for side, length in ((top, LARGE.shape[0]), (bottom, LARGE.shape[0])):
            if 0 < side < length:
                near[max(side - reach, 0) : side + reach, left:right] = True
        for side, length in ((left, LARGE.shape[1]), (right, LARGE.shape[1])):
            if 0 < side < length:
                near[top:bottom, max(side - reach, 0) : side + reach] = True
    apart = (seen.semantic_scores - whole.semantic_scores).abs().amax(0)
    assert 0.1 < near.float().mean() < 0.4
    assert apart[~near].max() < 1e-5
    assert 1e-4 < apart.max() < 0.02  # there a tile counts least, and its neighbour most
    assert (seen.semantic == whole.semantic).float().mean() > 0.995


def test_files_are_written_and_drawings_are_small(large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_copy, "LONGEST", 100)
    monkeypatch.setattr(output, "MAX_PIXELS", 10_000)
    seen = Predictor(pixel_system(), tile=64)
    outcome = predict_files(seen, [large], tmp_path / "out")
    assert not outcome.failed
    assert outcome.findings.small == 1
    (entry,) = json.loads((tmp_path / "out/predictions.json").read_text())
    with Image.open(tmp_path / "out" / entry["drawn"]) as drawing:
        assert entry["drawn_size"] == [drawing.height, drawing.width]
        assert drawing.width < 2 * 320  # of 90 pixels, enlarged so that names can be read
    assert entry["semantic"] == "semantic/large.tif"
    classes = tifffile.imread(tmp_path / "out" / entry["semantic"])
    assert classes.dtype == np.uint8
    assert (classes == seen(large).semantic.numpy()).all()
    assert sum(kind["share"] for kind in entry["semantic_classes"]) == pytest.approx(1, abs=1e-5)


def test_a_small_copy_is_the_mean_of_squares(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_copy, "LONGEST", 100)
    windows = windowed_tiff.open_windows(large, 3)
    copy = small_copy.small_copy(windows, 3)
    assert copy.shape == (3, 67, 90)
    wanted = LARGE[:198, :270].reshape(66, 3, 90, 3, 3).mean((1, 3)) / 255
    torch.testing.assert_close(copy[:, :66], torch.from_numpy(wanted).permute(2, 0, 1).float(), atol=1e-5, rtol=0)


def test_a_damaged_picture_fails_alone(large: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tif"
    cut.write_bytes(large.read_bytes()[:-9000])
    outcome = predict_files(
        Predictor(pixel_system(), tile=64), [cut, large], tmp_path / "out", PredictSettings(batch=4)
    )
    assert [path.name for path in outcome.failed] == ["cut.tif"]
    assert isinstance(outcome.failed[cut], DataError)
    assert outcome.done == 1


def test_classes_of_very_large_pictures_are_bytes(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Predictor(pixel_system(), tile=64)
    assert seen(large).semantic.dtype == torch.int64
    monkeypatch.setattr(engine, "MAX_PIXELS", 1000)
    assert seen(large).semantic.dtype == torch.uint8


@pytest.mark.parametrize(
    ("made", "how", "found"),
    [
        (pixel_system, {}, "the whole picture"),
        (pixel_system, {"tile": 64, "keep_scores": True}, "scores of every pixel that are kept"),
        (lambda: pixel_system(fields=("contours",)), {"tile": 64}, "contours of every pixel"),
    ],
)
def test_what_would_hold_the_whole_is_refused(made: Any, how: dict, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        Predictor(made(), max_pixels=10**9, **how)


@pytest.mark.parametrize(
    ("flags", "found"), [(["--max-pixels", "9"], "--max-pixels alone"), (["--tile", "64", "--polygons"], "both")]
)
def test_flags_that_do_not_go_together(flags: list, found: str, capsys: pytest.CaptureFixture) -> None:
    flags = flags if "--max-pixels" in flags else [*flags, "--max-pixels", "9"]
    assert main(["predict", "no-run", "a.tif", "--out", "no-out", *flags]) == 2
    assert found in capsys.readouterr().err


PROGRAM = """
import json, resource, sys
from pathlib import Path
import numpy as np, tifffile, torch
sys.path.insert(0, sys.argv[1])
from helpers import TinyTrunk
from torch import nn
from saccade.core.input.input_spec import InputSpec
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.network.system import System
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.predictor import Predictor

torch.set_num_threads(1)
side, folder = int(sys.argv[3]), Path(sys.argv[2])
def tiles():
    for place in range((-(-side // 512)) ** 2):
        yield np.full((512, 512, 3), place % 251, np.uint8)
tifffile.imwrite(folder / "a.tif", tiles(), shape=(side, side, 3), dtype=np.uint8, tile=(512, 512), photometric="rgb")
torch.manual_seed(0)
spec, classes = InputSpec.stretch(64), [str(number) for number in range(21)]
system = System(TinyTrunk(), {"p": PixelHead("deep", nn.Conv2d(8, 21, 1), 21)}, classes=classes, input=spec).eval()
seen = Predictor(system, tile=1024, max_pixels=10**8)
seen(torch.zeros(3, 64, 64))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
outcome = predict_files(seen, [folder / "a.tif"], folder / "out", PredictSettings(batch=2, drawn=True))
entry, = json.loads((folder / "out/predictions.json").read_text())
print(json.dumps({"grew": peak() - before, "failed": len(outcome.failed), "entry": entry}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells memory so")
def test_memory_is_bounded_by_tiles(tmp_path: Path) -> None:
    """Scores of 21 classes would take 3 GB of 6000 x 6000 pixels."""
    side = 6000
    tests = Path(__file__).parents[2]
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(tests), str(tmp_path), str(side)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["failed"] == 0
    assert found["entry"]["size"] == [side, side]
    assert found["entry"]["drawn_size"] == [1500, 1500]
    assert found["grew"] < 550, found
