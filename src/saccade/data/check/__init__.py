"""What is wrong with a data set, all of it, what is worth a note, and what there is."""

from saccade.data.check.check import CheckResult, check_data

__all__ = ["CheckResult", "check_data"]
