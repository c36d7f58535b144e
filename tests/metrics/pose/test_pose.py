"""Joints of one person: by hand-sized numbers, and against plain loops."""

import math
import pickle

import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation, Person
from saccade.core.errors import UsageError
from saccade.core.joint_names import COCO_NAMES, MPII_NAMES
from saccade.metrics.families import choose
from saccade.metrics.pose.pose import Pose
from saccade.metrics.pose.schema import is_mpii, joint_rows, sticks, torso
from saccade.metrics.sections import Curves, Table

FLIC = ("left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist", "left_hip")
FLIC = (*FLIC, "right_hip", "left_eye", "right_eye", "nose")
NAN = float("nan")


def person(points, visible=None, head=None, scale=None):
    points = torch.tensor(points)
    marks = torch.full(points.shape[:1], 2) if visible is None else torch.tensor(visible)
    size = None if head is None else torch.tensor(float(head))
    return Annotation(
        pose=points,
        pose_visible=marks,
        person=Person(head_size=size, scale=None if scale is None else torch.tensor(scale)),
    )


def guess(points):
    return Annotation(pose=torch.tensor(points), pose_visible=torch.full((len(points),), 2))


def test_nine_pixels_of_a_head_of_twenty_and_a_torso_of_fifty_are_right():
    """The worked example: 9 / 20 = .45 is within .5, 9 / 50 = .18 within .2."""
    names = ("left_shoulder", "right_hip")
    metric = Pose(names)
    metric.update(guess([[9.0, 0], [0, 50]]), person([[0.0, 0], [0, 50]], head=20), "a")
    assert metric.result() == {"pckh": 1.0, "pck": 1.0, "pcp": None}
    metric.update(guess([[11.0, 0], [0, 50]]), person([[0.0, 0], [0, 50]], head=20), "b")
    assert metric.result() == {"pckh": 0.75, "pck": 0.75, "pcp": None}


def test_pckh_counts_hidden_joints_skips_missing_ones_and_holds_nan_for_infinite():
    truth = torch.zeros(2, 3, 2)
    given = torch.tensor([[[10.0, 0], [3, 4], [100, 0]], [[10.1, 0], [NAN, NAN], [0, 0]]])
    visible = torch.tensor([[2, 1, 0], [1, 2, 2]])
    per_joint, mean = sc.metrics.pckh(given, truth, torch.tensor([20.0, 20.0]), visible)
    assert per_joint.tolist() == [0.5, 0.5, 1.0]  # 10 of 20 is right, for the threshold itself is within
    assert mean == pytest.approx(3 / 5)  # of five joint instances, and no mean of rows
    stricter, _ = sc.metrics.pckh(given, truth, torch.tensor([20.0, 20.0]), visible, at=0.1)
    assert stricter.tolist() == [0.0, 0.0, 1.0]


def test_pckh_of_nothing_is_undefined_and_shapes_are_looked_at():
    per_joint, mean = sc.metrics.pckh(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), torch.ones(1), torch.zeros(1, 2))
    assert per_joint.isnan().all()
    assert mean is None
    assert sc.metrics.pckh(torch.zeros(0, 2, 2), torch.zeros(0, 2, 2), torch.ones(0), torch.zeros(0, 2))[1] is None
    with pytest.raises(UsageError, match=r"head_size \(N,\)"):
        sc.metrics.pckh(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), torch.ones(2), torch.zeros(1, 2))
    with pytest.raises(UsageError, match="above 0"):
        sc.metrics.pckh(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), torch.zeros(1), torch.zeros(1, 2))


def plain_shares(given, truth, heads, visible, at):
    """PCKh by the plainest loops."""
    right, known = [0] * given.shape[1], [0] * given.shape[1]
    for n in range(len(given)):
        for k in range(given.shape[1]):
            if visible[n, k] > 0:
                known[k] += 1
                far = math.dist(given[n, k].tolist(), truth[n, k].tolist())
                right[k] += not math.isnan(far) and far / float(heads[n]) <= at
    return [r / k for r, k in zip(right, known, strict=True)], sum(right) / sum(known)


@pytest.mark.parametrize("seed", range(3))
def test_pckh_equals_plain_loops(seed):
    draw = torch.Generator().manual_seed(seed)
    truth = torch.rand(30, 5, 2, generator=draw) * 200
    given = truth + torch.randn(30, 5, 2, generator=draw) * 12
    given[torch.rand(30, 5, generator=draw) < 0.1] = NAN
    heads, visible = 10 + torch.rand(30, generator=draw) * 20, torch.randint(0, 3, (30, 5), generator=draw)
    per_joint, mean = sc.metrics.pckh(given, truth, heads, visible)
    wanted, total = plain_shares(given, truth, heads, visible, 0.5)
    assert per_joint.tolist() == pytest.approx(wanted)
    assert mean == pytest.approx(total)


def standing():
    """MPII's 16 joints of a person, a head of 40 pixels."""
    heights = {"ankle": 300, "knee": 240, "hip": 180, "wrist": 190, "elbow": 140, "shoulder": 90}
    middle = {"pelvis": 180, "thorax": 85, "upper_neck": 70, "head_top": 10}
    places = []
    for name in MPII_NAMES:
        side = 30.0 if name.startswith("left") else -30.0
        part = name.split("_")[-1]
        places.append([0.0, float(middle[name])] if name in middle else [side, float(heights[part])])
    return places


def test_mpii_leaves_pelvis_and_thorax_out_and_tells_sides_together():
    metric, truth = Pose(MPII_NAMES), standing()
    wrong = [list(place) for place in truth]
    for name in ("pelvis", "thorax", "head_top", "left_wrist"):
        wrong[MPII_NAMES.index(name)][0] += 1000
    metric.update(guess(wrong), person(truth, head=40), "a")
    metric.update(guess(truth), person(truth, [2] * 10 + [0] * 6, head=40), "b")
    # 14 joints of the first person, 8 of the second: its arms are not annotated; three of them all are wrong
    assert metric.result()["pckh"] == pytest.approx((14 - 2 + 8) / 22)
    tables = {part.title: part for part in metric.sections()[0].parts if isinstance(part, Table)}
    rows = tables["As MPII tells it"]
    assert rows.rows == ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "all joints")
    # the neck is right twice, the top once of two: the mean; of the wrists the right one is right
    assert rows["pckh"] == pytest.approx([0.75, 1, 1, 0.5, 1, 1, 1, 20 / 22])


def test_sticks_are_right_by_both_ends_or_loosely_by_their_mean():
    names = ("left_shoulder", "left_elbow", "left_wrist")
    truth = person([[0.0, 0], [10, 0], [20, 0]])
    metric = Pose(names)
    assert [stick.row for stick in sticks(names)] == ["upper arms", "lower arms"]
    # upper arm: ends 0 and 5 of 10 away, right; lower arm: 5 and 6, wrong by one end, and by the mean of 5.5
    metric.update(guess([[0.0, 0], [10, 5], [20, 6]]), truth, "a")
    assert metric.result() == {"pckh": None, "pck": pytest.approx(1 / 3), "pcp": 0.5}
    # 4 and 6: wrong by both ends, right by their mean
    metric.update(guess([[0.0, 0], [10, 4], [20, 6]]), truth, "b")
    sticks_table = next(part for part in metric.sections()[0].parts if getattr(part, "title", "") == "Sticks")
    assert sticks_table["pcp"] == [1.0, 0.0, 0.5]
    assert sticks_table["pcp_loose"] == [1.0, 0.5, 0.75]
    metric.update(guess([[0.0, 0], [NAN, NAN], [20, 0]]), truth, "c")
    assert metric.result()["pcp"] == pytest.approx(2 / 6)


def test_ten_sticks_of_a_whole_body_and_six_of_flic():
    assert len(sticks(MPII_NAMES)) == 10
    assert {stick.row for stick in sticks(MPII_NAMES)} == {
        *("torso", "head", "upper arms", "lower arms", "upper legs", "lower legs")
    }
    assert [stick.row for stick in sticks(FLIC)] == ["torso", *["upper arms"] * 2, *["lower arms"] * 2]
    assert len(sticks(COCO_NAMES)) == 9


def test_the_torso_is_from_a_shoulder_to_the_opposite_hip_else_the_person_is_the_measure():
    assert torso(FLIC) == (0, 7)
    assert torso(("l shoulder", "r hip")) == (0, 1)
    assert torso(("nose",)) is None
    names, truth = ("nose", "tail"), [[0.0, 0], [100, 0]]
    by_box, by_height = Pose(names), Pose(names)
    by_box.update(guess([[10.0, 0], [111, 0]]), person(truth), "a")  # 10 and 11 of 100: the box around the joints
    assert by_box.result()["pck"] == 0.5
    by_height.update(guess([[10.0, 0], [111, 0]]), person(truth, scale=1.0), "a")  # of 200
    assert by_height.result()["pck"] == 1.0
    assert "height" in by_height.sections()[0].lead


def test_a_person_without_its_torso_counts_for_pckh_alone():
    metric = Pose(FLIC)
    truth = [[float(k), 0.0] for k in range(11)]
    metric.update(guess(truth), person(truth, [0] + [2] * 10, head=10), "a")
    assert metric.result() == {"pckh": 1.0, "pck": None, "pcp": 1.0}


def test_names_are_known_however_they_are_written():
    spelt = [name.replace("left_", "l ").replace("right_", "r ").replace("_", " ") for name in MPII_NAMES]
    assert is_mpii(spelt)
    assert joint_rows(spelt) == joint_rows(MPII_NAMES)
    assert joint_rows(("nose", "left_eye", "right_eye")) == {"nose": (0,), "eye": (1, 2)}


def test_the_curve_s_area_is_that_of_its_line():
    names = ("left_shoulder", "right_hip")
    metric = Pose(names)
    metric.update(guess([[2.0, 0], [0, 50]]), person([[0.0, 0], [0, 50]], head=20), "a")  # .1 and 0 of the head
    curves = next(part for part in metric.sections()[0].parts if isinstance(part, Curves))
    assert curves.reach == 0.5
    by_name = {curve.name: curve for curve in curves.curves}
    assert by_name["hip"].area == 1
    assert by_name["shoulder"].area == pytest.approx(0.8)  # 0 up to .1, 1 from there on
    assert by_name["shoulder"].y[9:11] == (0.0, 1.0)
    assert (by_name["shoulder"].x[10], by_name["shoulder"].x[-1]) == (0.1, 0.5)


def test_persons_merge_over_processes_and_have_rows_intervals_and_badness():
    parts = [Pose(FLIC), Pose(FLIC)]
    truth = [
        [0.0, 0],
        [5, 20],
        [9, 40],
        [30, 0],
        [35, 20],
        [39, 40],
        [0, 60],
        [30, 60],
        [12, -20],
        [18, -20],
        [15, -15],
    ]
    moved = [[x + 8, y] for x, y in truth]  # the torso is 67 pixels long
    assert parts[0].update(guess(truth), person(truth, head=15), "a") == 0
    assert parts[1].update(guess(moved), person(truth, head=15), "b") == pytest.approx(8 / 15)
    assert parts[1].update(guess(moved), person(truth, [0] * 11), "none") is None
    whole = Pose(FLIC)
    whole.merge(pickle.loads(pickle.dumps([part.state() for part in parts])))
    assert whole.result() == {"pckh": 0.5, "pck": 1.0, "pcp": 1.0}
    table = whole.by_picture()
    assert (table.ids, table.columns["picture_pckh"], table.columns["joints"]) == (("a", "b"), [1.0, 0.0], [11, 11])
    headline = whole.headline()
    assert headline.names == ("pckh", "pck")
    assert headline.resampling is not None
    import numpy as np

    assert headline.resampling.scores(np.array([[1, 1], [2, 0], [0, 2]])).tolist() == [0.5, 1.0, 0.0]


def test_nothing_is_undefined_and_joints_without_names_are_numbered():
    assert set(Pose(MPII_NAMES).result().values()) == {None}
    assert Pose(MPII_NAMES).sections()
    metric = Pose(())
    metric.update(guess([[0.0, 0], [100, 0]]), person([[0.0, 0], [100, 0]]), "a")
    assert metric.result()["pck"] == 1.0
    assert metric.sections()[0].parts[0].rows == ("joint 1", "joint 2")


def test_it_applies_where_poses_are_told_and_known():
    names = {"instances": ("person",), "joints": FLIC}
    (metric,) = choose(frozenset({"pose", "pose_visible"}), frozenset({"pose", "pose_visible", "label"}), names)
    assert isinstance(metric, Pose)
    assert metric.names == FLIC
