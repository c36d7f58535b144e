"""What a system is called, where it is from, and what it needs: the line that `saccade systems` prints."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, Protocol

from saccade.core.options.options import arguments_of
from saccade.core.vocabulary import keys_of

if TYPE_CHECKING:  # a card is read where torch is not loaded
    from saccade.network.system import System

Task = Literal["classify", "localize", "detect", "segment", "instances", "contours", "pose", "many"]


@dataclass(frozen=True)
class HeadChoice:
    """A head that a system has where its option ``heads`` names it.

    Attributes:
        needs: Dotted fields of the truth that it learns from.
        unless: Heads in whose presence data that annotate its fields too do not ask for it: it would say the same
            again.
    """

    needs: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A system at a glance.

    Attributes:
        task: What it does with a picture.
        year: Year of the paper.
        paper: Authors, title and place to find it.
        needs: Dotted fields of the truth that it learns from.
        needs_several: Those in their place where its option ``labels`` is ``several``; none where it has no such.
        heads: What its option ``heads`` may name; none where it has no such. Those that `needs` names are built where
            nothing is said.
        size: Side of the paper's input in pixels.
        classes: Number of classes in the paper, for `describe`.
        channels: Channels of the paper's input.
    """

    task: Task
    year: int
    paper: str
    needs: tuple[str, ...]
    size: int
    classes: int = 1000
    channels: int = 3
    needs_several: tuple[str, ...] = ()
    heads: Mapping[str, HeadChoice] = field(default_factory=dict[str, HeadChoice])

    @property
    def counts_joints(self) -> bool:
        """Whether the classes that it is built for are joints, so that their number is a number of joints."""
        return keys_of(self.needs) == {"joints"}

    def learns_from(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Dotted fields of the truth that it learns from with some options."""
        if self.heads and options.get("heads"):
            chosen = (self.heads[name].needs for name in options["heads"] if name in self.heads)
            return tuple(dict.fromkeys(need for needs in chosen for need in needs))
        return self.needs_several if self.needs_several and options.get("labels") == "several" else self.needs

    def heads_for(self, fields: Collection[str]) -> tuple[str, ...]:
        """The heads that data with these annotated fields ask for, one for each kind of annotation."""
        able = [name for name, head in self.heads.items() if set(head.needs) <= set(fields)]
        return tuple(name for name in able if not set(self.heads[name].unless) & set(able))


class SystemFunction(Protocol):
    """A function that composes a system from parts: `function(classes, **options)`.

    Classes are names, or `Vocabularies` where the card's `needs` are labelled by several lists.
    """

    @property
    def card(self) -> Card:
        """The system at a glance."""
        ...

    def __call__(self, classes: Any, **options: Any) -> "System":
        """Compose the system for the given class names."""
        ...


def system(card: Card) -> "Callable[[Callable[..., System]], SystemFunction]":
    """Decorate a function that composes a system with the system's card.

    Options that stand in the function's groups are given by their own names: ``width=0.5`` for a `width` in a group.
    """

    def attach(function: "Callable[..., System]") -> SystemFunction:
        @wraps(function)
        def composed(classes: Any, **options: Any) -> "System":
            return function(classes, **arguments_of(function, options))

        composed.card = card  # pyright: ignore[reportAttributeAccessIssue]
        return composed  # pyright: ignore[reportReturnType]

    return attach
