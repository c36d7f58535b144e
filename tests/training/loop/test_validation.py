"""Validation: what goes wrong in it is said as what it is."""

import pytest

from helpers import TinyDataset
from saccade.core.errors import ResourceError
from saccade.runtime.evaluate.measure import Measure
from small_runs import train


def test_a_reader_s_death_while_a_batch_is_measured_is_explained(tmp_path, monkeypatch):
    """Torch raises it out of a signal handler, wherever the main process stands."""

    def interrupted(*_: object) -> None:
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")

    monkeypatch.setattr(Measure, "take", interrupted)
    with pytest.raises(ResourceError, match="found one dead"):
        train(tmp_path / "run", val=TinyDataset(4))
