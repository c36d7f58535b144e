"""How many pictures may be evaluated in a run of ``--minutes``, so that training, evaluation and report fit into them.

The minutes hold everything from the first step to the report. At most a quarter of them goes to the end: the evaluation
of the best checkpoint, and the pictures of the report. A validation on the way takes an eighth at most, and is made
when the training since the one before took three times as long. Where all pictures would take longer, fewer are
measured, and that is said. Runs of ``--steps`` and ``--epochs`` have all the time that they need: there everything is
measured.
"""

from dataclasses import dataclass

END, ON_THE_WAY, LAST = 1 / 4, 1 / 3, 1 / 8
REPORT_SECONDS = 6.0
# The report predicts so many pictures anew: to draw them, and to show what the network sees in some.
DRAWN = 32
# With fewer pictures a validation on the way would choose the best checkpoint by luck.
FEWEST = 8


@dataclass(frozen=True)
class EvaluationBudget:
    """The time that may go to evaluation.

    Attributes:
        seconds: The whole run's, or None where steps or epochs bound it.
        pictures: Pictures of the validation set.
    """

    seconds: float | None
    pictures: int

    def on_the_way(self, each: float) -> int:
        """Pictures that every validation but the last evaluation measures; 0 where none is to be made.

        Args:
            each: Seconds that a picture takes.
        """
        if self.seconds is None:
            return self.pictures
        affordable = int(self.seconds * LAST / max(each, 1e-9))
        return min(self.pictures, affordable) if affordable >= min(FEWEST, self.pictures) else 0

    def is_due(self, each: float, measured: int, trained: float, spent: float) -> bool:
        """Whether a validation of so many pictures may be made now: after enough training, and not just before the end.

        Args:
            each: Seconds that a picture takes.
            measured: Pictures that it measures.
            trained: Seconds of training since the validation before.
            spent: Seconds of the run that have passed.
        """
        if self.seconds is None:
            return True
        left = self.seconds - spent - self.reserve(each, measured)
        return each * measured <= min(trained * ON_THE_WAY, left)

    def at_the_end(self, each: float, left: float | None = None) -> int:
        """Pictures that the evaluation of the best checkpoint measures, one at least.

        Args:
            each: Seconds that a picture takes.
            left: Seconds that are left of the run; by default as many as were laid by.
        """
        if self.seconds is None:
            return self.pictures
        predictions = self._predictions(each, left)
        return max(min(self.pictures, predictions - min(max(predictions // 3, 2), DRAWN)), 1)

    def drawn(self, each: float, left: float) -> int | None:
        """How many pictures the report may predict anew, two at least; None where it may draw all that it likes.

        Args:
            each: Seconds that a picture takes.
            left: Seconds that are left of the run.
        """
        if self.seconds is None:
            return None
        predictions = self._predictions(each, left)
        return None if predictions >= DRAWN else max(predictions, 2)

    def reserve(self, each: float, measured: int | None) -> float:
        """Seconds that are laid by: for the evaluation of the best checkpoint, the report, and one last validation.

        Args:
            each: Seconds that a picture takes.
            measured: Pictures of a validation on the way; None before there was one.
        """
        if self.seconds is None:
            return 0.0
        count = self.at_the_end(each)
        needed = each * (count + min(count // 2 + 1, DRAWN) + (measured or 0)) + self._report
        return min(needed, self.seconds / 2)

    def _predictions(self, each: float, left: float | None) -> int:
        """How many pictures there is time for at the end, for the evaluation and the report together."""
        whole = self.seconds or 0.0
        room = (whole * END if left is None else left) - self._report
        return int(max(room, whole * LAST) / max(each, 1e-9))

    @property
    def _report(self) -> float:
        return min(REPORT_SECONDS, (self.seconds or 0.0) * LAST)
