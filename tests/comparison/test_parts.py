"""Several seeds and folds: the same for all, their means and intervals; and the memory of a network of known size."""

from pathlib import Path
from statistics import mean

import pytest
import torch

import saccade as sc
from comparison.conftest import SETTINGS
from saccade.comparison.contest import row_of
from saccade.comparison.entrant import entrants_of
from saccade.comparison.folder import ComparisonFolder
from saccade.comparison.memory import can_measure, peaks
from saccade.comparison.settings import CompareSettings
from saccade.comparison.terms import Part, Terms
from saccade.comparison.verdict import spread

SHARED = {name: value for name, value in SETTINGS.items() if name != "steps"}


def terms_of(photos: Path, out: Path, **settings: int) -> Terms:
    compare = CompareSettings(steps=2, shown=0, **settings)
    return Terms(photos, None, compare, ComparisonFolder(out), lambda _: None, {**SHARED, "seed": 7})


def test_parts_are_seeds_times_folds(photos: Path, tmp_path: Path) -> None:
    assert terms_of(photos, tmp_path).parts == (Part("", 7, None),)
    assert [part.name for part in terms_of(photos, tmp_path, seeds=2, folds=2).parts] == [
        *("seed-7-fold-1", "seed-7-fold-2", "seed-8-fold-1", "seed-8-fold-2")
    ]
    assert terms_of(photos, tmp_path, folds=3).parts[1] == Part("fold-2", 7, "2/3")


def test_scores_over_folds_are_means_with_students_interval(photos: Path, tmp_path: Path) -> None:
    terms = terms_of(photos, tmp_path, folds=2)
    (entrant,) = entrants_of([("lenet5", {"lr": 0.001})], terms.shared)
    row = row_of(entrant, terms)
    assert row.error == ""
    runs = [tmp_path / "runs" / entrant.slug / f"fold-{number}" for number in (1, 2)]
    scores = [sc.evaluate(run)["top1"] for run in runs]
    assert row.run_scores == tuple(scores)
    assert row.score == pytest.approx(mean(scores))
    assert (row.low, row.high) == (spread(scores) or (None, None))
    assert (row.interval, row.resampled) == ("2 folds", ())
    assert row.runs[0] == str(runs[scores.index(max(scores))])
    held = [{terms.measured_on(entrant, part).id(i) for i in range(4)} for part in terms.parts]
    assert not held[0] & held[1]
    assert len(held[0] | held[1]) == 8


@pytest.mark.slow
@pytest.mark.skipif(not can_measure(), reason="this system does not tell the peak of a process")
def test_memory_is_that_of_weights_and_maps(photos: Path, tmp_path: Path) -> None:
    run = sc.train("resnet18", photos, tmp_path / "run", **{**SETTINGS, "width": 1.0, "steps": 1, "size": 64})
    weights = sum(p.numel() for p in sc.load(run).system.parameters()) * 4 / 2**20
    pictures = [torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)]
    found = peaks({"one": ([str(run.path)], {}), "two": ([str(run.path)] * 2, {"merge": "mean"})}, pictures, "cpu")
    assert weights < found["one"] < 4 * weights  # kernels keep weights in an order of their own beside them
    assert 1.5 < found["two"] / found["one"] < 2.5
    assert peaks({"none": (["/nowhere"], {})}, pictures, "cpu") == {"none": None}
