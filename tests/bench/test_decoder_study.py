"""The study of decoders, on tiny sizes: it runs, judges as its numbers say, and does nothing twice."""

import json
from pathlib import Path

import pytest
from bench.decoder_study import DECODERS, SCORES, Study, interval, verdicts

from bench import decoder_study


def results(**miou: tuple[float, ...]) -> dict[str, list[dict[str, float]]]:
    """Rows of every decoder, whose mean IoU is .5 but where said otherwise."""
    told = {name: miou.get(name, (0.5, 0.51, 0.49)) for name in DECODERS}
    return {name: [{"seed": seed, "miou": one} for seed, one in enumerate(values)] for name, values in told.items()}


def test_conclusions_are_judged_by_their_intervals() -> None:
    assert interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 4.30265 / 3**0.5, 2 + 4.30265 / 3**0.5), abs=1e-4)
    found = verdicts(
        results(
            fcn_basic_nodimreduction=(0.7, 0.71, 0.69),
            bilinear_interpolation=(0.6, 0.61, 0.59),
            segnet_basic_single_channel=(0.4, 0.9, 0.6),
        ),
        [2.0, 2.1, 1.9],
    )
    words = [verdict.word for verdict in found]
    assert words == ["undecided", "refuted", "undecided", "refuted", "refuted", "confirmed", "confirmed"]
    assert "2.75 times" in found[4].found
    assert verdicts(results(fcn_basic_nodimreduction=(0.7, 0.71, 0.69)), [2.0, 1.0])[0].word == "confirmed"


@pytest.mark.slow
@pytest.mark.real_data
def test_the_study_runs_and_does_nothing_twice(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(data_root, tmp_path, seeds=2, size=48, steps=1, width=0.125, batch=2, most=2)
    table = decoder_study.run(study)
    known = json.loads((tmp_path / "results.json").read_text())
    assert len(known["rows"]) == 2 * len(DECODERS)
    assert all(set(SCORES) <= row.keys() for row in known["rows"].values())
    assert table.count("\n| `") == len(DECODERS)
    monkeypatch.setattr(decoder_study.sc, "train", None)  # whoever calls it fails
    assert decoder_study.run(study) == table == (tmp_path / "results.md").read_text()
