"""Signals that ask a training to stop or to save: they are noted at once and obeyed after the running step."""

import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

STOP = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))
SAVE = tuple(getattr(signal, name) for name in ("SIGUSR1",) if hasattr(signal, name))
CHILD = getattr(signal, "SIGCHLD", signal.SIGINT)


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

    Args:
        led: Whether another process started this one and passes signals on: then one signal may come twice, from the
            terminal and from the leader, and it is the leader who ends the process at once.

    Attributes:
        stop: Number of the stop signal that came, or None.
        save: Whether a checkpoint was asked for.
    """

    def __init__(self, led: bool = False) -> None:
        self.stop: int | None = None
        self.save = False
        self._led, self._at_once = led, False
        self._deaths: list[Callable[[], object]] = []
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

    @contextmanager
    def at_once(self) -> Generator[None]:
        """Inside the block a stop signal is obeyed wherever it comes: for long work that may be done anew.

        Raises:
            Interrupted: A stop signal came, before the block or in it.
        """
        before, self._at_once = self._at_once, True
        try:
            if self.stop is not None:
                raise Interrupted(self.stop)
            yield
        finally:
            self._at_once = before

    @contextmanager
    def undisturbed(self) -> Generator[None]:
        """Inside the block the death of a process that reads pictures is only noted, for `tell_deaths`.

        Torch raises it out of a signal handler, wherever the main process stands: in the middle of a step it would
        leave half of the weights changed.
        """
        handler = signal.getsignal(CHILD) if self._before else None
        if not callable(handler):
            yield
            return
        signal.signal(CHILD, lambda number, frame: self._deaths.append(lambda: handler(number, frame)))
        try:
            yield
        finally:
            signal.signal(CHILD, handler)

    def tell_deaths(self) -> None:
        """Let torch say what `undisturbed` kept back.

        Raises:
            RuntimeError: A process that reads pictures has died.
        """
        deaths, self._deaths = self._deaths, []
        for tell in deaths:
            tell()

    def _note(self, number: int, _: FrameType | None) -> None:
        if number in SAVE:
            self.save = True
            return
        again, self.stop = self.stop is not None, number
        if again and not self._led:
            os._exit(128 + number)
        if self._at_once and not again:
            raise Interrupted(number)
