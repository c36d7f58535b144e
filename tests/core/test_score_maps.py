"""Scores of pixels become classes in the picture's own pixels, in little memory."""

import subprocess
import sys

import pytest
import torch

from saccade.core import score_maps
from saccade.core.annotation import Annotation
from saccade.core.frame import Frame
from saccade.core.geometry.affine import mirror, rotation, scaling, translation
from saccade.core.input.input_spec import InputSpec
from saccade.core.score_maps import IGNORE, ScoreMap, decided


def scores(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


MAPS = {
    "larger": (scaling(2.5, 3.25), (30, 40)),
    "smaller": (scaling(0.5, 0.25), (7, 9)),
    "mirrored": (mirror(16), (12, 16)),
    "shifted": (translation(3, -2), (12, 16)),
    "turned": (translation(20, 2) @ rotation(30), (25, 25)),
    "a quarter": (translation(12, 0) @ rotation(90), (16, 12)),
}


@pytest.mark.parametrize("name", MAPS)
def test_strips_are_to_the_bit_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, size = MAPS[name]
    found = ScoreMap(scores(4, 12, 16), matrix, size)
    whole, all_scores = decided(found, keep=True)
    monkeypatch.setattr(score_maps, "STRIP", 4 * size[1] * 3)
    for other, ours in zip(decided(found, keep=True), (whole, all_scores), strict=True):
        assert torch.equal(other, ours)
    assert decided(found, keep=False)[1] is None


@pytest.mark.parametrize("name", ["larger", "smaller"])
def test_scores_are_interpolated_as_pictures_are(name: str) -> None:
    matrix, size = MAPS[name]
    maps = scores(4, 12, 16)
    found, kept = decided(ScoreMap(maps, matrix, size), keep=True)
    resized = torch.nn.functional.interpolate(
        maps[None], (round(12 * float(matrix[1, 1])), round(16 * float(matrix[0, 0]))), mode="bilinear", antialias=True
    )[0]
    height, width = (min(a, b) for a, b in zip(size, resized.shape[1:], strict=True))
    torch.testing.assert_close(kept[:, :height, :width], resized[:, :height, :width], atol=1e-5, rtol=0)
    assert torch.equal(found[:height, :width], kept.argmax(0)[:height, :width])
    assert (found[height:] == IGNORE).all()
    assert (kept[:, height:] == 0).all()


def test_a_class_is_decided_at_the_pictures_own_pixels() -> None:
    # Two network pixels, four of the picture: between them the better interpolated score decides, not the nearest.
    frame = Frame(scaling(0.5, 1), (1, 4), (1, 2))
    prediction = Annotation(
        semantic=torch.tensor([[0, 1]]), semantic_scores=torch.tensor([[[1.0, 0.2]], [[0.0, 0.4]]])
    )  # fmt: skip
    assert frame.undo(prediction).semantic.tolist() == [[0, 0, 0, 1]]  # .8 : .1, .4 : .3 at the places of .25 and .75
    assert frame.undo(Annotation(semantic=prediction.semantic)).semantic.tolist() == [[0, 0, 1, 1]]


def test_scores_go_unless_they_are_kept() -> None:
    frame = InputSpec.stretch(8).frame((20, 30))
    prediction = Annotation(semantic_scores=scores(3, 8, 8))
    dropped, kept = frame.undo(prediction, keep_scores=False), frame.undo(prediction)
    assert dropped.semantic_scores is None
    assert kept.semantic_scores.shape == (3, 20, 30)
    assert torch.equal(dropped.semantic, kept.semantic)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of memory so")
@pytest.mark.parametrize(("field", "count", "megabytes"), [("semantic_scores", 21, 150), ("contours", 1, 150)])
def test_maps_of_a_large_picture_take_little(field: str, count: int, megabytes: int) -> None:
    program = f"""
import resource, torch
from saccade.core.annotation import Annotation
from saccade.core.input.input_spec import InputSpec
torch.set_num_threads(1)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
frame = InputSpec("shorter", shorter=384).frame((3000, 4000))
small = InputSpec("shorter", shorter=20).frame((30, 40))
small.undo(Annotation({field}=torch.rand({count}, *small.target)), keep_scores=False)
prediction = Annotation({field}=torch.rand({count}, *frame.target))
before = peak()
answer = frame.undo(prediction, keep_scores=False)
assert (answer.semantic if {count} > 1 else answer.contours[0]).shape == (3000, 4000)
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=200)
    assert float(done.stdout) < megabytes
