"""The log's end: a signal may come amid it."""

import pytest

from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop.log import Log
from saccade.training.loop.progress import Progress
from saccade.training.loop.signals import Interrupted


def test_a_log_whose_close_was_broken_off_is_not_closed_again(tmp_path, monkeypatch) -> None:
    log, closes = Log(RunFolder(tmp_path), True, Progress()), []
    real = log.board.close

    def broken_off() -> None:
        closes.append(1)
        real()
        raise Interrupted(15)

    monkeypatch.setattr(log.board, "close", broken_off)
    with pytest.raises(Interrupted):
        log.close()
    log.close()
    assert closes == [1]
