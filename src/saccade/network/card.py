"""What a system is called, where it is from, and what it needs: the line that `saccade systems` prints."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, Protocol

from saccade.core.options.options import arguments_of

if TYPE_CHECKING:  # a card is read where torch is not loaded
    from saccade.network.system import System

Task = Literal["classify", "localize", "detect", "segment", "instances", "contours", "pose", "many"]


@dataclass(frozen=True)
class Card:
    """A system at a glance.

    Attributes:
        task: What it does with a picture.
        year: Year of the paper.
        paper: Authors, title and place to find it.
        needs: Dotted fields of the truth that it learns from.
        needs_several: Those in their place where its option ``labels`` is ``several``; none where it has no such.
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

    def learns_from(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Dotted fields of the truth that it learns from with some options."""
        return self.needs_several if self.needs_several and options.get("labels") == "several" else self.needs


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
