"""What a `Predictor` asks of several networks that predict in place of one."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from saccade.core.annotation import Annotation
from saccade.core.errors import SaccadeError
from saccade.runtime.predict.preprocess import PreparedPicture
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip


class SeveralNetworks(Protocol):
    """Networks whose predictions about each picture become one; see `runtime.predict.ensemble.members`."""

    @property
    def views(self) -> MultiScaleFlip:
        """The views in which the first of them is shown a picture."""
        ...

    @property
    def best_seen(self) -> float | None:
        """The best score of an object so far."""
        ...

    def agreed(
        self, read: Sequence[PreparedPicture], threshold: float, batch: int, keep_scores: bool
    ) -> Iterator[tuple[PreparedPicture, Annotation | SaccadeError]]:
        """Pictures with what the networks together say."""
        ...
