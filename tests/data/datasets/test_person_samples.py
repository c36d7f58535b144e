"""A person a sample: names, joints, boxes and squares by hand, and what is no sample is counted."""

from pathlib import Path

import pytest
import torch

from made import write_coco_persons
from pose_systems import LearningHead, pose_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.input.person_crop import PersonCrop
from saccade.data.datasets.persons.samples import PersonSamples, with_persons
from saccade.data.datasets.truth_digest import truth_digest
from saccade.data.formats.coco.reader import open_coco
from saccade.data.loading.loader import Loader, LoaderSettings
from saccade.data.scenes.dataset import Scenes
from saccade.training.settings import TrainSettings
from saccade.training.setup.data import open_training_data
from small_runs import train
from written import MARKS, listing

BOXES = torch.tensor([[2.0, 2, 8, 14], [10, 4, 26, 16], [0, 0, 30, 20], [5, 5, 6, 6], [3, 3, 3, 9]])


def people() -> Annotation:
    joints = torch.arange(30.0).view(5, 3, 2)
    visible = torch.tensor([[2, 1, 0], [2, 2, 2], [2, 2, 2], [0, 0, 0], [0, 2, 0]])
    crowd = torch.tensor([False, False, True, False, False])
    labels = torch.tensor([0, 1, 0, 0, 0])
    rows = Instances(BOXES, labels, keypoints=joints, visible=visible, area=torch.arange(5.0) + 40, crowd=crowd)
    return Annotation(instances=rows, label=torch.tensor(0))


def empty() -> Annotation:
    return Annotation(instances=people().instances[:0])


def test_a_sample_a_person_with_its_row() -> None:
    data = PersonSamples(listing(empty(), people(), joints=MARKS, ids=["a.png", "b.png"]))
    assert isinstance(data, Dataset)
    assert [data.id(place) for place in range(len(data))] == ["b.png#0", "b.png#1"]
    assert data.joints == MARKS
    truth = data[1].truth
    assert truth.pose.tolist() == [[6, 7], [8, 9], [10, 11]]
    assert truth.pose_visible.tolist() == [2, 2, 2]
    assert truth.instances.boxes.tolist() == [[10, 4, 26, 16]]
    assert truth.instances.area.tolist() == [41]
    assert truth.label is None
    assert (data.size(0), data.classes_of(1), data[0].image.shape) == ((20, 30), {1}, (3, 20, 30))
    assert data.beneath(0)[1] == 1
    assert PersonCrop().square((20, 30), truth) == (18, 10, 20, "box")
    assert data.truth(0).present() <= data.fields


def test_what_is_no_sample_is_counted_and_told() -> None:
    data = PersonSamples(listing(people(), joints=MARKS))
    assert data.left_out == {"crowds": 1, "without annotated joints": 1, "with one joint and no box": 1}
    assert "2 persons of 1 pictures" in data.note
    assert "1 rows without annotated joints are left out" in data.note
    with pytest.raises(ConfigError, match="persons with annotated joints"):
        PersonSamples(listing(empty(), joints=MARKS))
    with pytest.raises(ConfigError, match="keypoints"):
        PersonSamples(listing(Annotation(label=torch.tensor(0))))


def test_data_are_made_over_only_where_a_pose_is_needed_and_lacking() -> None:
    joined, scenes = listing(people(), joints=MARKS), Scenes(4, 32)
    assert isinstance(with_persons(joined, {"pose"}), PersonSamples)
    assert with_persons(joined, {"instances.keypoints"}) is joined
    assert with_persons(scenes, {"pose", "pose_visible"}) is scenes
    opened = open_training_data(joined, joined, TrainSettings(), {"pose", "pose_visible"})
    assert (len(opened.train), len(opened.val)) == (2, 2)
    assert sum("2 persons of 1 pictures" in note for note in opened.notes) == 1


def test_a_digest_tells_when_a_person_s_joints_change(tmp_path: Path) -> None:
    first = truth_digest(PersonSamples(open_coco(write_coco_persons(tmp_path / "a"), "train")))
    again = truth_digest(PersonSamples(open_coco(write_coco_persons(tmp_path / "b"), "train")))
    other = truth_digest(PersonSamples(open_coco(write_coco_persons(tmp_path / "c", shift=1.0), "train")))
    assert first == again
    assert first != other


def test_batches_show_each_person_in_its_own_square(tmp_path: Path) -> None:
    system = pose_system(LearningHead(3), MARKS.names)
    data = PersonSamples(listing(people(), joints=MARKS))
    (batch,) = Loader(data, system.input, LoaderSettings(batch=2)).epoch(0)
    assert batch.images.shape == (2, 3, 64, 64)
    boxes = torch.cat([one.instances.boxes for one in batch.truth])
    torch.testing.assert_close((boxes[:, :2] + boxes[:, 2:]) / 2, torch.full((2, 2), 32.0))
    torch.testing.assert_close((boxes[:, 2:] - boxes[:, :2]).amax(1), torch.full((2,), 64 / 1.25))
    assert [one.instances.area.item() for one in batch.undo(batch.truth)] == pytest.approx([40, 41])


def test_a_run_learns_from_persons_and_says_what_tells_their_squares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system = pose_system(LearningHead(3), MARKS.names)
    data = PersonSamples(listing(people(), joints=MARKS))
    run = train(tmp_path / "run", system, data, steps=12, augment="none,scale=0.8:1.2,rotate=20,flip=0.5", val=data)
    said = capsys.readouterr()
    assert "squares around persons are known by the box (2)" in said.out + said.err
    saved = (run.path / "config.yaml").read_text()
    assert "rule: person" in saved
    assert "padding: 1.25" in saved
