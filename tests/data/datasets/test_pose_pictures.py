"""Persons of a sample each become the objects of their picture, and come back as they were through COCO and YOLO."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.convert.convert import convert
from saccade.data.datasets.persons.pictures import PosePictures, with_objects
from saccade.data.datasets.persons.samples import PersonSamples
from saccade.data.open import open_data
from saccade.data.scenes.dataset import Scenes


def person(image: str, shift: int, seen: int = 16) -> dict[str, Any]:
    joints = [[10.0 + shift + place, 5.0 + 2 * place] for place in range(16)]
    marks = [1] * seen + [0] * (16 - seen)
    return {"joints_vis": marks, "joints": joints, "image": image, "scale": 0.2, "center": [20 + shift, 20]}


def mpii(root: Path) -> Path:
    for name in ("a", "b"):
        save_picture(root / f"images/{name}.png")
    people = [person("a.png", 0), person("b.png", 5, seen=1), person("a.png", 20, seen=9)]
    (root / "annot").mkdir()
    (root / "annot/train.json").write_text(json.dumps(people))
    return root


def test_persons_are_the_objects_of_their_picture(tmp_path: Path) -> None:
    persons = open_data(mpii(tmp_path))
    data = PosePictures(persons)
    assert isinstance(data, Dataset)
    assert [data.id(index) for index in range(len(data))] == ["images/a.png", "images/b.png"]
    rows = data[0].truth.instances
    assert rows.boxes.tolist() == [[9.5, 4.5, 24.5, 34.5], [29.5, 4.5, 37.5, 20.5]]
    assert rows.visible.sum(1).tolist() == [32, 18]
    torch.testing.assert_close(rows.keypoints[1], persons.truth(2).pose)
    assert len(data.truth(1).instances) == 0
    assert data.truth(1).instances.keypoints.shape == (0, 16, 2)
    assert (data.left_out, data.size(0), data.classes_of(1)) == (1, (40, 60), frozenset())
    assert data.path(0).name == "a.png"
    assert data.truth(0).present() <= data.fields


def test_data_with_objects_stay_as_they_are() -> None:
    scenes = Scenes(2, 32)
    assert with_objects(scenes) is scenes


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_mpii_goes_through_formats_of_objects_and_back(tmp_path: Path, form: str) -> None:
    root = mpii(tmp_path / "mpii")
    with pytest.raises(DataError, match="places and sizes of persons") as caught:
        convert(root, tmp_path / "refused", form)
    assert "1 joints of a picture's one person" in str(caught.value)  # The person with one joint.
    allowed = ("person", "pose", "joints")
    written = convert(root, tmp_path / "out", form, allow=allowed)
    assert written.pictures == {"train": 2}
    assert any("hull" in note for note in written.notes)
    back = PersonSamples(open_data(tmp_path / "out"))
    before = open_data(root)
    assert len(back) == 2
    for place, index in enumerate((0, 2)):
        given, found = before.truth(index), back.truth(place)
        seen = given.pose_visible > 0
        assert torch.equal(found.pose_visible, given.pose_visible)
        torch.testing.assert_close(found.pose[seen], given.pose[seen], atol=1e-3, rtol=0)
