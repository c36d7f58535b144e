"""What a network's last layers say of classes, kept where other classes join them.

A class's outputs are found by its name: what one network says of it, the other begins with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saccade.core.vocabulary import Vocabularies, key_of
from saccade.network.frozen_parts import inside
from saccade.network.head import Head
from saccade.network.system import System


def class_rows(
    system: System, names: Sequence[str], held: Mapping[str, Tensor], known: Vocabularies
) -> dict[str, Tensor]:
    """Weights that begin with what another network's last layers say of the classes that both know.

    Args:
        system: What is to begin with them; what it says of other classes stays as it begins.
        names: Weights whose shape is another than that of the file.
        held: The other network's weights.
        known: Its classes.

    Returns:
        Those of the weights of which a part can be taken.
    """
    own = system.state_dict()
    layouts = {name: layout for name in names if (layout := _layout(system, name, known)) is not None}
    found = {name: layout.moved(own[name], held[name]) for name, layout in layouts.items()}
    return {name: value for name, value in found.items() if value is not None}


def of_other_classes(system: System, names: Sequence[str], known: Vocabularies) -> list[str]:
    """Those of a system's weights that say something of classes, where another network's are as many and others.

    Args:
        system: What begins with the other network's weights.
        names: Weights that have the same shape in both.
        known: The other network's classes.
    """
    layouts = {name: _layout(system, name, known) for name in names}
    return [name for name, layout in layouts.items() if layout is not None and tuple(layout.old) != tuple(layout.new)]


@dataclass(frozen=True)
class ClassLayout:
    """Where the outputs of classes lie along an axis of weights: group by group, background's before the classes'.

    Attributes:
        old: Names of the classes that weights were learnt for.
        new: Names of those that they are wanted for.
        together: How many numbers of one class lie together.
    """

    old: Sequence[str]
    new: Sequence[str]
    together: int

    def moved(self, begun: Tensor, learnt: Tensor) -> Tensor | None:
        """Weights as they begin, with what was learnt of the classes that both know; None where nothing fits."""
        if begun.dim() != learnt.dim() or not set(self.old) & set(self.new):
            return None
        axes = list(zip(learnt.shape, begun.shape, strict=True))
        if any(pair not in ((pair[0], pair[0]), axes[0]) for pair in axes[1:]):
            return None  # a hidden layer of another size, and no kernel a pair of classes
        places = [self._places(old, new) for old, new in axes]
        return None if None in places else _copied(begun, learnt, [place for place in places if place is not None])

    def _places(self, old: int, new: int) -> tuple[Tensor, Tensor] | None:
        """Places that belong together along one axis, the old ones and the new ones."""
        if old == new:
            return torch.arange(old), torch.arange(new)
        for background in (0, 1):
            before, after = ((len(names) + background) * self.together for names in (self.old, self.new))
            if before and old % before == 0 and new == old // before * after:
                both = [name for name in self.new if name in self.old]
                rows = [(row, row) for row in range(background)]
                rows += [(self.old.index(name) + background, self.new.index(name) + background) for name in both]
                groups, each = torch.arange(old // before)[:, None, None], torch.arange(self.together)
                shared = torch.tensor(rows).reshape(-1, 2).T[..., None] * self.together + each
                return (groups * before + shared[0]).flatten(), (groups * after + shared[1]).flatten()
        return None


def _copied(begun: Tensor, learnt: Tensor, places: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """`begun` with the values of `learnt` that lie at places which belong together along every axis."""
    for axis, (old, _) in enumerate(places):
        learnt = learnt.index_select(axis, old)
    found = begun.clone()
    found[torch.meshgrid(*[new for _, new in places], indexing="ij")] = learnt.to(found)
    return found


def _layout(system: System, name: str, known: Vocabularies) -> ClassLayout | None:
    """The layout of a weight of the heads, where its head says so, and the other network's classes are known."""
    path = name.split(".")
    if path[0] != "heads":
        return None
    head = system.get_submodule(".".join(path[:2]))
    if not isinstance(head, Head):
        return None
    within = ".".join(path[2:])
    together = [count for layer, count in head.class_layers.items() if inside(within, layer)]
    keys = {key_of(field) for field in head.gives | head.needs}
    for key in ("instances", "semantic"):
        if together and key in keys and key in known and key in system.vocabularies:
            return ClassLayout(known[key], system.vocabularies[key], together[0])
    return None
