"""Suspects of persons that are a sample each are traced to the annotation that tells of them."""

from dataclasses import replace
from pathlib import Path

import pytest

import saccade as sc
from made import write_coco_persons
from saccade.core.annotation import Annotation, Instances
from saccade.data.check.parts import open_parts
from saccade.data.datasets.persons.samples import PersonSamples
from saccade.data.datasets.subset import Subset
from saccade.data.open import open_data
from saccade.runtime.tools.suspects import suspicions
from saccade.runtime.tools.traced import traced


def test_pictures_and_rows_are_found_beneath(tmp_path: Path) -> None:
    own = open_data(write_coco_persons(tmp_path))
    assert traced(own, own, 1, 5) == (1, 5)
    assert traced(own, Subset(own, [2, 0]), 0, 0) == (2, None)  # Rows of wrapped data may be others.
    persons = PersonSamples(own)
    assert [traced(own, persons, place, None) for place in range(len(persons))] == [(0, 0), (0, 1)]
    assert traced(own, PersonSamples(Subset(own, [1, 0])), 1, None) == (0, 1)
    assert traced(own, PersonSamples(open_data(tmp_path)), 0, None) is None


class Second(Subset):
    """The second object alone of each picture, its joints moved."""

    moved = 0.0

    def truth(self, index: int) -> Annotation:
        rows: Instances = super().truth(index).get("instances")[[1]]
        return Annotation(instances=replace(rows, keypoints=rows.keypoints + self.moved))  # pyright: ignore[reportOptionalOperand]


def test_rows_that_were_left_out_before_are_counted(tmp_path: Path) -> None:
    own = open_data(write_coco_persons(tmp_path))
    second = Second(own, [0])
    assert traced(own, PersonSamples(second), 0, None) == (0, 1)
    second.moved = 1.0
    assert traced(own, PersonSamples(second), 0, None) == (0, None)


@pytest.mark.filterwarnings("ignore")
def test_a_joint_is_traced_to_its_annotation(tmp_path: Path) -> None:
    root = write_coco_persons(tmp_path / "data")
    options = {"stacks": 1, "width": 0.0625, "size": 64, "steps": 1, "batch": 2, "workers": 0, "device": "cpu"}
    sc.train("hourglass", str(root), tmp_path / "run", **options)  # type: ignore[arg-type]
    parts, _ = open_parts(str(root), ())
    found = suspicions([tmp_path / "run"], parts, str(root))
    file = str(root / "annotations/person_keypoints_train.json")
    wanted = {(file, "/annotations/0/keypoints", 1), (file, "/annotations/1/keypoints", 2)}
    assert {(one.defect.path, one.defect.where, one.defect.annotation_id) for one in found} == wanted
    assert {one.row()["picture"] for one in found} == {"train/a.png"}
