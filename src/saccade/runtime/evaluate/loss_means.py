"""Losses of a stream of batches as means over all its annotated pictures, however they fell into batches."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.network.system import System

State = tuple[dict[str, float], dict[str, int]]


class LossMeans:
    """Sums of loss terms, each with the number of pictures that it was a mean over.

    Args:
        system: Whose losses they are.
    """

    def __init__(self, system: System) -> None:
        self._heads = {name: (head.needs, head.terms) for name, head in system.each_head()}
        self._sums = {f"{name}/{term}": 0.0 for name, (_, terms) in self._heads.items() for term in terms}
        self._pictures = dict.fromkeys(self._heads, 0)

    def add(self, terms: Mapping[str, Tensor], truth: Sequence[Annotation]) -> None:
        """Takes the loss terms of some heads for a batch, by ``head/term``, and what its pictures show."""
        heads = {name.split("/")[0] for name in terms}
        counts = {name: sum(t.has(*self._heads[name][0]) for t in truth) for name in heads}
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value) * counts[name.split("/")[0]]
        for name, count in counts.items():
            self._pictures[name] += count

    def state(self) -> State:
        """All that was taken so far, to be sent to another process."""
        return self._sums, self._pictures

    def merge(self, states: Iterable[State]) -> None:
        """Adds what other processes took."""
        for sums, pictures in states:
            self._sums = {name: self._sums.get(name, 0.0) + value for name, value in sums.items()}
            self._pictures = {name: self._pictures[name] + count for name, count in pictures.items()}

    def result(self) -> dict[str, float | None]:
        """``loss`` and each ``loss/HEAD/TERM``; None where no picture is annotated for the head."""
        means = {name: self._mean(name, total) for name, total in self._sums.items()}
        known = [mean for mean in means.values() if mean is not None]
        return {"loss": sum(known) if known else None, **{f"loss/{name}": mean for name, mean in means.items()}}

    def _mean(self, name: str, total: float) -> float | None:
        count = self._pictures[name.split("/")[0]]
        return total / count if count else None
