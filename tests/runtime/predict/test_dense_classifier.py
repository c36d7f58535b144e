"""Classifiers run densely over whole pictures: against windows one by one, and by what they refuse."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import saccade as sc
from made import save_picture
from saccade.core.errors import ConfigError
from saccade.network.system import System
from saccade.systems.classify.densely import densely


def built(name: str, size: int) -> System:
    torch.manual_seed(4)
    system = sc.build(name, ["ant", "bee", "fly"], width=1 / 16, size=size).eval()
    for layer in system.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return system


def drawn(height: int, width: int) -> Tensor:
    return torch.randint(0, 256, (3, height, width), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def logits(system: System, image: Tensor) -> Tensor:
    with torch.no_grad():
        return system(system.batch([image]))["label"].logits[0]


def test_on_the_window_it_was_built_for_a_dense_vgg_says_the_same() -> None:
    system = built("vgg16", 224)
    spec = system.input
    image = drawn(224, 224)
    batch = spec.assemble([image / 255], [spec.frame((224, 224))])
    with torch.no_grad():
        alone, slid = (one(batch)["label"].logits for one in (system, densely(system)))
    torch.testing.assert_close(slid, alone, rtol=1e-4, atol=1e-4)


def test_scores_are_averaged_before_the_softmax() -> None:
    system = densely(built("vgg16", 224))
    image = drawn(256, 320)
    batch = system.batch([image])
    with torch.no_grad():
        fc7 = system.trunk(batch.images)["fc7"]
        scored = system.heads["label"].body[0](fc7)  # pyright: ignore
    assert scored.shape == (1, 3, 2, 4)
    torch.testing.assert_close(logits(system, image), scored.mean((2, 3))[0])
    found = sc.Predictor(system, device="cpu")(image)
    torch.testing.assert_close(found.get("label_scores"), F.softmax(scored.mean((2, 3))[0], 0), rtol=1e-4, atol=1e-4)


def test_a_network_that_averages_its_map_sees_the_whole_picture() -> None:
    system = built("resnet18", 32)
    image = drawn(40, 90)
    system_on_whole = densely(system)
    batch = system_on_whole.batch([image])
    assert batch.images.shape[-2:] == (system.input.shorter, round((system.input.shorter or 0) * 90 / 40))
    assert system_on_whole.trunk is system.trunk


def test_what_does_not_crop_is_refused() -> None:
    detector = sc.build("retinanet", ["ant"], trunk="resnet18", width=0.125, size=64)
    with pytest.raises(ConfigError, match="leave --dense away"):
        densely(detector)
    with pytest.raises(ConfigError, match="one linear class head"):
        densely(sc.build("lenet5", ["ant", "bee"]))
    with pytest.raises(ConfigError, match="get in by shorter"):
        densely(densely(built("resnet18", 32)))


def test_a_run_is_loaded_densely_with_flips_and_scales(tmp_path: Path) -> None:
    for index, name in enumerate("abab"):
        save_picture(tmp_path / "data" / name / f"{index}.png", 20, 30)
    data = sc.open_data(tmp_path / "data")
    small: dict[str, Any] = {"steps": 1, "workers": 0, "width": 0.125, "size": 16, "precision": "32"}
    run = sc.train("resnet18", data, tmp_path / "run", val=data, device="cpu", **small)
    system = sc.load(run.path, device="cpu").system.eval()
    alone, densely_seen = (sc.load(run.path, device="cpu", dense=dense, flip=True) for dense in (False, True))
    assert densely_seen.engine.input.rule == "shorter"
    image = drawn(30, 60)
    found = densely_seen(image).get("label_scores")
    whole = densely(system)
    views = [F.softmax(logits(whole, picture), 0) for picture in (image, image.flip(-1))]
    torch.testing.assert_close(found, torch.stack(views).mean(0), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(found, alone(image).get("label_scores"), atol=1e-4)


def test_what_is_measured_of_pictures_of_many_shapes_is_what_is_said_of_each(tmp_path: Path) -> None:
    for index, size in enumerate(((20, 30), (30, 20), (20, 70), (40, 41))):
        save_picture(tmp_path / "ab"[index % 2] / f"{index}.png", *size, seed=index)
    data = sc.open_data(tmp_path)
    system = densely(sc.build("resnet18", ["a", "b"], width=0.125, size=16)).eval()
    losses = []
    for index in range(len(data)):
        sample = data[index]
        with torch.no_grad():
            losses.append(float(system.loss(system.batch([sample.image], [sample.truth]))["label/class"]))
    assert sc.evaluate(system, data)["loss"] == pytest.approx(sum(losses) / len(losses), abs=1e-5)
