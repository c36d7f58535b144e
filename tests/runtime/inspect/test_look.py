"""Looking at pictures by the API, at files, and by the command: pictures, numbers, one page, and what is refused."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import saccade as sc
from helpers import picture, save_picture, tiny_system
from saccade import cli
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError, UsageError
from saccade.runtime.inspect.inspect_files import InspectSettings, inspect_files
from saccade.runtime.inspect.look import best_label, label_of, look
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.images.pictures import decode_picture
from saccade.systems.build import build


@pytest.fixture(scope="module")
def system():
    torch.manual_seed(0)
    return build("vgg11", ["ant", "bee"], width=1 / 16, size=64)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for index in (0, 1):
        save_picture(folder / f"{index}.png", index)
    return folder


def test_the_public_function_gives_views_by_name(system):
    assert sc.look is look
    seen = sc.look(system, picture(0), "bee", ["cam", "answer"])
    assert list(seen) == ["cam", "answer"]
    assert seen["cam"].facts["layer"] == "conv5_2"
    assert isinstance(seen["cam"].picture, Image.Image)


def test_the_mode_of_the_network_and_its_hooks_are_as_before(system):
    system.train()
    first = look(system, picture(0), views=["cam"], layer="trunk.conv2_1.conv2_1")["cam"]
    assert system.training
    second = look(system, picture(0), views=["cam"], layer="trunk.conv2_1.conv2_1")["cam"]
    assert np.array_equal(np.array(first.picture), np.array(second.picture))
    assert not any(module._forward_hooks for module in system.modules())


def test_bf16_is_looked_into_as_it_is(system):
    seen = look(Predictor(system, "bf16"), picture(0), "ant", ["cam", "occlusion", "deconvnet"])
    assert set(seen) == {"cam", "occlusion", "deconvnet"}


def test_the_class_is_the_best_guess_or_the_one_that_is_named():
    assert label_of(("ant", "bee"), "bee") == label_of(("ant", "bee"), 1) == 1
    for unknown in ("Bee", 2, -1):
        with pytest.raises(UsageError, match="ant, bee"):
            label_of(("ant", "bee"), unknown)
    rows = Instances(labels=torch.tensor([0, 2]), scores=torch.tensor([0.1, 0.9]))
    assert best_label(Annotation(label_scores=torch.tensor([0.1, 0.9]))) == 1
    assert best_label(Annotation(instances=rows)) == 2
    assert best_label(Annotation(instances=Instances(labels=torch.zeros(0, dtype=torch.int64)))) == 0
    assert best_label(Annotation()) == 0


def test_files_become_pictures_numbers_and_a_page(system, files, tmp_path):
    out = tmp_path / "out"
    (files / "broken.png").write_bytes(b"no picture")
    outcome = inspect_files(Predictor(system), [files], out, InspectSettings(views=("cam", "filters"), label="ant"))
    assert (outcome.done, [path.name for path in outcome.failed]) == (2, ["broken.png"])
    told = json.loads((out / "look.json").read_text())
    assert [entry["class"] for entry in told["pictures"]] == ["ant", "ant"]
    assert told["pictures"][1]["views"]["cam"]["file"] == "pictures/1/cam.png"
    assert all(0 <= entry["probability"] <= 1 for entry in told["pictures"])
    written = [told["views"]["filters"]["file"], *(e["views"]["cam"]["file"] for e in told["pictures"])]
    assert [decode_picture(out / name).shape[0] for name in written] == [3, 3, 3]
    page = (out / "look.html").read_text()
    assert page.count("<figure") == 3
    assert page.count("src=") == page.count('src="data:image/jpeg')


def test_a_network_without_class_scores_is_looked_into_as_far_as_it_goes(tmp_path, files):
    outcome = inspect_files(Predictor(tiny_system()), [files / "0.png"], tmp_path / "out", InspectSettings())
    (entry,) = json.loads((outcome.out / "look.json").read_text())["pictures"]
    assert set(entry["views"]) == {"answer", "occlusion", "field", "activations"}


def test_what_is_not_looked_at_is_told(system, files, tmp_path, monkeypatch, capsys):
    (files / "strange.heic").write_bytes(b"")
    monkeypatch.setattr("saccade.runtime.runs.load.load", lambda *_, **__: Predictor(system, device="cpu"))
    assert cli.main(["look", "run", str(files), "--out", str(tmp_path / "out"), "--view", "answer"]) == 0
    assert "strange.heic" in capsys.readouterr().out


def test_nothing_to_look_at_is_an_error(system, tmp_path):
    with pytest.raises(DataError, match="none"):
        inspect_files(Predictor(system), [tmp_path / "gone"], tmp_path / "out", InspectSettings())


def test_the_command_writes_the_page_and_says_so(system, files, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("saccade.runtime.runs.load.load", lambda *_, **__: Predictor(system))
    out = str(tmp_path / "out")
    words = ["look", "run", str(files), "--out", out, "--view", "cam, deconvnet", "--layer", "conv3_2"]
    assert cli.main([*words, "--class", "bee"]) == 0
    assert f"2 pictures looked at: {out}/look.html" in capsys.readouterr().out
    told = json.loads((tmp_path / "out" / "look.json").read_text())["pictures"][0]
    assert (told["class"], told["views"]["cam"]["layer"]) == ("bee", "conv3_2")
    assert list(told["views"]["deconvnet"]["units"]) == ["conv3_2"]
    (files / "2.png").write_bytes(b"")
    assert cli.main(words) == 1
    assert "2.png" in capsys.readouterr().err
    assert cli.main([*words, "--class", "wasp"]) == 2
    assert "ant, bee" in capsys.readouterr().err
