"""What went wrong becomes one message and one exit code."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from saccade.core.errors import SaccadeError

OURS, RESOURCES, INTERRUPTED = 3, 4, 130


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""

    exit_code = 143


def exit_code_of(error: BaseException) -> int:
    """The exit code for an error, after its message went to stderr: 1 data or config, 2 usage, 3 ours, 4 resources."""
    if isinstance(error, SaccadeError):
        _say(f"saccade: {error}")
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        _say(f"saccade: {str(error) or 'stopped'}")
        return int(getattr(error, "exit_code", INTERRUPTED))
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; Python must not try to flush into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if _is_shortage(error):
        _say(f"saccade: the machine ran out of disk or memory: {error or type(error).__name__}")
        _say("  free some, or take a smaller --batch")
        return RESOURCES
    traceback.print_exception(error)
    _say("saccade: this is a fault of ours: please report the lines above with what you typed")
    return OURS


@contextmanager
def obeying_sigterm() -> Generator[None]:
    """Inside the block SIGTERM unwinds as Ctrl-C does, so that nothing is left half done."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated("stopped by SIGTERM")

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # only the main thread may; elsewhere the caller decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_shortage(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM):
        return True
    # By name, since torch may not be loaded; its CPU allocator raises a plain RuntimeError.
    is_torchs = type(error).__name__ == "OutOfMemoryError" or "DefaultCPUAllocator" in str(error)
    return isinstance(error, MemoryError) or is_torchs


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
