"""How many of a detector's boxes are told, and what becomes of those that a better one overlaps: options of several."""

from dataclasses import dataclass, replace

from saccade.core.options.options import OptionGroup
from saccade.ops.boxes.suppression import Suppression, SuppressionMethod

# Intersection over union from which boxes vote (Gidaris & Komodakis 2015, arXiv 1505.01749, section 5).
VOTE = 0.5


@dataclass(frozen=True)
class SuppressionOptions(OptionGroup):
    """How many boxes are told, and what becomes of those that a better one overlaps.

    Attributes:
        limit: Objects of one picture that are told at most.
        suppress: What happens to a box that a better one overlaps: ``hard``: it goes; ``linear`` or ``gaussian``: it
            loses score (soft-NMS).
        vote: Whether boxes that are suppressed move the one that stays.
    """

    limit: int = 100
    suppress: SuppressionMethod = "hard"
    vote: bool = False

    def applied(self, to: Suppression) -> Suppression:
        """A detector's own rule with what it offers as chosen here; what it does not offer stays its own."""
        chosen = {"limit": self.limit, "suppress": self.suppress, "vote": VOTE if self.vote else None}
        return replace(to, **{name: value for name, value in chosen.items() if name in self.offers or not self.offers})
