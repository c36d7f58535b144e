"""What a comparison finds is what the parts that it is made of find; what fails or is too large is said."""

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import saccade as sc
from comparison.conftest import SETTINGS
from saccade.comparison.contest import row_of
from saccade.comparison.entrant import entrants_of
from saccade.comparison.folder import ComparisonFolder
from saccade.comparison.leaderboard import Comparison
from saccade.comparison.settings import CompareSettings
from saccade.comparison.terms import Terms
from saccade.comparison.verdict import verdict_of
from saccade.core.errors import ConfigError, UsageError


def test_the_table_has_the_numbers_of_evaluate_and_describe(compared: Comparison) -> None:
    for name in ("lenet5:lr=0.001", "resnet20"):
        row = next(one for one in compared.rows if one.name == name)
        scores = sc.evaluate(row.runs[0])
        assert row.score == scores["top1"]
        assert row.scores == scores
        described = sc.describe(sc.load(row.runs[0]).system)
        assert (row.parameters, row.multiply_adds) == (described.parameters, described.multiply_adds)
        assert row.low is None or row.low <= scores["top1"] <= row.high
        assert row.interval == "6 pictures"


def test_speed_and_memory_are_measured(compared: Comparison) -> None:
    for row in compared.rows[:2]:
        assert row.ms.rounds >= 3
        assert 0 < row.ms.low <= row.ms.ms <= row.ms.high
        assert 0 < row.mb < 500
    assert compared.machine["instructions"]


def test_times_are_of_as_many_threads_as_the_trainings(compared: Comparison) -> None:
    assert compared.machine["threads"] == 1


def test_a_system_over_a_limit_stays_in_the_table_and_is_not_trained(compared: Comparison) -> None:
    row = next(one for one in compared.rows if one.name == "resnet18")
    assert row.parameters == sum(p.numel() for p in sc.build("resnet18", 2, width=0.25).parameters()) > 100_000
    assert "M parameters of at most 0.1 M" in row.over[0]
    assert (row.score, row.can_win, row.error) == (None, False, "")
    assert not (compared.path / "runs" / "resnet18").exists()


def test_a_system_that_cannot_be_built_is_said_and_the_others_go_on(compared: Comparison) -> None:
    row = compared.rows[-1]
    assert row.name == "lecture_cnn:size=4"
    assert "expected" in row.error
    assert not row.can_win
    assert compared.winner in compared.rows[:2]


def test_files_hold_what_was_returned(compared: Comparison) -> None:
    told = json.loads((compared.path / "leaderboard.json").read_text())
    assert told == json.loads(json.dumps(compared.as_dict()))
    assert told["winner"] == compared.rows[0].name
    assert told["command"][:3] == ["saccade", "predict", compared.rows[0].runs[0]]
    with (compared.path / "leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [row.name for row in compared.rows]
    assert float(rows[0]["score"]) == compared.rows[0].score


class Page(HTMLParser):
    """Tags with attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_the_same_pictures_of_all_and_fetches_nothing(compared: Comparison) -> None:
    page = Page(compared.page.read_text(encoding="utf-8"))
    sources = [attrs["src"] for tag, attrs in page.tags if tag == "img"]
    assert all(source.startswith("data:image/") for source in sources)
    assert not [
        attrs for tag, attrs in page.tags if tag in ("link", "iframe") or ("href" in attrs and "#" not in attrs["href"])
    ]
    alts = [attrs["alt"] for tag, attrs in page.tags if tag == "img"]
    shown = [alt.rpartition(": ") for alt in alts if ": " in alt]
    pictures = {name for _, _, name in shown}
    assert len(pictures) == 2
    for name in pictures:
        assert {who for who, _, what in shown if what == name} == {"truth", "lenet5:lr=0.001", "resnet20"}
    assert sum(alt.startswith("Top-1 against") for alt in alts) == 3
    for row in compared.rows:
        assert row.name in page.text
    assert compared.verdict.sentence in page.text


def test_runs_and_ensembles_are_measured_as_evaluate_does(compared: Comparison, photos: Path, tmp_path: Path) -> None:
    run = next(row.runs[0] for row in compared.rows if row.name == "resnet20")
    alone, together = entrants_of([run, f"{run}+{run}"], {})
    terms = Terms(photos, None, CompareSettings(merge="product", shown=0), ComparisonFolder(tmp_path), lambda _: None)
    assert row_of(alone, terms).scores == sc.evaluate(run)
    row = row_of(together, terms)
    assert row.scores == sc.evaluate(sc.load([run, run], merge="product"), photos)
    assert row.parameters == 2 * row_of(alone, terms).parameters
    found = replace(compared, rows=(row,), verdict=verdict_of([row], "top1"))
    assert found.ships == ("saccade", "predict", run, "PICTURES", "--out", "predictions", "--with", run)


def test_systems_that_read_other_annotations_are_refused_before_anything_is_trained(photos, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)fcn8s reads semantic.*lenet5 reads label") as caught:
        sc.compare(["fcn8s", "lenet5"], photos, tmp_path / "c", steps=1)
    assert "--score" in str(caught.value)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("systems", "options", "match"),
    [
        (["lenet"], {}, "did you mean lenet5"),
        (["lenet5", "lenet5"], {}, "lenet5 twice"),
        ([], {}, "a list of systems"),
        (["lenet5"], {"widht": 1}, "did you mean width"),
        (["lenet5"], {"steps": 1, "epochs": 1}, "one of minutes, steps, epochs"),
        (["lenet5"], {"max_params": "few"}, "such as 5M"),
        (["lenet5"], {"folds": 2, "val": 0.5}, "folds or something to measure on"),
        ([("lenet5", {"steps": 3})], {}, "steps is the same for all"),
        ([("lenet5", {"colour": 3})], {}, "options of lenet5"),
        (["lenet5"], {"merge": "vote"}, "one of mean, max, product"),
        (["lenet5"], {"max_ms": 0}, "above 0"),
    ],
)
def test_what_no_comparison_can_do_is_refused(photos: Path, tmp_path: Path, systems, options, match) -> None:
    with pytest.raises(UsageError, match=match):
        sc.compare(systems, photos, tmp_path / "c", **options)
    assert not (tmp_path / "c").exists()


def test_a_run_takes_no_part_where_there_are_folds(compared: Comparison, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="may have learnt from the pictures of a fold"):
        sc.compare(["lenet5", compared.rows[0].runs[0]], photos, tmp_path / "c", folds=2)


def test_a_comparison_goes_on_with_other_limits_and_further_systems(compared: Comparison, photos: Path) -> None:
    """Last in the file: it writes into the folder of the others."""
    with pytest.raises(ConfigError, match="--resume"):
        sc.compare(["resnet20"], photos, compared.path, **SETTINGS)
    with pytest.raises(ConfigError, match="steps: 3 -> 4") as caught:
        sc.compare(["resnet20"], photos, compared.path, resume=True, **{**SETTINGS, "steps": 4})
    assert "before -> now" in str(caught.value)
    with pytest.raises(ConfigError, match=r"resnet20\.options\.width: 0\.25 -> 0\.5"):
        sc.compare(["resnet20"], photos, compared.path, resume=True, **{**SETTINGS, "width": 0.5})
    log = compared.path / "runs" / "resnet20" / "metrics.jsonl"
    before = log.read_bytes()
    found = sc.compare(["resnet20"], photos, compared.path, resume=True, max_params=100, **SETTINGS)
    assert log.read_bytes() == before
    assert found.winner is None
    assert "of at most 0.0001 M" in found.rows[0].over[0]
    assert "all break a limit" in found.verdict.sentence
