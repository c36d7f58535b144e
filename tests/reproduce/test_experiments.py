"""Every experiment: what it declares fits together, what it quotes is what papers printed, and it runs, tiny."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from saccade.reproduce.catalogue import EXPERIMENTS, WORKERS, experiment, work_of
from saccade.reproduce.experiment import Experiment
from saccade.reproduce.found import Found
from saccade.reproduce.pieces.decoders import counts
from saccade.reproduce.reproduce import Asked, reproduce
from saccade.reproduce.terms import SCENES, Terms, terms_of
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.training.setup.resolved_run import split_options

EVERY = pytest.mark.parametrize("one", EXPERIMENTS.values(), ids=lambda one: one.name)


@EVERY
def test_what_is_declared_fits_together(one: Experiment, tmp_path: Path) -> None:
    assert set(WORKERS) == set(EXPERIMENTS)
    names = {measure.name for measure in one.measures}
    for printed in one.published:
        assert printed.row in one.rows
        assert printed.measure in names
    pairs = [(printed.row, printed.measure) for printed in one.published]
    assert len(set(pairs)) == len(pairs)
    assert one.claims
    assert one.minutes <= 30
    terms = terms_of(one, "miniature", None, tmp_path, None, "cpu")
    pieces = work_of(one.name, terms).pieces(2)
    assert len({piece.name for piece in pieces}) == len(pieces)
    assert {piece.row.rpartition(": ")[2] for piece in pieces} - {""} <= set(one.rows)


@EVERY
def test_each_claim_is_about_rows_and_measures_that_are_told(one: Experiment) -> None:
    """One that names a row or a measure that nothing tells would stay undecided for ever."""
    measures = {measure.name: (1.0, 2.0, 4.0) for measure in one.measures}
    everything = Found(dict.fromkeys(one.rows, measures))
    for claim in one.claims:
        assert claim.judge(everything).value is not None
        assert claim.judge(Found({})).word == "undecided"


# Badrinarayanan 2015, SegNet, table 1: parameters in millions, and what is stored.
TABLE_1 = {
    "bilinear_interpolation": (612_224, 0.625, 0),
    "segnet_basic": (1_415_040, 1.425, 1),
    "segnet_basic_encoder_addition": (1_415_040, 1.425, 64),
    "segnet_basic_single_channel": (624_768, 0.625, 1),
    "fcn_basic": (645_312, 0.65, 11),
    "fcn_basic_noaddition": (643_200, 0.65, 0),
    "fcn_basic_nodimreduction": (1_660_800, 1.625, 64),
    "fcn_basic_noaddition_nodimreduction": (1_660_800, 1.625, 0),
}


def test_counts_of_table_1_are_those_that_the_paper_describes_and_prints() -> None:
    assert list(TABLE_1) == list(experiment("segnet-table1").rows)
    found: dict[str, dict[str, list[float | None]]] = {}
    for row, (weights, printed, stored) in TABLE_1.items():
        told = counts(row)
        assert round(told["weights"] * 1e6) == weights
        assert told["weights"] == pytest.approx(printed, rel=0.03)
        assert told["channels"] == stored
        found[row] = {name: [value] for name, value in told.items()}
    verdicts = [claim.judge(Found(found)).word for claim in experiment("segnet-table1").claims]
    assert verdicts[:2] == ["confirmed", "confirmed"]
    assert verdicts[6] == "refuted"  # 352 bits a position over 128 are 2.75 times, not 11


def test_printed_numbers_are_those_of_the_papers() -> None:
    table, skips = experiment("segnet-table1"), experiment("fcn-skips")
    printed = [table.printed(row, "miou") for row in ("segnet_basic", "fcn_basic_nodimreduction")]
    assert [one.value for one in printed if one] == [0.477, 0.501]
    assert [one.value for row in skips.rows if (one := skips.printed(row, "miou"))] == [0.594, 0.624, 0.627]
    assert not any(one.looked_up for one in skips.published)


@EVERY
def test_options_of_the_full_size_are_such_as_its_systems_take(
    one: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The full size, which no test can run: nothing is trained, and the pictures are a few built-in ones."""
    taken: list[str] = []

    def train(system: str, data: Any, out: Path, *, resume: bool, **options: Any) -> Any:
        assert resume
        settings, own = split_options(system, options)
        if own.get("pretrained") or str(own.get("trunk")) == "efficientnet_lite0":
            own |= {"pretrained": False}  # weights of a VGG would be downloaded
        own |= {"width": 1 / 16} if "width" in options_of(SYSTEMS[system]) else {}  # quick to build
        build(system, len(data.classes) or 2, **own)
        taken.append(f"{system}, {settings.steps}")
        return SimpleNamespace(path=out)

    monkeypatch.setattr("saccade.reproduce.pieces.learning.train", train)
    monkeypatch.setattr("saccade.reproduce.pieces.learning.load", lambda *_, **__: None)
    monkeypatch.setattr("saccade.reproduce.pieces.learning.evaluate", lambda *_: defaultdict(float))
    monkeypatch.setattr(Terms, "source", lambda *_: "scenes:count=60,size=32")
    size = one.sizes.full
    terms = Terms("full", replace(size, pictures=60), (SCENES,), None, tmp_path, "cpu")
    work = work_of(one.name, terms)
    for piece in work.pieces(1):
        if piece.row and not piece.name.endswith("-time"):
            work.measured(piece)
    steps = {int(word) for word in (line.rpartition(", ")[2] for line in taken) if word != "None"}
    assert taken
    assert size.steps is None or size.steps in steps


@pytest.mark.slow
@pytest.mark.timeout(600)
@EVERY
def test_it_runs_in_its_tiny_size_and_does_nothing_twice(
    one: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(tmp_path, scale="quick", seeds=1, device="cpu")
    outcome = reproduce(one.name, asked, lambda _: None)
    assert not outcome.judgements
    for row in outcome.rows:
        assert any(outcome.found.values(row, measure.name) for measure in one.measures)
    for claim in one.claims:  # every number that is judged has been told
        assert claim.judge(outcome.found).value is not None
    monkeypatch.setattr("saccade.reproduce.reproduce._fresh", None)  # whoever calls it fails
    assert reproduce(one.name, asked, lambda _: None).as_dict() == outcome.as_dict()
