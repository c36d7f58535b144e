"""What a head may offer whose weights can be found at once, in place of step by step."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from saccade.core.annotation import Annotation
from saccade.network.maps import Maps

# Called, it passes over the training pictures once, in the data set's order: the maps of some pictures, with the truth
# of each in the batch's pixels. Maps come from the network in evaluation mode, without gradients.
Pass = Callable[[], Iterable[tuple[Maps, Sequence[Annotation]]]]


@runtime_checkable
class Solvable(Protocol):
    """A head that a `Stage` may name under `solve`: a linear machine, a ridge regression.

    It must give the same weights from the same pictures, whatever its weights were before, so that a run that was
    killed solves it anew.
    """

    def solve(self, feature_pass: Pass, folder: Path | None = None) -> dict[str, float]:
        """Set the weights from the training pictures.

        Args:
            feature_pass: Passes over the training pictures each time that it is called; a head that looks for hard
                examples calls it several times.
            folder: Where the head may keep what it makes of the pictures; what lies there is from the same pictures and
                the same weights. None: nothing may be kept on the disk.

        Returns:
            Numbers to be told and recorded, such as a constant that was chosen on the way.
        """
        ...
