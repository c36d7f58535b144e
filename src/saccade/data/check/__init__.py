"""What is wrong with a data set, all of it, what is worth a note, and what there is."""

from saccade.data.check.check import Checked, check_data

__all__ = ["Checked", "check_data"]
