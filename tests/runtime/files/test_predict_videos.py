"""Videos are predicted frame by frame, drawn, and written beside pictures; a bad one keeps what came before."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from films import SIZE, film
from helpers import save_picture, tiny_system
from saccade.core.errors import DataError, ResourceError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.files.video_writer import write_video
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.images.videos import VideoFrame, open_video

NATIVE = InputSpec("native", multiple=4)


@pytest.fixture
def predictor() -> Predictor:
    return Predictor(tiny_system(input=NATIVE))


def rows(out: Path) -> list[dict[str, Any]]:
    return json.loads((out / "predictions.json").read_text())


def frames(path: Path) -> list[VideoFrame]:
    with open_video(path) as video:
        return list(video.frames())


def test_rows_are_what_the_predictor_says_of_each_frame(predictor: Predictor, tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", 11)
    outcome = predict_files(predictor, [path], tmp_path / "out", PredictSettings(batch=4))
    found, shown = rows(tmp_path / "out"), frames(path)
    assert (outcome.done, outcome.frames, outcome.failed) == (1, 11, {})
    assert [(row["file"], row["frame"], row["time"]) for row in found] == [
        (str(path), place, pytest.approx(place / 25)) for place in range(11)
    ]
    for row, frame in zip(found, shown, strict=True):
        (prediction,) = predictor([frame.image])
        assert row["size"] == list(SIZE)
        np.testing.assert_allclose(row["label_scores"], prediction.label_scores, atol=2e-6)
        np.testing.assert_allclose(row["instances"]["boxes"], prediction.instances.boxes, atol=1e-4)


def test_the_drawn_video_lasts_as_long_and_shows_the_boxes(predictor: Predictor, tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.5, 0.54]
    path = film(tmp_path / "clip.mp4", 4, size=(200, 320), times=times)
    predict_files(predictor, [path], tmp_path / "out")
    plain, drawn = frames(path), frames(tmp_path / "out" / rows(tmp_path / "out")[0]["drawn"])
    np.testing.assert_allclose([f.time for f in drawn], times, atol=1e-3)
    assert drawn[0].image.shape == plain[0].image.shape
    difference = (drawn[0].image.int() - plain[0].image.int()).abs().sum(0)
    assert difference[:, :3].float().mean() > 30  # the box of the whole picture
    assert difference[60:140, 160].float().mean() < 30  # nothing is drawn inside


def test_odd_sizes_get_one_row_and_column_more(predictor: Predictor, tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mkv", 3, size=(47, 63))
    predict_files(predictor, [path], tmp_path / "out")
    assert rows(tmp_path / "out")[0]["size"] == [47, 63]
    assert frames(tmp_path / "out" / "drawn" / "clip.mp4")[0].image.shape == (3, 48, 64)


def test_every_so_many_frames_alone(predictor: Predictor, tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", 10)
    predict_files(predictor, [path], tmp_path / "out", PredictSettings(every=4))
    assert [(row["frame"], row["time"]) for row in rows(tmp_path / "out")] == [(0, 0), (4, 0.16), (8, 0.32)]
    assert [round(f.time, 3) for f in frames(tmp_path / "out" / "drawn" / "clip.mp4")] == [0, 0.16, 0.32]


def test_pictures_and_videos_of_a_folder_stand_by_name(predictor: Predictor, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    film(folder / "b.mp4", 3)
    save_picture(folder / "a.png", 1)
    save_picture(folder / "c.png", 2)
    predict_files(predictor, [folder], tmp_path / "out", PredictSettings(csv=True, drawn=False))
    assert [Path(row["file"]).name for row in rows(tmp_path / "out")] == ["a.png", *["b.mp4"] * 3, "c.png"]
    assert not (tmp_path / "out" / "drawn").exists()
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        header, *table = csv.reader(file)
    assert header[-2:] == ["frame", "time"]
    assert [row[-2:] for row in table] == [["", ""]] * 2 + [[str(i), str(i * 0.04)] for i in (0, 0, 1, 1, 2, 2)] + [
        ["", ""]
    ] * 2


def test_a_second_call_does_nothing(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film(tmp_path / "clip.mp4", 3)
    predict_files(predictor, [path], tmp_path / "out")
    before = rows(tmp_path / "out")
    monkeypatch.setattr("saccade.runtime.files.video_worker.open_video", None)
    outcome = predict_files(predictor, [path], tmp_path / "out")
    assert (outcome.done, outcome.kept, outcome.frames) == (1, 1, 3)
    assert rows(tmp_path / "out") == before


def test_a_cut_video_keeps_its_frames_and_is_read_again(predictor: Predictor, tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", 40, noise=60)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.7)])
    film(tmp_path / "other.mp4", 2)
    outcome = predict_files(predictor, [tmp_path], tmp_path / "out")
    cut = [row for row in rows(tmp_path / "out") if Path(row["file"]).name == "clip.mp4"]
    error = outcome.failed[path]
    assert isinstance(error, DataError)
    assert f"frame {len(cut)}: expected a whole frame" in error.what
    assert str(path) in str(error)
    assert 5 < len(cut) < 40
    assert outcome.frames == len(cut) + 2
    assert len(frames(tmp_path / "out" / "drawn" / "clip.mp4")) == len(cut)
    path.write_bytes(whole)
    assert predict_files(predictor, [tmp_path], tmp_path / "out").failed == {}
    assert len(rows(tmp_path / "out")) == 42


def test_a_frame_too_large_for_memory_fails_alone(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "clip.mp4", 5)
    true_predictions, calls = Predictor.network_predictions, list[int]()

    def network_predictions(self: Predictor, batch: Any, threshold: float = 0.0) -> Any:
        calls.append(len(batch))
        if len(calls) == 3:
            raise torch.OutOfMemoryError("stub")
        return true_predictions(self, batch, threshold)

    monkeypatch.setattr(Predictor, "network_predictions", network_predictions)
    outcome = predict_files(predictor, [path], tmp_path / "out", PredictSettings(batch=1))
    assert [row["frame"] for row in rows(tmp_path / "out")] == [0, 1, 3, 4]
    assert isinstance(outcome.failed[path], ResourceError)
    assert outcome.failed[path].within == "frame 2"


def test_without_pyav_pictures_are_answered_and_videos_name_the_cure(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "clip.mp4", 2)
    save_picture(tmp_path / "a.png", 1)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    outcome = predict_files(predictor, [tmp_path], tmp_path / "out")
    assert outcome.done == 1
    assert isinstance(outcome.failed[path], UsageError)
    assert "pip install av" in str(outcome.failed[path])


def test_a_kill_in_a_video_leaves_no_half_file(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "clip.mp4", 9)
    true_predictions, calls = Predictor.network_predictions, list[int]()

    def network_predictions(self: Predictor, batch: Any, threshold: float = 0.0) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return true_predictions(self, batch, threshold)

    monkeypatch.setattr(Predictor, "network_predictions", network_predictions)
    with pytest.raises(KeyboardInterrupt):
        predict_files(predictor, [path], tmp_path / "out", PredictSettings(batch=4))
    assert not [p for p in (tmp_path / "out").rglob("*") if p.suffix in (".mp4", ".jsonl") and p.parent.name != "out"]
    predict_files(predictor, [path], tmp_path / "out", PredictSettings(batch=4))
    assert len(rows(tmp_path / "out")) == 9


def test_a_video_of_no_frames_is_no_file(tmp_path: Path) -> None:
    with write_video(tmp_path / "a.mp4", None):
        pass
    assert list(tmp_path.iterdir()) == []


def test_frames_of_another_size_are_fitted_into_the_first_s(tmp_path: Path) -> None:
    with write_video(tmp_path / "a.mp4", None) as video:
        for size in ((64, 48), (100, 100), (63, 47)):
            video.add(Image.new("RGB", size, (200, 0, 0)), 0.0)
    shown = frames(tmp_path / "a.mp4")
    assert {tuple(f.image.shape) for f in shown} == {(3, 48, 64)}
    assert all(a.time < b.time for a, b in pairwise(shown))
