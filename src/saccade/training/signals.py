"""Signals that ask a training to stop or to save: they are noted at once and obeyed after the running step."""

import os
import signal
from types import FrameType, TracebackType
from typing import Self

STOP = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))
SAVE = tuple(getattr(signal, name) for name in ("SIGUSR1",) if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """The training was stopped by a signal after its state was saved.

    Attributes:
        exit_code: 128 + the signal's number: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number


class Signals:
    """A context in which SIGINT and SIGTERM are noted, and SIGUSR1 asks for a checkpoint.

    A second stop signal ends the process at once.

    Attributes:
        stop: Number of the stop signal that came, or None.
        save: Whether a checkpoint was asked for.
    """

    def __init__(self) -> None:
        self.stop: int | None = None
        self.save = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        try:
            self._before = {number: signal.signal(number, self._note) for number in STOP + SAVE}
        except ValueError:  # only the main thread may handle signals; elsewhere the caller's own ways to stop apply
            self._before = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]

    def _note(self, number: int, _: FrameType | None) -> None:
        if number in SAVE:
            self.save = True
        elif self.stop is not None:
            os._exit(128 + number)
        else:
            self.stop = number
