"""Trainings by the dozen: the page at the end of each would cost more than the training."""

from pathlib import Path

import pytest

from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop import finish


@pytest.fixture(autouse=True)
def _short_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    def report(folder: RunFolder, *_: object) -> Path:
        folder.report.write_text("a page")
        return folder.report

    monkeypatch.setattr(finish, "report", report)
