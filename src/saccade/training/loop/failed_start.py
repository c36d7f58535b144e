"""A run that failed before its first step leaves nothing behind: the same command can be repeated once it is mended."""

from collections.abc import Generator
from contextlib import contextmanager

from saccade.core.errors import SaccadeError
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.loop.signals import Interrupted


@contextmanager
def nothing_left(folder: RunFolder) -> Generator[None]:
    """Inside the block a failure before the first step removes what this run wrote; what was there before stays.

    A stop by a signal whose state was saved is no failure: the run can go on.

    Args:
        folder: The run's, locked by this process.
    """
    try:
        yield
    except BaseException as error:
        if not (isinstance(error, Interrupted) and folder.checkpoints.exists()) and not _begun(folder):
            folder.undo()
        raise


def _begun(folder: RunFolder) -> bool:
    """Whether a step was taken."""
    try:
        return any("step" in record for record in MetricsLog(folder.metrics).read())
    except SaccadeError:  # what cannot be read is not ours to remove
        return True
