"""Systems by name, each loaded when it is first asked for."""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from importlib.metadata import EntryPoint

from saccade.network.card import SystemFunction
from saccade.systems.declaration import declaration

Entry = str | EntryPoint | SystemFunction


class LazySystems(MutableMapping[str, SystemFunction]):
    """Functions by name.

    Args:
        entries: Where each is: a module of this folder, which has a function of that name; the entry point of an
            installed package; or the function itself.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(entries)

    def declared(self, name: str) -> SystemFunction:
        """Card, options and docstring of a system: ours without torch, others as they load (see `declaration`).

        Raises:
            KeyError: There is no such system.
        """
        entry = self.entries[name]
        return declaration(_module(entry), name) if isinstance(entry, str) else self[name]

    def __getitem__(self, name: str) -> SystemFunction:
        entry = self.entries[name]
        if isinstance(entry, str):
            return getattr(import_module(_module(entry)), name)
        return entry.load() if isinstance(entry, EntryPoint) else entry

    def __setitem__(self, name: str, function: SystemFunction) -> None:
        self.entries[name] = function

    def __delitem__(self, name: str) -> None:
        del self.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries  # that of the base would load it

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.entries)})"


def _module(entry: str) -> str:
    return f"saccade.systems.{entry}"
