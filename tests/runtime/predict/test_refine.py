"""Refinement of any network that gives scores of pixels: where it happens, what it is told, what it leaves as it is."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

import saccade as sc
from pixel_systems import pixel_system
from saccade.cli import main
from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.ops.crf import dense_crf
from saccade.runtime.evaluate.evaluate import measured
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.refine.engine import refined_engine
from saccade.runtime.predict.refine.table import REFINEMENTS, DenseCrf, refinement, values_of
from saccade.runtime.predict.refine.tuned import keep_tuned, tuned
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop import finish
from small_runs import short_report

HALF = InputSpec("stretch", (16, 24), mean=(0.0,) * 3, std=(1.0,) * 3)
SMALL: dict[str, Any] = {"trunk": "vgg11", "width": 0.0625, "padding": 0, "size": 64}


def picture(seed: int = 0) -> Tensor:
    return torch.randint(0, 256, (3, 32, 48), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


class Recorder:
    """A filter that turns the order of the classes round, and remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[tuple[Tensor, Tensor]] = []

    def __call__(self, probabilities: Tensor, image: Tensor) -> Tensor:
        self.seen.append((probabilities, image))
        return probabilities.flip(0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "fcn"
    told: dict[str, Any] = {"steps": 1, "batch": 1, "workers": 0, "threads": 1, "val": "scenes:count=1,size=48"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "report", short_report)
        sc.train("fcn8s", "scenes:count=1,size=48", out, **told, **SMALL)
    return out


@pytest.mark.parametrize(("at", "size"), [("picture", (32, 48)), ("network", (16, 24))])
def test_a_filter_sees_the_picture_as_large_as_the_scores(at: Any, size: tuple[int, int]) -> None:
    told = Recorder()
    plain = Predictor(pixel_system(HALF), keep_scores=True)([picture()])[0]
    found = Predictor(refined_engine(engine_of(pixel_system(HALF)), told, at), keep_scores=True)([picture()])[0]
    ((scores, image),) = told.seen
    assert scores.shape == image.shape == (3, *size)
    if at == "picture":
        torch.testing.assert_close(image, picture().float())
    else:
        assert 100 < float(image.max()) <= 255
    torch.testing.assert_close(found.get("semantic_scores"), plain.get("semantic_scores").flip(0))
    assert torch.equal(found.get("semantic"), found.get("semantic_scores").argmax(0))


def test_at_the_picture_views_are_merged_first_and_at_the_network_each_is_refined() -> None:
    for at, times in (("picture", 1), ("network", 2)):
        told = Recorder()
        predictor = Predictor(refined_engine(engine_of(pixel_system(HALF)), told, at), flip=True)
        assert predictor([picture()])[0].semantic_scores is None
        assert len(told.seen) == times


def test_a_refined_network_is_another_than_the_plain_one() -> None:
    engine = engine_of(pixel_system(HALF))
    digests = {engine.digest()}
    for at in ("picture", "network"):
        for made in (DenseCrf(), DenseCrf(iterations=2)):
            digests.add(refined_engine(engine, made, at).digest())
    assert len(digests) == 5


def test_a_network_without_scores_of_pixels_is_refused() -> None:
    with pytest.raises(ConfigError, match="scores of pixels, to refine them"):
        refined_engine(engine_of(pixel_system(HALF, ("semantic",))), DenseCrf())


def test_every_refinement_of_the_table_keeps_a_distribution_and_its_defaults_are_valid() -> None:
    for name in REFINEMENTS:
        shares = torch.rand(3, 12, 16).softmax(0)
        better = refinement(name)(shares, picture()[:, :12, :16].float())
        torch.testing.assert_close(better.sum(0), torch.ones(12, 16), rtol=1e-3, atol=1e-3)
        assert refinement(name, values_of(refinement(name))) == refinement(name)


def test_a_run_is_refined_as_by_hand(run: Path) -> None:
    image = sc.open_data("scenes:count=1,size=48")[0].image
    plain = sc.load(run, keep_scores=True)(image)
    parameters = {"iterations": 2, "appearance": (4.0, 20.0, 13.0)}
    found = sc.load(run, keep_scores=True, refine="crf", refine_with=parameters)(image)
    wanted = dense_crf(plain.get("semantic_scores"), image, iterations=2, appearance=(4.0, 20.0, 13.0))
    torch.testing.assert_close(found.get("semantic_scores"), wanted, rtol=1e-4, atol=1e-5)
    again = sc.load(run, keep_scores=True, refine=DenseCrf(2, appearance=(4.0, 20.0, 13.0)))(image)
    assert torch.equal(again.get("semantic_scores"), found.get("semantic_scores"))
    several = sc.load([run, run], refine="crf", refine_with=parameters)(image)
    assert torch.equal(several.get("semantic"), found.get("semantic"))


def test_what_was_found_for_a_run_counts_before_defaults_and_after_what_is_said(run: Path) -> None:
    folder = RunFolder.open(run)
    try:
        assert tuned(folder, "crf") == {}
        keep_tuned(folder, "crf", {"at": "picture", "parameters": {"iterations": 3, "appearance": [4.0, 30.0, 5.0]}})
        keep_tuned(folder, "other", {"at": "picture", "parameters": {}})
        # Of the network's pixels nothing was found.
        said: list[dict[str, Any]] = [{}, {"refine_with": {"iterations": 7}}, {"refine_at": "network"}]
        digests = [sc.load(run, refine="crf", **told).engine.digest() for told in said]
        plain = sc.load(run).engine
        wanted = [DenseCrf(3, appearance=(4.0, 30.0, 5.0)), DenseCrf(7, appearance=(4.0, 30.0, 5.0)), DenseCrf()]
        places: Any = ("picture", "picture", "network")
        assert digests == [refined_engine(plain, made, at).digest() for made, at in zip(wanted, places, strict=True)]
    finally:
        folder.refinements.unlink()


def test_scores_of_an_evaluation_are_those_of_the_refined_predictions(run: Path) -> None:
    data = sc.open_data("scenes:count=2,size=48")
    plain, refined = (
        measured(predictor, data).scores for predictor in (sc.load(run), sc.load(run, refine=lambda p, _: p.flip(0)))
    )
    assert plain["loss"] == refined["loss"]
    assert plain["miou"] != refined["miou"]


def test_the_command_line_takes_it(run: Path, tmp_path: Path) -> None:
    Image.fromarray(picture().movedim(0, 2).numpy()).save(tmp_path / "a.png")
    words = [
        "predict",
        str(run),
        str(tmp_path / "a.png"),
        "--no-drawn",
        "--refine",
        "crf",
        "--crf",
        "iterations=1,appearance=4:20:13",
    ]
    assert main([*words, "--out", str(tmp_path / "own")]) == 0
    assert main([*words, "--refine-at", "network", "--out", str(tmp_path / "network")]) == 0
    # The folder of one refinement is not gone on with by another.
    assert main([*words[:-1], "iterations=2", "--out", str(tmp_path / "own")]) == 1
    assert json.loads((tmp_path / "own" / "predictions.json").read_text())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--crf", "iterations=1"], "write --refine crf"),
        (["--refine-at", "network"], "--refine-at alone"),
        (["--refine", "crf", "--crf", "steps=1"], "parameters of crf"),
        (["--refine", "crf", "--crf", "appearance=1:2"], "appearance of a weight"),
        (["--refine", "crf", "--crf", "iterations"], "FIELD=VALUE"),
        (["--refine", "cfr"], "crf"),
        (["--refine", "domain", "--domain", "sigma_space=0"], "sigma_space and sigma_range above 0"),
    ],
)
def test_what_does_not_fit_is_refused(words: list[str], said: str, run: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["evaluate", str(run), *words]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_refinement_is_refused_with_the_known_ones(run: Path) -> None:
    with pytest.raises(UsageError, match="did you mean crf"):
        sc.load(run, refine="crff")
    with pytest.raises(UsageError, match="parameters beside a filter"):
        sc.load(run, refine=DenseCrf(), refine_with={"iterations": 1})
