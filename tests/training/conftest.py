"""Trainings by the dozen: the page at the end of each would cost more than the training."""

import pytest

from saccade.training.loop import finish
from small_runs import short_report


@pytest.fixture(autouse=True)
def _short_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "report", short_report)
