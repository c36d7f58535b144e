"""What is known of a trunk that is built, where torch is not loaded."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # options are read where torch is not loaded
    from saccade.core.input.preprocessing import Preprocessing
    from saccade.core.level import Level


@runtime_checkable
class BuiltTrunk(Protocol):
    """A `Trunk`, as an option of a system takes it.

    Attributes:
        levels: The maps that it makes, by name.
        preprocessing: What its weights want of a picture.
    """

    levels: "Mapping[str, Level]"
    preprocessing: "Preprocessing"
