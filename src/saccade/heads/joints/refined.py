"""Joints that are looked at again, each in a square around where it was thought to be.

Paper: Toshev, Szegedy 2014, DeepPose: Human pose estimation via deep neural networks, arXiv 1312.4659, section 3.2.

Legend: B pictures, K joints, n samples of each picture, s side of the squares in pixels of the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.heads.heatmaps.heatmap_head import joints_of
from saccade.heads.joints.regressed import RegressedJoints, RegressedJointsHead, decoded
from saccade.network.head import Head, full_precision
from saccade.network.maps import IMAGE, Maps
from saccade.ops.joint_boxes import cut_squares, diameters, placed

# Pictures of a batch whose errors are observed at each step: to look at all joints of all pictures would cost more than
# to learn from some.
OBSERVED = 8
# Share of what is known of the errors that a step may change at least.
MOMENTUM = 0.02


@dataclass(frozen=True)
class JointSquares:
    """Which square a joint is looked at in, and how many are learnt from.

    Attributes:
        side: s.
        sigma: Sides of a square in diameters of the person's trunk.
        diagonals: Positions of a shoulder and the opposite hip (`diameters`).
        samples: Joints of a picture that are learnt from at each step, drawn among those that are annotated; from K on
            all of them.
        noise: Factor of the deviations by which their squares are moved.
    """

    side: int
    sigma: float
    diagonals: tuple[tuple[int, int], ...]
    samples: int = 1
    noise: float = 1.0


class JointErrors(nn.Module):
    """Mean and variance of the errors of the stage before, in sides of a square: running statistics of what is seen.

    They change in training alone, as those of a normalisation do.

    Args:
        joints: K.
    """

    mean: Tensor
    variance: Tensor
    steps: Tensor

    def __init__(self, joints: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(joints, 2))
        self.register_buffer("variance", torch.full((joints, 2), 0.01))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def observe(self, errors: Tensor, known: Tensor) -> None:
        """Takes errors (B, K, 2) of joints, those that are `known` (B, K) alone."""
        self.steps += 1
        counts = known.sum(0)[:, None]
        seen = (errors * known[..., None]).sum(0) / counts.clamp(min=1)
        spread = ((errors - seen).square() * known[..., None]).sum(0) / counts.clamp(min=1)
        share = torch.where(counts > 0, max(1 / int(self.steps), MOMENTUM), 0.0)
        between = share * (1 - share) * (seen - self.mean).square()
        self.variance.copy_(
            torch.where(counts > 0, (1 - share) * self.variance + share * spread + between, self.variance)
        )
        self.mean.lerp_(seen, share)

    def draw(self, pictures: int) -> Tensor:
        """(B, K, 2) errors as they may occur, independent normal numbers."""
        noise = torch.randn(pictures, *self.mean.shape, device=self.mean.device)
        return self.mean + noise * self.variance.sqrt()


class RefinedJointsHead(Head):
    """The joints of the stage before, each moved by what one network says of the square around it.

    The network says all K joints of every square, of which that joint's own is read. It learns from squares around true
    joints, moved as the stage before errs: `JointErrors`.

    Args:
        before: The head whose joints are refined; it stays another head's, and is run to get them.
        network: Makes (n, 2K) numbers of squares (n, C, s, s).
        joints: K.
        squares: Which squares there are.
    """

    gives = frozenset({"pose", "pose_visible"})
    needs = frozenset({"pose", "pose_visible"})
    terms = ("joints",)
    by_picture = True

    def __init__(
        self,
        before: "RegressedJointsHead | RefinedJointsHead",
        network: nn.Module,
        joints: int,
        squares: JointSquares,
    ) -> None:
        super().__init__()
        # In a tuple it is no module of this one: its weights are saved, moved and trained once, under its own name.
        self._before = (before,)
        self.reads = tuple(dict.fromkeys((*before.reads, IMAGE)))
        self.network, self.joints, self.squares, self.errors = network, joints, squares, JointErrors(joints)

    def forward(self, maps: Maps) -> RegressedJoints:
        """The joints of each picture, refined."""
        places = self._estimate(maps)
        sides = self._sides(places, torch.ones_like(places[..., 0], dtype=torch.bool), maps.sizes)
        every = sides[:, None].expand(-1, self.joints)
        told = self._told(maps[IMAGE], places, every)
        # Of each square the joint that it was cut out for.
        own = told.diagonal(dim1=1, dim2=2).transpose(1, 2)
        return RegressedJoints(placed(own, places, every[..., None]))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Squared distance of each sampled joint in sides of its square, a sum over joints, a mean over pictures.

        Raises:
            DataError: There are not as many joints as the network has.
        """
        places, annotated = joints_of(truth, self.joints)
        sides = self._sides(places, annotated, maps.sizes)
        if self.errors.training:
            self._observe(maps, places, annotated, sides)
        chosen, learnt = self._sampled(annotated)
        pick = chosen[..., None].expand(-1, -1, 2)
        shift = self.squares.noise * self.errors.draw(len(places)).gather(1, pick)
        every = sides[:, None].expand(chosen.shape)
        told = self._told(maps[IMAGE], places.gather(1, pick) + shift * every[..., None], every)
        own = told.gather(2, chosen[:, :, None, None].expand(-1, -1, 1, 2))[:, :, 0]
        # Each joint stands for as many as are annotated for one that is sampled.
        weight = annotated.sum(1) / learnt.sum(1).clamp(min=1)
        return {"joints": (((own + shift).square().sum(-1) * learnt).sum(1) * weight).mean()}

    def decode(self, raw: RegressedJoints) -> list[Annotation]:
        """The joints of each picture, all of which are said to be found."""
        return decoded(raw)

    def views(self, maps: Maps) -> dict[str, list[Annotation] | Tensor]:
        """``pose``: what it says."""
        return {"pose": self.decode(full_precision(self(maps)))}

    def _estimate(self, maps: Maps) -> Tensor:
        """(B, K, 2) what the stage before says, which does not learn of this one."""
        (before,) = self._before
        return before(maps).places.detach().float()

    def _sides(self, places: Tensor, known: Tensor, sizes: Tensor) -> Tensor:
        """(B,) sides of a picture's squares."""
        return self.squares.sigma * diameters(places, known, self.squares.diagonals, sizes)

    def _told(self, images: Tensor, centres: Tensor, sides: Tensor) -> Tensor:
        """(B, n, K, 2) what the network says of the squares around (B, n, 2), relative to each."""
        squares = cut_squares(images, centres, sides, self.squares.side)
        told = self.network(squares.flatten(0, 1)).float()
        return told.unflatten(0, (-1, centres.shape[1])).unflatten(2, (self.joints, 2))

    def _observe(self, maps: Maps, places: Tensor, annotated: Tensor, sides: Tensor) -> None:
        few = list(range(min(OBSERVED, len(places))))
        with torch.no_grad():
            found = self._estimate(maps.pick(few))
        part = slice(0, len(few))
        self.errors.observe((found - places[part]) / sides[part, None, None], annotated[part])

    def _sampled(self, annotated: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n) joints that are learnt from, annotated ones first, and (B, n) bool, which of them are."""
        if self.squares.samples >= self.joints:
            order = torch.arange(self.joints, device=annotated.device).expand(annotated.shape)
        else:
            chance = torch.rand(annotated.shape, device=annotated.device) + annotated
            order = chance.argsort(1, descending=True)[:, : self.squares.samples]
        return order, annotated.gather(1, order)
