"""Predictions as polygons: filled they give the masks again, and our own readers open both files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import saccade as sc
from made import save_picture
from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.ops import rle
from saccade.runtime.files.predict_files import predict_files
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.polygons import polygons_of, write_all, write_polygons
from saccade.runtime.predict.predictor import Predictor

NAMES = Vocabularies.of({"instances": ["bee"], "semantic": ["sky", "tree"]})


def filled(polygons: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """By COCO's rule, one polygon after the other."""
    codes = [rle.rasterise([loop.flatten()], size) for loop in polygons]
    return rle.decode(codes, size).dense().any(0).numpy()


@pytest.mark.parametrize("seed", range(6))
def test_parts_with_holes_are_given_again(seed: int) -> None:
    draw = np.random.default_rng(seed)
    mask = draw.random((9, 14)).repeat(2, 0).repeat(2, 1) < (0.3, 0.5, 0.8)[seed % 3]
    assert np.array_equal(filled(polygons_of(mask), mask.shape), mask)
    inner = filled(polygons_of(mask[2:, 4:], (4, 2)), mask.shape)
    assert np.array_equal(inner[2:, 4:], mask[2:, 4:])
    assert not inner[:2].any()


def test_a_ring_is_one_polygon_and_nothing_is_none() -> None:
    ring = np.ones((9, 9), bool)
    ring[2:7, 3:6] = False
    ring[4, 4] = True
    outer, inner = polygons_of(ring)
    assert np.array_equal(filled([outer, inner], ring.shape), ring)
    assert polygons_of(np.zeros((3, 3), bool)) == []


def test_pixels_and_objects_are_read_again(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", 12, 20)
    semantic = torch.zeros(12, 20, dtype=torch.int64)
    semantic[3:9, 2:8], semantic[5:7, 4:6], semantic[0, 0] = 1, 0, 255
    masks = torch.zeros(2, 12, 20, dtype=torch.bool)
    masks[0, 1:3, 1:5] = masks[0, 8:11, 12:15] = masks[1, 4:9, 9:12] = True
    rows = Instances(
        boxes=torch.tensor([[1.0, 1, 15, 11], [9, 4, 12, 9], [2.5, 3, 8, 9]]),
        labels=torch.zeros(3, dtype=torch.int64),
        scores=torch.tensor([0.9, 0.5, 0.25]),
        masks=Masks.cat([Masks.from_dense(masks), Masks.empty((12, 20), 1)]),
        masked=torch.tensor([True, True, False]),
    )
    prediction = Annotation(semantic=semantic, instances=rows)
    written = write_polygons(prediction, tmp_path / "a.png", tmp_path / "out", "a", (12, 20), NAMES)
    document = json.loads((tmp_path / "out" / written).read_text())
    assert (tmp_path / "out/polygons" / document["imagePath"]).resolve() == tmp_path / "a.png"
    shapes = [(one["label"], one["shape_type"], one["group_id"], one.get("score")) for one in document["shapes"]]
    assert shapes == [
        ("sky", "polygon", None, None),
        ("sky", "polygon", None, None),
        ("tree", "polygon", None, None),
        ("bee", "polygon", 0, 0.9),
        ("bee", "polygon", 0, 0.9),
        ("bee", "polygon", None, 0.5),
        ("bee", "rectangle", None, 0.25),
    ]
    write_all([("a.png", document)], tmp_path / "out", NAMES)
    coco = json.loads((tmp_path / "out/polygons.json").read_text())
    assert [category["name"] for category in coco["categories"]] == ["bee", "sky", "tree"]
    assert [one["area"] for one in coco["annotations"]] == [203, 4, 32, 17, 15, 33]
    assert coco["annotations"][3]["bbox"] == [1, 1, 14, 10]
    assert len(coco["annotations"][3]["segmentation"]) == 2


def test_files_are_written_as_both_and_open_as_data(tmp_path: Path) -> None:
    for index in range(2):
        save_picture(tmp_path / "in" / f"{index}.png", 30, 40, seed=index)
    system = sc.build("fcn8s", ["sky", "tree"], trunk="resnet18", width=0.125, size=32)
    out = tmp_path / "out"
    predict_files(Predictor(system, device="cpu"), [tmp_path / "in"], out, PredictSettings(polygons=True))
    coco = json.loads((out / "polygons.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == [str(tmp_path / "in" / f"{k}.png") for k in range(2)]
    data = sc.open_data(out / "polygons", allow_outside=True)
    assert len(data) == 2
    predict_files(Predictor(system, device="cpu"), [tmp_path / "in"], tmp_path / "plain", PredictSettings())
    assert not (tmp_path / "plain/polygons.json").exists()


def test_a_class_without_a_pixel_has_no_polygon() -> None:
    masks = Masks.from_dense(torch.zeros(2, 9, 9, dtype=torch.bool).index_fill(0, torch.tensor([1]), True))
    left, top, *_ = masks.windows[0].tolist()
    assert polygons_of(masks.crop(0).numpy(), (left, top)) == []
    assert len(polygons_of(masks.crop(1).numpy())) == 1
