"""An experiment from nothing to its result: pieces are kept, what was killed goes on, changes are refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_experiment import MADE, Counted

from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.reproduce import catalogue
from saccade.reproduce.outcome import read_outcome
from saccade.reproduce.reproduce import Asked, reproduce
from saccade.reproduce.terms import SCENES, Terms, terms_of

Start = Callable[..., Counted]


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[Counted]:
    """Those who have done pieces, in their order; the experiment `made` is known."""
    made: list[Counted] = []

    def work(terms: Terms) -> Counted:
        made.append(Counted(terms, STOP[0] if STOP else None))
        return made[-1]

    monkeypatch.setitem(catalogue.EXPERIMENTS, "made", MADE)
    monkeypatch.setattr("saccade.reproduce.reproduce.work_of", lambda _, terms: work(terms))
    STOP.clear()
    return made


STOP: list[str] = []


def test_ours_stands_beside_what_was_printed(workers: list[Counted], tmp_path: Path) -> None:
    outcome = reproduce("made", Asked(tmp_path, device="cpu"), lambda _: None)
    assert [one.word for one in outcome.judgements] == ["confirmed"]
    told = json.loads((tmp_path / "made.json").read_text())
    rows = {(row["row"], row["measure"]): row for row in told["rows"]}
    assert rows["a", "weights"]["value"] == rows["a", "weights"]["low"] == 10
    assert rows["b", "score"]["value"] == pytest.approx(0.61)
    assert rows["b", "score"]["low"] < 0.61 < rows["b", "score"]["high"]
    assert rows["b", "score"]["published"] == 0.75
    assert rows["b", "score"]["looked_up"] is False
    assert rows["a", "weights"]["published"] is None
    assert told["claims"][0]["word"] == "confirmed"
    assert told["command"] == "saccade reproduce made"
    assert told["judged"] is True
    assert told["data"] == [SCENES]


def test_what_was_killed_goes_on_and_nothing_is_done_twice(workers: list[Counted], tmp_path: Path) -> None:
    asked = Asked(tmp_path, seeds=2, device="cpu")
    STOP.append("a-1")
    with pytest.raises(KeyboardInterrupt):
        reproduce("made", asked, lambda _: None)
    assert workers[-1].asked == ["counts", "a-0", "b-0"]
    assert not (tmp_path / "made.json").exists()
    STOP.clear()
    outcome = reproduce("made", asked, lambda _: None)
    assert workers[-1].asked == ["a-1", "b-1"]
    assert outcome.found.values("b", "score") == pytest.approx((0.6, 0.61))
    again = reproduce("made", asked, lambda _: None)
    assert workers[-1].asked == []
    assert again.as_dict() == outcome.as_dict()
    more = reproduce("made", replace(asked, seeds=3), lambda _: None)  # further seeds join
    assert workers[-1].asked == ["a-2", "b-2"]
    assert len(more.found.values("a", "score")) == 3


def test_another_size_in_the_same_folder_is_refused_with_a_diff(workers: list[Counted], tmp_path: Path) -> None:
    reproduce("made", Asked(tmp_path, seeds=1, device="cpu"), lambda _: None)
    with pytest.raises(ConfigError, match=r"size.steps: 5 -> 6"):
        reproduce("made", Asked(tmp_path, seeds=1, steps=6, device="cpu"), lambda _: None)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "diary.txt").write_text("mine")
    (tmp_path / "other" / "made").write_text("no folder")
    with pytest.raises(ConfigError):
        reproduce("made", Asked(tmp_path / "other", device="cpu"), lambda _: None)


def test_tiny_sizes_are_never_judged(workers: list[Counted], tmp_path: Path) -> None:
    outcome = reproduce("made", Asked(tmp_path, scale="quick", device="cpu"), lambda _: None)
    assert outcome.judgements == []
    told = json.loads((tmp_path / "made.json").read_text())
    assert (told["judged"], told["claims"]) == (False, [])
    assert told["command"] == "saccade reproduce made --quick"


def test_a_result_is_read_as_it_was_written(workers: list[Counted], tmp_path: Path) -> None:
    outcome = reproduce("made", Asked(tmp_path, device="cpu"), lambda _: None)
    assert read_outcome(tmp_path / "made.json").as_dict() == outcome.as_dict()
    (tmp_path / "bad.json").write_text('{"experiment": "made"}')
    with pytest.raises(DataError, match="no scale, size"):
        read_outcome(tmp_path / "bad.json")
    (tmp_path / "bad.json").write_text(json.dumps({**outcome.as_dict(), "experiment": "none"}))
    with pytest.raises(DataError, match="'none'"):
        read_outcome(tmp_path / "bad.json")


def test_data_take_the_place_of_built_in_pictures(tmp_path: Path) -> None:
    def terms(root: Path | None, steps: int | None = None, scale: str = "miniature") -> Terms:
        return terms_of(MADE, scale, root, tmp_path / "runs", steps, "cpu")  # pyright: ignore[reportArgumentType]

    assert terms(None).data == (SCENES,)
    assert terms(None).size == MADE.sizes.miniature
    assert terms(None, 9).size.steps == 9
    with pytest.raises(ConfigError, match="street, cells in the folder of data, found none of them"):
        terms(tmp_path)
    (tmp_path / "cells").mkdir()
    assert terms(tmp_path).data == ("cells",)
    assert terms(tmp_path).size == MADE.sizes.on_data
    assert terms(tmp_path).source("cells", 8) == tmp_path / "cells"
    assert terms(tmp_path, scale="quick").size == MADE.sizes.quick
    with pytest.raises(ConfigError, match="no street"):
        terms(tmp_path, scale="full")
    with pytest.raises(ConfigError, match="data for the full size of made, found none"):
        terms(None, scale="full")
    (tmp_path / "street").mkdir()
    with pytest.raises(ConfigError, match="a GPU for the full size, found the CPU"):
        terms(tmp_path, scale="full")
    with pytest.raises(UsageError, match="no data"):
        terms_of(replace(MADE, folders=()), "miniature", tmp_path, tmp_path / "runs", None, "cpu")


def test_what_is_not_there_or_too_few_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"did you mean segnet-table1\?"):
        reproduce("segnet_tabel1", Asked(tmp_path))
    for asked in (Asked(tmp_path, seeds=0), Asked(tmp_path, steps=0)):
        with pytest.raises(UsageError, match="1 or more"):
            reproduce("segnet-table1", asked)
    assert list(tmp_path.iterdir()) == []
