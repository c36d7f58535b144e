"""A predictor asks an engine alone: a system, or whatever answers as one."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers import CLASSES, picture, save_picture, tiny_system
from pixel_systems import pixel_system
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.vocabulary import Vocabularies
from saccade.network.system import System
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.inspect.features import features
from saccade.runtime.inspect.look import look
from saccade.runtime.predict.engine import Engine, engine_of
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.images import pictures


def exported(system: System) -> Engine:
    """What an exported file would give: two functions and what must be known beside them."""
    return Engine(
        name="model.onnx",
        input=system.input,
        gives=system.gives,
        vocabularies=Vocabularies.of(CLASSES),
        forward=lambda batch: system.raw(system.maps(batch)),
        decode=system.predictions,
        digest=lambda: "0123",
    )


def test_an_engine_without_layers_answers_as_its_system(tmp_path: Path) -> None:
    system = tiny_system(input=InputSpec("native", multiple=4))
    ours, theirs = Predictor(system), Predictor(exported(system))
    for here, there in zip(*(p([picture(0), picture(1)]) for p in (ours, theirs)), strict=True):
        assert torch.equal(here.label_scores, there.label_scores)
        assert torch.equal(here.instances.boxes, there.instances.boxes)
    save_picture(tmp_path / "a.png", 1)
    assert predict_files(theirs, [tmp_path / "a.png"], tmp_path / "out").done == 1
    assert theirs.classes == CLASSES


def test_who_looks_inside_is_told_that_there_is_nothing_to_see() -> None:
    predictor = Predictor(exported(tiny_system()))
    with pytest.raises(ConfigError, match=r"model\.onnx, which only predicts"):
        look(predictor, picture(0))
    with pytest.raises(ConfigError, match="layers"):
        features(predictor, "scenes:count=2,size=32")


def test_an_engine_has_a_device_and_a_precision_of_its_own() -> None:
    with pytest.raises(UsageError, match=r"model\.onnx, which has its own"):
        Predictor(exported(tiny_system()), precision="bf16")


def test_engines_tell_weights_apart() -> None:
    assert engine_of(tiny_system()).digest() == engine_of(tiny_system()).digest()
    assert engine_of(tiny_system()).digest() != engine_of(tiny_system(seed=1)).digest()


@pytest.mark.parametrize("drawn", [True, False])
def test_each_file_is_decoded_once(drawn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(5):
        save_picture(tmp_path / f"{place}.png", place)
    decoded, decode = [], pictures._decode
    monkeypatch.setattr(pictures, "_decode", lambda data, c, name: decoded.append(name) or decode(data, c, name))
    predict_files(Predictor(tiny_system()), [tmp_path], tmp_path / "out", PredictSettings(drawn=drawn, batch=2))
    assert sorted(decoded) == [str(tmp_path / f"{place}.png") for place in range(5)]


def test_scores_of_pixels_are_given_and_written_where_they_are_asked_for(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", 1)
    system = pixel_system()
    plain, kept = (Predictor(system, keep_scores=suppression)([picture(1)])[0] for suppression in (False, True))
    assert plain.semantic_scores is None
    assert torch.equal(plain.semantic, picture(1).float().argmax(0))
    torch.testing.assert_close(kept.semantic_scores, picture(1) / 255)
    for suppression in (False, True):
        predict_files(Predictor(system, keep_scores=suppression), [tmp_path / "a.png"], tmp_path / f"out{suppression}")
        assert (tmp_path / f"out{suppression}" / "semantic" / "a.png").is_file()
        assert (tmp_path / f"out{suppression}" / "semantic_scores" / "a.npz").is_file() == suppression


def test_what_is_refined_at_the_pictures_own_pixels_sees_the_picture_and_the_scores() -> None:
    seen = []

    def refine(prediction: Annotation, image: torch.Tensor) -> Annotation:
        seen.append((tuple(prediction.semantic_scores.shape), tuple(image.shape)))
        return replace(prediction, semantic=torch.full_like(prediction.semantic, 7))

    spec = InputSpec("stretch", (8, 8), mean=(0.0,) * 3, std=(1.0,) * 3)
    for views in ({}, {"flip": True}):
        predictor = Predictor(replace(engine_of(pixel_system(spec)), refine=refine), **views)
        (prediction,) = predictor([picture(1)])
        assert (prediction.semantic == 7).all()
        assert prediction.semantic_scores is None
    size = tuple(picture(1).shape)
    assert seen == [(size, size)] * 2
