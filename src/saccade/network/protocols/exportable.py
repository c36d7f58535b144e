"""What a part says that cannot leave as a graph; others say nothing."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class NotExportable(Protocol):
    """A trunk, neck, head, or a layer of one, whose `forward` no graph holds: it warps regions one by one, or loops.

    Attributes:
        not_exportable: Why, in a few words. None: as it is built, a graph can hold it.
    """

    not_exportable: str | None
