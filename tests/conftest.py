"""Fixtures that every test may use."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

# The quick checks are the same each time; `make test-all` lets Hypothesis look for new faults.
# None has a deadline: on a busy machine a first call takes what it takes.
settings.register_profile("quick", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Nothing of what is collected is garbage.
gc.disable()


def pytest_collection_finish() -> None:
    """What was collected lives to the end: no search for garbage while the tests run has to go through it."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of example data sets, or a skip that says where it was sought."""
    places = [os.environ.get("SACCADE_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    for place in places:
        if place and Path(place).is_dir():
            return Path(place)
    pytest.skip(f"example data sets are absent: looked in $SACCADE_DATA and {places[-1]}")
