"""Which parts of a network stand still while others learn."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from torch import nn

from saccade.core.errors import UsageError


@dataclass(frozen=True)
class FrozenParts(Container[str]):
    """Dotted paths that stand still, with all below them, and paths below those that learn all the same.

    Attributes:
        still: Those that stand still.
        thawed: Those inside them that learn; of two paths the longer decides.
    """

    still: tuple[str, ...] = ()
    thawed: tuple[str, ...] = ()

    @staticmethod
    def of(network: nn.Module, heads: Iterable[str], still: Sequence[str], thawed: Sequence[str]) -> "FrozenParts":
        """Parts by the names that users give them.

        Args:
            network: Holds the parts.
            heads: Names of its heads, which need no path to be found by.
            still: ``trunk``, ``neck``, a head's name, or a dotted path such as ``trunk.layer1``.
            thawed: Names inside those which learn all the same.

        Raises:
            UsageError: There is no such part; the message lists those that exist.
        """
        owners = tuple(heads)
        chosen = [tuple(_path(network, owners, name) for name in names) for names in (still, thawed)]
        return FrozenParts(*chosen)

    def __contains__(self, path: object) -> bool:
        """Whether what a dotted path names stands still."""
        longest = [
            max((len(name) for name in names if inside(str(path), name)), default=-1)
            for names in (self.still, self.thawed)
        ]
        return longest[0] >= 0 and longest[0] >= longest[1]


def inside(path: str, parent: str) -> bool:
    """Whether a dotted module path is `parent` or lies below it."""
    return path == parent or path.startswith(parent + ".")


def _path(network: nn.Module, heads: Sequence[str], name: str) -> str:
    path = f"heads.{name}" if name.split(".")[0] in heads else name
    if path not in [known for known, _ in network.named_modules() if known]:
        listed = ", ".join([*(known for known, _ in network.named_children() if known != "heads"), *heads])
        raise UsageError(f"a part to freeze (one of {listed}, or a path below)", repr(name))
    return path
