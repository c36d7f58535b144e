"""The ledger, from results as they are kept; and the recorded ones are what the code makes of them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_experiment import MADE

from saccade.reproduce import catalogue
from saccade.reproduce.found import Found
from saccade.reproduce.ledger import ledger, section
from saccade.reproduce.outcome import Outcome, read_outcome

RECORDED = sorted((Path(__file__).parents[2] / "docs" / "results").glob("*.json"))
MACHINE = {"processor": "a machine", "instructions": "AVX2", "threads": 2, "torch": "2.15.0", "device": "cpu"}


def outcome(b: tuple[float, ...] = (0.60, 0.61, 0.62)) -> Outcome:
    found = Found({"a": {"weights": (10,), "score": (0.40, 0.41, 0.40)}, "b": {"weights": (20,), "score": b}})
    size, words = {"steps": 5, "size": 16, "pictures": None}, "saccade reproduce made"
    return Outcome(MADE, "miniature", size, ("scenes",), 3, words, 2.5, (MACHINE,), "0.1.0", found)


def test_a_section_has_the_verdicts_and_ours_beside_the_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = section(outcome())
    assert "| b is better | 75 against 50 | score of b less a | +0.207 (+0.178 to +0.235) | confirmed |" in told
    assert "|  | weights | score: ours / printed |" in told
    assert "| The first | 10 | 0.403 (0.389 to 0.418) / 0.5 |" in told
    assert "| The second | 20 | 0.610 (0.585 to 0.635) / 0.75† |" in told
    assert "† told from memory of the paper" in told
    assert "miniature on scenes: steps 5, size 16; 3 seeds; 2.5 minutes on a machine (AVX2, 2 threads" in told
    assert "Nobody 2026, table 1; a talk" in told


def test_the_overview_names_every_experiment_and_counts_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.EXPERIMENTS, "made", MADE)
    page = ledger([outcome((0.3, 0.31, 0.29))])
    assert "| `made` | whether b is better than a | miniature on scenes | 0 | 1 | 0 |" in page
    assert "| `segnet-table1` |" in page
    assert "not recorded yet" in page
    assert "## made, miniature on scenes\n" in page


def test_several_results_of_one_experiment_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.EXPERIMENTS, "made", MADE)
    page = ledger([outcome(), replace(outcome((0.3, 0.31, 0.29)), data=("street",))])
    assert page.index("miniature on scenes | 1 | 0 | 0 |") < page.index("miniature on street | 0 | 1 | 0 |")
    assert page.index("## made, miniature on scenes") < page.index("## made, miniature on street")


def test_the_ledger_is_made_from_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(catalogue.EXPERIMENTS, "made", MADE)
    (tmp_path / "made.json").write_text(json.dumps(outcome().as_dict()))
    assert ledger([read_outcome(tmp_path / "made.json")]) == ledger([outcome()])


def test_what_means_nothing_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.EXPERIMENTS, "made", MADE)
    with pytest.raises(ValueError, match="made in its quick size"):
        ledger([replace(outcome(), scale="quick")])


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_result_is_what_the_code_makes_of_its_values(path: Path) -> None:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    assert path.stem.startswith(recorded["experiment"])  # what follows tells several apart
    assert recorded["scale"] != "quick"
    made = json.loads(json.dumps(read_outcome(path).as_dict()))
    assert made["claims"] == recorded["claims"]
    assert made["rows"] == recorded["rows"]
