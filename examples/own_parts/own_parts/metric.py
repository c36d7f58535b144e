"""A metric of one's own: how far the probabilities are from the truth."""

from collections.abc import Iterable

import torch.nn.functional as F

from saccade.core.annotation import Annotation


class Brier:
    """Score ``brier``: mean over pictures of half the squared distance between probabilities and truth, 0..1."""

    needs = frozenset({"label"})
    reads = frozenset({"label_scores"})

    def __init__(self) -> None:
        self._costs: list[float] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; what is returned ranks it among the worst in the report."""
        scores = prediction.get("label_scores").float()
        target = F.one_hot(truth.get("label"), len(scores))
        self._costs.append(float((scores - target).square().sum()) / 2)
        return self._costs[-1]

    def result(self) -> dict[str, float | None]:
        """The score; None without pictures."""
        return {"brier": sum(self._costs) / len(self._costs) if self._costs else None}

    def state(self) -> list[float]:
        """What was taken, for another process."""
        return self._costs

    def merge(self, states: Iterable[list[float]]) -> None:
        """Adds what other processes took."""
        for costs in states:
            self._costs.extend(costs)
