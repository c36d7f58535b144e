"""Boxes of predictions and objects in the colours of their classes, wrong ones in a frame of what became of them."""

from dataclasses import dataclass, replace

from saccade.core.annotation import Annotation
from saccade.metrics.detect.errors.error_kinds import ERROR_KINDS
from saccade.metrics.detect.errors.object_errors import PictureVerdict, verdict_of
from saccade.metrics.detect.outlines import Shape
from saccade.metrics.illustration import Illustration, Key, Painted

_DRAWN = ("classification", "localization", "both", "duplicate", "background", "missed")


@dataclass(frozen=True)
class ErrorPainter:
    """Draws a detector's pictures.

    Attributes:
        threshold: Predictions that score less are left out.
        shape: By what predictions are right.
    """

    threshold: float
    shape: Shape = "box"

    @property
    def legend(self) -> tuple[Key, ...]:
        """What the outer frames stand for: the kinds of errors."""
        return tuple(ERROR_KINDS[kind] for kind in _DRAWN)

    def illustrate(self, prediction: Annotation, truth: Annotation) -> Illustration | None:
        """The predictions that are kept, and the objects, with their kinds counted; None where either is not told."""
        guess, shown = prediction.instances, truth.instances
        if guess is None or shown is None or (self.shape == "mask" and (guess.masks is None or shown.masks is None)):
            return None
        verdict = verdict_of(guess, shown, self.threshold, truth.sought, self.shape)
        predictions, objects = (
            [None if kind == "right" else ERROR_KINDS[kind].colour for kind in kinds]
            for kinds in (verdict.kinds, verdict.objects)
        )
        kept = replace(prediction, instances=verdict.predictions)
        return Illustration(Painted(kept, predictions), Painted(truth, objects), _counted(verdict))


def _counted(verdict: PictureVerdict) -> str:
    """How many predictions and missed objects there are of each kind, such as ``2 right · 1 missed``."""
    every = [*verdict.kinds, *(kind for kind in verdict.objects if kind == "missed")]
    return " · ".join(f"{every.count(kind)} {key.title.lower()}" for kind, key in ERROR_KINDS.items() if kind in every)
