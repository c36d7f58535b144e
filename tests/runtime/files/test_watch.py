"""A watched folder: what arrives is predicted once it is whole, and once alone."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from helpers import save_picture, tiny_system
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.files import watch
from saccade.runtime.files.watch import Arrivals, watch_files
from saccade.runtime.predict.predictor import Predictor


@pytest.fixture
def predictor() -> Predictor:
    return Predictor(tiny_system(input=InputSpec("native", multiple=4)))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "PAUSE", 0.02)


def names(out: Path) -> list[str]:
    return [Path(row["file"]).name for row in json.loads((out / "predictions.json").read_text())]


def test_a_file_is_whole_when_two_looks_agree(tmp_path: Path) -> None:
    arrivals = Arrivals([tmp_path], tmp_path / "out")
    assert (arrivals.look(), arrivals.moving) == ([], False)
    file = tmp_path / "a.png"
    file.write_bytes(b"half")
    assert (arrivals.look(), arrivals.moving) == ([], True)
    file.write_bytes(b"half and half")
    assert arrivals.look() == []
    assert (arrivals.look(), arrivals.moving) == ([file], False)
    assert arrivals.look() == []
    file.write_bytes(b"another picture")
    assert [arrivals.look(), arrivals.look(), arrivals.look()] == [[], [file], []]


def test_an_empty_file_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    arrivals = Arrivals([tmp_path], tmp_path / "out")
    assert [arrivals.look(), arrivals.look()] == [[], []]


def test_what_arrives_is_answered_and_what_was_broken_is_read_again(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    save_picture(folder / "there.png", 0)
    (folder / "broken.png").write_bytes(b"half")
    seen: list[list[str]] = []
    steps = iter(
        [
            lambda: None,
            lambda: save_picture(folder / "first.png", 1),
            lambda: None,
            lambda: save_picture(folder / "broken.png", 2),
        ]
    )

    def sleep(seconds: float) -> None:
        if (out / "predictions.json").exists():
            seen.append(names(out))
        next(steps, lambda: None)()

    monkeypatch.setattr(watch, "WRITING", 1e9)
    monkeypatch.setattr(watch.time, "sleep", sleep)
    outcome = watch_files(predictor, [folder], out, idle=0.2)
    assert names(out) == ["broken.png", "first.png", "there.png"]
    assert outcome.done == 3
    assert outcome.failed == {}
    assert seen[0] == ["there.png"]
    assert ["first.png", "there.png"] in seen


def test_a_watch_that_is_stopped_leaves_its_answers(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    save_picture(folder / "a.png", 0)
    true_answer = watch.FileWorker.run

    def prediction(self: Any, files: Any, among: Any = ()) -> None:
        true_answer(self, files, among)
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.FileWorker, "run", prediction)
    with pytest.raises(KeyboardInterrupt):
        watch_files(predictor, [folder], out)
    assert names(out) == ["a.png"]


def test_a_slow_writer_is_waited_for(predictor: Predictor, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    save_picture(tmp_path / "whole.png", 3)
    data = (tmp_path / "whole.png").read_bytes()

    def write() -> None:
        with (folder / "slow.png").open("wb") as file:
            for start in range(0, len(data), 100):
                file.write(data[start : start + 100])
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    outcome = watch_files(predictor, [folder], out, idle=0.3)
    writer.join()
    assert names(out) == ["slow.png"]
    assert outcome.failed == {}


def test_folders_alone_are_watched(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        watch_files(predictor, [tmp_path / "absent"], tmp_path / "out")


def test_what_a_watch_passes_over_is_told(predictor: Predictor, tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    save_picture(watched / "0.png", 0)
    (watched / "strange.heic").write_bytes(b"")
    outcome = watch_files(predictor, [watched], tmp_path / "out", idle=0.1)
    assert any("strange.heic" in line for line in outcome.left_out)
