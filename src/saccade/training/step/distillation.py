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
from saccade.network.system import System


class Distillation:
    """A teacher at work: what it says of each batch, and how far a learner is from that.

    Args:
        teacher: The network that knows the old classes; it stays as it is.
        system: The one that learns; a head of it that a teacher's has the name of is taught where both can be.
    """

    def __init__(self, teacher: System, system: System) -> None:
        self.teacher, self.heads = teacher.eval().requires_grad_(False), distilled_heads(system, teacher)
        own, theirs = (one.vocabularies.get("instances", ()) for one in (system, teacher))
        self.places = torch.tensor([own.index(name) for name in theirs], dtype=torch.int64)

    def terms(self, system: System, maps: Maps, batch: Batch) -> dict[str, Tensor]:
        """Scalars by ``head/term``.

        Args:
            system: The one that learns.
            maps: Its maps of the batch.
            batch: Pictures.
        """
        with torch.no_grad():
            told = self.teacher.maps(batch)
        found: dict[str, Tensor] = {}
        for name in self.heads:
            head, other = (_head(one, name) for one in (system, self.teacher))
            distance = head.distance(maps, other, told, self.places.to(maps.sizes.device))
            found |= {f"{name}/{term}": value for term, value in distance.items()}
        return found


def distilled_heads(system: System, teacher: System) -> tuple[str, ...]:
    """Heads that a teacher can teach: those that it has as well, of a learner that begins with its trunk.

    Of one that begins otherwise the maps of a trunk that stands still, which are computed once, would not be the
    teacher's.
    """
    own, theirs = system.trunk.state_dict(), teacher.trunk.state_dict()
    if system.input != teacher.input or list(own) != list(theirs):
        return ()
    if not all(torch.equal(value.cpu(), theirs[name].cpu()) for name, value in own.items()):
        return ()
    pairs = ((name, head, teacher.heads[name]) for name, head in system.each_head() if name in teacher.heads)
    return tuple(name for name, head, other in pairs if _alike(head, other))


def _alike(head: Head, other: torch.nn.Module) -> bool:
    """Whether one can teach the other: both are of one kind, and have the same parts."""
    same = type(head) is type(other) and isinstance(other, Head) and head.distils and other.distils
    return same and list(head.state_dict()) == list(other.state_dict())


def _head(system: System, name: str) -> Head:
    return dict(system.each_head())[name]
