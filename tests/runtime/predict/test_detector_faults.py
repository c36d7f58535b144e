"""What befalls a detector in use: one picture too large, and a class that the data do not show."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from helpers import save_picture
from saccade.core.errors import ConfigError, ResourceError
from saccade.data.open import open_data
from saccade.network.system import System
from saccade.runtime.evaluate.evaluate import evaluate
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build


@pytest.fixture(scope="module")
def data() -> Any:
    return open_data("scenes:count=3,size=64,seed=1", "train")


def detector(classes: Any) -> System:
    torch.manual_seed(0)
    return build("faster_rcnn", classes, width=1 / 16, trunk="vgg11", size=64, scales=(1.0, 2.0)).eval()


def test_one_huge_picture_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for place in range(3):
        save_picture(folder / f"{place}.png", place)
    Image.new("RGB", (900, 60)).save(folder / "huge.png")
    true_predictions = Predictor.network_predictions

    def network_predictions(self: Predictor, batch: Any, threshold: float = 0.0) -> Any:
        if any(frame.source[1] == 900 for frame in batch.frames):
            raise torch.OutOfMemoryError("stub")
        return true_predictions(self, batch, threshold)

    monkeypatch.setattr(Predictor, "network_predictions", network_predictions)
    outcome = predict_files(Predictor(detector(3)), [folder], tmp_path / "out")
    listed = json.loads((tmp_path / "out" / "failed.json").read_text())
    assert [Path(row["file"]).name for row in listed] == ["huge.png"]
    assert isinstance(outcome.failed[folder / "huge.png"], ResourceError)
    assert [Path(row["file"]).name for row in json.loads((tmp_path / "out" / "predictions.json").read_text())] == [
        f"{place}.png" for place in range(3)
    ]


def test_other_classes_are_refused_with_a_difference(data: Any) -> None:
    swapped = [data.classes[1], data.classes[0], *data.classes[2:]]
    with pytest.raises(ConfigError) as caught:
        evaluate(Predictor(detector(swapped)), data)
    assert all(name in str(caught.value) for name in swapped[:2])


def test_classes_that_the_data_do_not_show_have_no_score(data: Any) -> None:
    class Bare:
        """The scenes, of which no object is annotated."""

        classes, fields, joints = data.classes, data.fields, data.joints

        def __len__(self) -> int:
            return len(data)

        def id(self, index: int) -> str:
            return data.id(index)

        def truth(self, index: int) -> Any:
            shown = data.truth(index)
            return replace(shown, instances=shown.instances[[]])

        def __getitem__(self, index: int) -> Any:
            return replace(data[index], truth=self.truth(index))

    scores = evaluate(Predictor(detector(data.classes)), Bare())
    assert scores["AP"] is None
    assert scores["voc_ap"] is None
    assert scores["loss"] is not None
