"""A cascade of joints: where a later stage looks, what it learns from, and that stages learn one by one."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.heads.joints.refined import JointErrors, JointSquares, RefinedJointsHead
from saccade.heads.joints.regressed import RegressedJointsHead
from saccade.network.maps import Maps
from saccade.ops.joint_boxes import cut_squares, diameters
from saccade.systems.build import build

JOINTS, SIDE = 3, 8
DIAGONALS = ((0, 1),)
TRUTH = torch.tensor([[10.0, 12.0], [22.0, 28.0], [16.0, 20.0]])


class Recorder(nn.Module):
    """Says of every square the same numbers, and remembers the squares."""

    def __init__(self, told: Tensor) -> None:
        super().__init__()
        self.told, self.seen = nn.Parameter(told.flatten().clone()), []

    def forward(self, squares: Tensor) -> Tensor:
        self.seen.append(squares.detach())
        return self.told.expand(len(squares), -1)


class Estimate(nn.Module):
    """Numbers that put joints where they are asked for, in a picture of 32 pixels."""

    def __init__(self, places: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", ((places - 16) / 32).flatten())

    def forward(self, maps: Tensor) -> Tensor:
        return self.values.expand(len(maps), -1)


def maps(pictures: int = 1) -> Maps:
    draw = torch.Generator().manual_seed(5)
    images = torch.rand(pictures, 3, 32, 32, generator=draw)
    return Maps({"image": images, "deep": torch.zeros(pictures, 4, 1, 1)}, torch.tensor([[32, 32]] * pictures))


def shown(**other: Tensor) -> Annotation:
    return Annotation(pose=TRUTH, pose_visible=torch.tensor([2, 2, 2]), **other)


def head(told: Tensor, estimate: Tensor = TRUTH, **rules: float) -> RefinedJointsHead:
    first = RegressedJointsHead("deep", Estimate(estimate), JOINTS)
    squares = replace(JointSquares(SIDE, 1.0, DIAGONALS, samples=JOINTS, noise=0.0), **rules)
    return RefinedJointsHead(first, Recorder(told), JOINTS, squares)


def test_joint_i_moves_by_what_is_said_of_it_in_its_own_square() -> None:
    told = torch.tensor([[0.1, 0.0], [0.0, 0.2], [-0.1, 0.1]])
    found = head(told)(maps()).places
    side = 20.0  # from (10, 12) to (22, 28)
    torch.testing.assert_close(found[0], TRUTH + told * side)


def test_squares_stand_around_the_estimates_with_sigma_times_the_trunk_as_sides() -> None:
    estimate = TRUTH + torch.tensor([[2.0, -1.0], [1.0, 1.0], [0.0, 3.0]])
    refined = head(torch.zeros(JOINTS, 2), estimate, sigma=1.5)
    refined(maps())
    known = torch.ones(1, JOINTS, dtype=torch.bool)
    sides = 1.5 * diameters(estimate[None], known, DIAGONALS, torch.tensor([[32, 32]]))
    wanted = cut_squares(maps()["image"], estimate[None], sides[:, None].expand(1, JOINTS), SIDE)[0]
    torch.testing.assert_close(refined.network.seen[0], wanted)


def test_the_loss_is_how_far_each_joint_is_from_its_moved_square_s_middle() -> None:
    """Squares are moved by the mean of the errors before, in sides: joints lie as far on the other side."""
    refined = head(torch.full((JOINTS, 2), 0.25), noise=1.0).eval()
    refined.errors.mean.copy_(torch.tensor([[0.5, 0.0], [0.0, 0.0], [-0.25, -0.25]]))
    refined.errors.variance.zero_()
    costs = torch.tensor([0.75**2 + 0.25**2, 2 * 0.25**2, 0.0])
    torch.testing.assert_close(refined.loss(maps(), [shown()])["joints"], costs.sum())
    hidden = replace(shown(), pose_visible=torch.tensor([2, 0, 2]))
    torch.testing.assert_close(refined.loss(maps(), [hidden])["joints"], costs[[0, 2]].sum())


def test_few_sampled_joints_stand_for_all_that_are_annotated() -> None:
    refined = head(torch.zeros(JOINTS, 2), noise=1.0, samples=1).eval()
    refined.errors.mean.copy_(torch.tensor([[0.5, 0.0]] * JOINTS))
    refined.errors.variance.zero_()
    only = replace(shown(), pose_visible=torch.tensor([2, 0, 1]))
    torch.testing.assert_close(refined.loss(maps(), [only])["joints"], torch.tensor(0.5))
    assert len(refined.network.seen[-1]) == 1


def test_errors_are_the_means_and_variances_of_what_was_seen() -> None:
    draw = torch.Generator().manual_seed(2)
    seen = torch.randn(400, 5, JOINTS, 2, generator=draw) * 0.2 + 0.1
    known = torch.ones(5, JOINTS, dtype=torch.bool)
    known[:, 2] = False
    errors = JointErrors(JOINTS)
    before = errors.variance[2].clone()
    for batch in seen:
        errors.observe(batch, known)
    torch.testing.assert_close(errors.mean[:2], torch.full((2, 2), 0.1), atol=0.05, rtol=0)
    torch.testing.assert_close(errors.variance[:2], torch.full((2, 2), 0.04), atol=0.015, rtol=0)
    assert torch.equal(errors.variance[2], before)
    assert not errors.mean[2].any()


def test_errors_of_the_stage_before_are_observed_in_training_alone() -> None:
    moved = TRUTH + torch.tensor([4.0, 0.0])
    refined = head(torch.zeros(JOINTS, 2), moved)
    refined.eval().loss(maps(2), [shown(), shown()])
    assert not refined.errors.mean.any()
    refined.train().loss(maps(2), [shown(), shown()])
    torch.testing.assert_close(refined.errors.mean, torch.tensor([[0.2, 0.0]] * JOINTS))  # 4 of 20 pixels
    torch.testing.assert_close(refined.errors.variance, torch.zeros(JOINTS, 2))


@pytest.fixture(scope="module")
def cascade() -> "sc.System":
    torch.manual_seed(0)
    return build("deeppose", JOINTS, trunk="resnet18", width=1 / 32, size=32, cascade=3)


def test_a_new_cascade_says_what_its_first_stage_says(cascade) -> None:
    raw = cascade.eval().forward(cascade.batch([torch.rand(3, 40, 40)]))
    torch.testing.assert_close(raw["stage3"].places, raw["stage1"].places)
    torch.testing.assert_close(raw["stage1"].places, torch.full((1, JOINTS, 2), 16.0))  # the middle


def test_each_stage_learns_alone(cascade) -> None:
    for number, stage in enumerate(cascade.recipe.stages, 1):
        own = f"heads.stage{number}"
        cascade.freeze(stage.freeze)
        learning = {path for path, p in cascade.named_parameters() if p.requires_grad}
        parts = ("trunk.", own) if number == 1 else (own,)
        wanted = {path for path, _ in cascade.named_parameters() if path.startswith(parts)}
        assert learning == wanted
        assert stage.silent == tuple(f"stage{other}" for other in (1, 2, 3) if other != number)
    cascade.freeze(())


def test_a_copy_refines_its_own_estimates(cascade) -> None:
    """The stage before is another head's: of a copied system it is the copy's."""
    other = copy.deepcopy(cascade)
    assert other.heads["stage3"]._before[0] is other.heads["stage2"]
    assert len(list(other.parameters())) == len(list(cascade.parameters()))
