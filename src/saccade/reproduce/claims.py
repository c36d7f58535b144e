"""What can be claimed of a table, and how each kind of claim is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from saccade.reproduce.found import Found
from saccade.reproduce.judgement import Judgement, difference, ratio


class Claim(Protocol):
    """A conclusion of a paper."""

    @property
    def says(self) -> str:
        """In words."""
        ...

    def judge(self, found: Found) -> Judgement:
        """What became of it."""
        ...


@dataclass(frozen=True)
class Above:
    """Some rows score more than others: the mean of their difference, paired by seed, is above 0.

    Attributes:
        says: The conclusion in words.
        more: The rows that should have more; the mean over them counts.
        less: The rows that should have less.
        measure: What they have more of.
        printed: What the paper printed for it.
    """

    says: str
    more: tuple[str, ...]
    less: tuple[str, ...]
    measure: str
    printed: str = ""

    def judge(self, found: Found) -> Judgement:
        """Confirmed where the whole interval of the difference is above 0."""
        estimate = difference(found.side(self.more, self.measure), found.side(self.less, self.measure))
        about = f"{self.measure} of {listed(self.more)} less {listed(self.less)}"
        told = (estimate.told("+.3f"), estimate.value, estimate.low, estimate.high)
        return Judgement(self.says, self.printed, about, *told, estimate.word(0.0))


@dataclass(frozen=True)
class Best:
    """One row scores more than whichever other has the greatest mean.

    Attributes:
        says: The conclusion in words.
        row: The row that should be best.
        others: All others.
        measure: What is compared.
        printed: What the paper printed for it.
    """

    says: str
    row: str
    others: tuple[str, ...]
    measure: str
    printed: str = ""

    def judge(self, found: Found) -> Judgement:
        """Confirmed where the whole interval of the difference to the best other is above 0."""
        means = {row: found.mean(row, self.measure) for row in self.others}
        known = {row: mean for row, mean in means.items() if mean is not None}
        # Of a row that is not known nobody can say whether it is the best other: it is named, and nothing decided.
        unknown = next((row for row in self.others if row not in known), None)
        rival = unknown or max(known, key=lambda row: known[row])
        return Above(self.says, (self.row,), (rival,), self.measure, self.printed).judge(found)


@dataclass(frozen=True)
class Times:
    """One row takes so many times as much as another.

    Attributes:
        says: The conclusion in words.
        more: The row that takes more.
        less: The row that takes less.
        measure: What it takes.
        at_least: The bound that the ratio is held against: 1 where the paper says more, half of the factor where it
            prints one, since a factor of another machine is no law.
        exact: Whether it was counted.
        printed: What the paper printed for it.
    """

    says: str
    more: str
    less: str
    measure: str
    at_least: float = 1.0
    exact: bool = False
    printed: str = ""

    def judge(self, found: Found) -> Judgement:
        """Confirmed where the whole interval of the ratio is above the bound."""
        sides = (found.side((row,), self.measure) for row in (self.more, self.less))
        estimate = ratio(*sides, exact=self.exact)
        about = f"{self.measure} of {self.more} over {self.less}, above {self.at_least:.3g}?"
        text = f"{estimate.value:.3g}" if self.exact and estimate.value is not None else estimate.told(".3g")
        told = (text, estimate.value, estimate.low, estimate.high)
        return Judgement(self.says, self.printed, about, *told, estimate.word(self.at_least))


@dataclass(frozen=True)
class Agrees:
    """What is counted is what the paper printed, row by row.

    Attributes:
        says: The conclusion in words.
        measure: What is counted.
        numbers: What was printed, by row.
        within: The share by which a count may differ, since papers round; 0: not at all.
        printed: What else should be known of the printed numbers.
    """

    says: str
    measure: str
    numbers: Mapping[str, float]
    within: float = 0.0
    printed: str = ""

    def judge(self, found: Found) -> Judgement:
        """Confirmed where every row agrees, refuted where one does not, undecided where one was not counted."""
        counts = {row: found.values(row, self.measure) for row in self.numbers}
        off = {row: _off(values[0], self.numbers[row]) for row, values in counts.items() if values}
        share = f"within {self.within:.0%}" if self.within else "exactly"
        about = f"{self.measure} of {len(self.numbers)} rows, {share}"
        known = {row: part for row, part in off.items() if part is not None}
        if len(known) < len(self.numbers):
            return Judgement(self.says, self.printed, about, "not all are counted", None, None, None, "undecided")
        worst = max(known, key=lambda row: known[row])
        most = known[worst]
        text = "all are equal" if most == 0 else f"at most {most:.1%} apart, in {worst}"
        word = "confirmed" if most <= self.within else "refuted"
        return Judgement(self.says, self.printed, about, text, most, most, most, word)


def _off(count: float | None, printed: float) -> float | None:
    """The share of the printed number by which a count differs; of a printed 0 the count itself."""
    if count is None:
        return None
    return abs(count - printed) / abs(printed) if printed else abs(count)


def listed(rows: Sequence[str]) -> str:
    """Names in words."""
    return " and ".join(rows)
