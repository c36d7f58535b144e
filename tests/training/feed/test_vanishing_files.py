"""Files that vanish or change while a training reads them: named, with what was expected; the state is saved."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saccade as sc
from saccade.core.errors import DataError
from saccade.runtime.runs import checkpoint
from small_runs import lines


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for label, name in enumerate(("ant", "bee")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(2):
            pixels = np.full((32, 32), 100 * label + 20 * index, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{index}.png")
    return tmp_path / "photos"


class After:
    """Calls a function after the first epoch."""

    def __init__(self, what) -> None:
        self.what = what

    def on_step(self, step, losses) -> None: ...

    def on_epoch(self, epoch, scores) -> None:
        if epoch == 0:
            self.what()


def shorten(path: Path) -> None:
    Image.new("L", (2, 2)).save(path)


SETTINGS = {
    "steps": 6,
    "batch": 2,
    "variant": "modern",
    "width": 0.5,
    "workers": 0,
    "save_every": None,
    "on_bad": "fail",
}


@pytest.mark.parametrize(("change", "found"), [(Path.unlink, "found none"), (shorten, "found one of [0-9]+ bytes")])
def test_a_file_that_vanishes_or_changes_is_named_and_the_state_saved(tmp_path, photos, change, found):
    victim = photos / "bee" / "1.png"
    before = victim.read_bytes()
    run = {"data": str(photos), "out": tmp_path / "run", **SETTINGS}
    with pytest.raises(DataError, match=rf"the file of {len(before)} bytes.*{found}") as caught:
        sc.train("lenet5", callbacks=[After(lambda: change(victim))], **run)
    assert caught.value.path == str(victim)
    step = max(line["step"] for line in lines(tmp_path / "run") if "step" in line)
    assert step >= 2
    assert f"step {step} " in str(caught.value.cure)
    assert "--resume" in str(caught.value.cure)
    assert checkpoint.read(tmp_path / "run" / "checkpoints" / "last").facts["step"] == step
    victim.write_bytes(before)
    assert sc.train("lenet5", resume=True, **run).step == 6


def test_a_file_that_stays_may_be_read_again(photos: Path) -> None:
    dataset = sc.open_data(photos)
    assert dataset[0].image.equal(dataset[0].image)
