"""Several classifiers at once, each with its own idea of how well a region must cover an object.

Legend: … any axes, U thresholds, C classes.
"""

from dataclasses import dataclass

from torch import Tensor

from saccade.losses.scores import ScoreLoss, SoftmaxScores

SOFTMAX = SoftmaxScores()


@dataclass(frozen=True)
class IntegralScores(ScoreLoss):
    """A softmax for each overlap threshold: costs and probabilities are means over all (Zagoruyko et al. 2016, 3.3).

    Attributes:
        thresholds: U.
    """

    thresholds: int

    def channels(self, classes: int) -> int:
        """U · (C + 1), threshold by threshold, the background's logit first."""
        return self.thresholds * SOFTMAX.channels(classes)

    def scores(self, logits: Tensor) -> Tensor:
        """Mean of the softmaxes, less the background."""
        return SOFTMAX.scores(self._apart(logits)).mean(-2)

    def cost(self, logits: Tensor, target: Tensor, sought: Tensor | None = None) -> Tensor:
        """(…) mean of the cross entropies, where `target` (…, U) is what each classifier should say."""
        each = None if sought is None else sought[..., None, :]
        return SOFTMAX.cost(self._apart(logits), target, each).mean(-1)

    def _apart(self, logits: Tensor) -> Tensor:
        """(…, U, C + 1)."""
        return logits.unflatten(-1, (self.thresholds, -1))
