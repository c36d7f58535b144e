"""What is known of a trunk before it is built; what depends on how it is built, the built trunk says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from saccade.network.part import Trunk


@dataclass(frozen=True)
class TrunkCard:
    """A trunk at a glance.

    Attributes:
        fully_connected: Whether it ends in fully connected layers, which ``fc=False`` leaves out.
        pretrained: Whether somebody offers weights, which ``pretrained=True`` takes.
    """

    fully_connected: bool = False
    pretrained: bool = False


class TrunkFunction(Protocol):
    """A function that builds a trunk: `function(**options)`."""

    @property
    def card(self) -> TrunkCard:
        """The trunk at a glance."""
        ...

    def __call__(self, **options: Any) -> Trunk:
        """Build the trunk."""
        ...


def declared(card: TrunkCard) -> Callable[[Callable[..., Trunk]], TrunkFunction]:
    """Decorate a function that builds a trunk with what it declares."""

    def attach(function: Callable[..., Trunk]) -> TrunkFunction:
        function.card = card  # pyright: ignore[reportFunctionMemberAccess]
        return function  # pyright: ignore[reportReturnType]

    return attach
