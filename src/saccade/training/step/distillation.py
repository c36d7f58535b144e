"""What a network that learns further classes costs where it says other things of the old ones than its teacher.

Sources: Hinton, Vinyals, Dean 2015, Distilling the knowledge in a neural network, arXiv 1503.02531; Shmelkov, Schmid,
Alahari 2017, Incremental learning of object detectors without catastrophic forgetting, arXiv 1708.06977, in which the
old network tells the new one scores and boxes of the same regions.
"""

import torch
from torch import Tensor

from saccade.core.batch import Batch
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.network.protocols.teachable import Lesson, Teachable
from saccade.network.system import System

# What the distance from the teacher counts beside the other terms.
WEIGHT = 4.0


class Distillation:
    """A teacher at work: what it says of each batch, and how far a learner is from that.

    Args:
        teacher: The network that knows the old classes; it stays as it is.
        system: The one that learns; a head of it that a teacher's has the name of is taught where both can be.
    """

    def __init__(self, teacher: System, system: System) -> None:
        self.teacher, self.heads = teacher.eval().requires_grad_(False), taught_heads(system, teacher)
        own, theirs = (one.vocabularies.get("instances", ()) for one in (system, teacher))
        self.places = torch.tensor([own.index(name) for name in theirs], dtype=torch.int64)

    def terms(self, maps: Maps, batch: Batch) -> dict[str, Tensor]:
        """Scalars by ``head/term``.

        Args:
            maps: The learner's maps of the batch.
            batch: Pictures.
        """
        with torch.no_grad():
            told = self.teacher.maps(batch)
        found: dict[str, Tensor] = {}
        for name, (head, other) in self.heads.items():
            lesson = Lesson(other, told, self.places.to(maps.sizes.device), batch.truth or ())
            found |= {f"{name}/{term}": WEIGHT * value for term, value in head.distance(maps, lesson).items()}
        return found


def taught_heads(system: System, teacher: System) -> dict[str, tuple[Teachable, Head]]:
    """Heads of a learner that begins with the teacher's trunk and has like heads, each with the teacher's own.

    Of one that begins otherwise the maps of a trunk that stands still, which are computed once, would not be the
    teacher's.
    """
    own, theirs = system.trunk.state_dict(), teacher.trunk.state_dict()
    if system.input != teacher.input or list(own) != list(theirs):
        return {}
    if not all(torch.equal(value.cpu(), theirs[name].cpu()) for name, value in own.items()):
        return {}
    found: dict[str, tuple[Teachable, Head]] = {}
    others = dict(teacher.each_head())
    for name, head in system.each_head():
        other = others.get(name)
        if isinstance(head, Teachable) and head.teachable and other is not None and _alike(head, other):
            found[name] = head, other
    return found


def _alike(head: Head, other: Head) -> bool:
    """Whether both are of one kind, with the same parts."""
    return type(head) is type(other) and list(head.state_dict()) == list(other.state_dict())
