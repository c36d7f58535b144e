"""Work that processes share: the same results, alone and together, and what happens to a process that is ended."""

import os
import signal

import numpy as np
import pytest
import torch

from saccade.core.errors import ResourceError
from saccade.metrics.segment import by_process
from saccade.metrics.segment.by_process import mapped
from saccade.metrics.segment.contour_counts import Matching

HERE = os.getpid()


def place(value: int) -> tuple[int, bool]:
    return value * value, os.getpid() == HERE


def ended(value: int) -> int:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return value


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_process.torch, "get_num_threads", lambda: 2)


@pytest.mark.usefixtures("two")
def test_results_keep_their_order_wherever_they_are_made() -> None:
    assert mapped(place, range(20), several=False) == [(value * value, True) for value in range(20)]
    assert mapped(place, range(20), several=True) == [(value * value, False) for value in range(20)]
    assert mapped(place, [3], several=True) == [(9, True)]
    assert mapped(place, [], several=True) == []


@pytest.mark.usefixtures("two")
def test_contours_are_matched_alike_by_two_processes() -> None:
    draw = np.random.default_rng(0)
    guess = draw.random((40, 50)).astype(np.float32)
    matching = Matching(guess, [np.argwhere(draw.random((40, 50)) < 0.1)], 2.0)
    thresholds = (0.3, 0.6, 0.9)
    assert mapped(matching, thresholds, several=True) == [matching(threshold) for threshold in thresholds]


@pytest.mark.usefixtures("two")
def test_a_process_that_is_ended_is_an_error() -> None:
    with pytest.raises(ResourceError, match="ended from outside"):
        mapped(ended, range(4), several=True)


def test_who_limits_torch_s_threads_limits_processes() -> None:
    assert by_process.processes_at_hand() == torch.get_num_threads()
