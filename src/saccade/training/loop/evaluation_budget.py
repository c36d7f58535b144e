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
# The report predicts so many pictures anew, to draw them.
DRAWN = 24
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

    def is_due(self, each: float, measured: int, trained: float) -> bool:
        """Whether a validation of so many pictures may follow so many seconds of training.

        Args:
            each: Seconds that a picture takes.
            measured: Pictures that it measures.
            trained: Seconds of training since the validation before.
        """
        return self.seconds is None or each * measured <= trained * ON_THE_WAY

    def at_the_end(self, each: float, left: float | None = None) -> int:
        """Pictures that the evaluation of the best checkpoint measures, one at least.

        Args:
            each: Seconds that a picture takes.
            left: Seconds that are left of the run; by default as many as were laid by.
        """
        if self.seconds is None:
            return self.pictures
        room = self.seconds * END if left is None else max(left, self.seconds * LAST)
        room = max(room - self._report, 0.0) / max(each, 1e-9)
        # Up to so many pictures, each is drawn too, and so predicted twice.
        return max(min(self.pictures, int(room / 2 if room < 2 * DRAWN else room - DRAWN)), 1)

    def reserve(self, each: float, measured: int | None) -> float:
        """Seconds that are laid by: for the evaluation of the best checkpoint, the report, and one last validation.

        Args:
            each: Seconds that a picture takes.
            measured: Pictures of a validation on the way; None before there was one.
        """
        if self.seconds is None:
            return 0.0
        count = self.at_the_end(each)
        needed = each * (count + min(count, DRAWN) + (measured or 0)) + self._report
        return min(needed, self.seconds / 2)

    @property
    def _report(self) -> float:
        return min(REPORT_SECONDS, (self.seconds or 0.0) * LAST)
