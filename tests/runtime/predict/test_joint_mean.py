"""Maps of joints of several views: left and right change places, and the mean decides."""

from dataclasses import replace

import torch

from saccade.core.annotation import Annotation
from saccade.core.frame import Frame
from saccade.core.geometry.affine import mirror, scaling
from saccade.core.input.input_spec import InputSpec
from saccade.core.joint_maps import JointMaps
from saccade.core.joint_names import mirrored_pairs
from saccade.ops.heatmaps import gaussian_maps, peaks
from saccade.runtime.predict.views.joint_mean import SeenJoints, mean_of_joints
from saccade.runtime.predict.views.merge import Agreement
from saccade.runtime.predict.views.multi_scale_flip import viewing

PITCH = 4.0
NAMES = ("left_knee", "right_knee", "neck")
OWN = torch.tensor([[20.0, 40.0], [44.0, 40.0], [32.0, 10.0]])
SIDE = 64


def maps_of(places: torch.Tensor, side: int = SIDE) -> JointMaps:
    cells = side // int(PITCH)
    return JointMaps(gaussian_maps(places / PITCH, (cells, cells)), torch.tensor(PITCH))


def plain() -> Frame:
    return Frame.identity((SIDE, SIDE))


def test_the_mean_of_a_picture_and_its_mirror_image_is_taken_cell_by_cell():
    draw = torch.Generator().manual_seed(3)
    first, second = torch.rand(2, 3, 16, 16, generator=draw)
    pitch, pairs = torch.tensor(PITCH), ((0, 1),)
    mirrored = Frame(mirror(SIDE), (SIDE, SIDE), (SIDE, SIDE), pairs)
    seen = [SeenJoints(JointMaps(first, pitch), plain()), SeenJoints(JointMaps(second, pitch), mirrored)]
    wanted, heights = peaks((first + second[[1, 0, 2]].flip(-1)) / 2)
    found = mean_of_joints(seen)
    torch.testing.assert_close(found.pose, wanted * PITCH)
    torch.testing.assert_close(found.pose_scores, heights)


def test_views_of_other_sizes_agree_in_the_picture_s_own_pixels():
    larger = Frame(scaling(2, 2), (SIDE, SIDE), (2 * SIDE, 2 * SIDE))
    seen = [SeenJoints(maps_of(OWN), plain()), SeenJoints(maps_of(2 * OWN, 2 * SIDE), larger)]
    found = mean_of_joints(seen)
    assert float((found.pose - OWN).abs().max()) <= PITCH / 2
    assert found.pose_visible.tolist() == [2, 2, 2]


def test_a_mirrored_view_that_sees_all_as_it_is_changes_nothing():
    """What is at the left of a mirrored picture is called the left knee there, and is the right one."""
    seen = replace(viewing(flip=True), pairs=mirrored_pairs(NAMES))
    views = list(seen.of((SIDE, SIDE), InputSpec("stretch", (SIDE, SIDE))))
    found = Agreement(views, None)
    for place, view in enumerate(views):
        there = OWN if not view.mirrored else torch.stack([SIDE - OWN[[1, 0, 2], 0], OWN[[1, 0, 2], 1]], 1)
        said = Annotation(pose=there, pose_visible=torch.full((3,), 2), pose_scores=torch.ones(3))
        alone = found.add(place, said, view.frame)
    assert alone is not None
    torch.testing.assert_close(alone.pose, OWN)
    assert alone.pose_maps is None
