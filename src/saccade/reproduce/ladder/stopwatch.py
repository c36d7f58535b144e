"""Where a system's seconds go: methods are watched, and each second counts for the innermost that runs."""

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from types import TracebackType
from typing import Any, Self


class Stopwatch:
    """Seconds by stage; as a context it leaves what it watched as it was."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stack: list[str] = []
        self._since = 0.0
        self._watched = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watched.close()

    def reset(self) -> None:
        """Begin anew."""
        self.seconds.clear()

    @contextmanager
    def during(self, stage: str) -> Generator[None]:
        """Inside the block time counts for a stage; the stage outside waits."""
        self._book()
        self._stack.append(stage)
        try:
            yield
        finally:
            self._book()
            self._stack.pop()

    def watch(self, owner: Any, method: str, stage: str) -> None:
        """Let calls of a method count for a stage.

        Args:
            owner: A module, or a class whose every instance is meant.
            method: The method's name.
            stage: The stage's name.
        """
        self.replace(owner, method, self._timed(getattr(owner, method), stage))

    def replace(self, owner: Any, method: str, other: Callable[..., Any]) -> None:
        """Put another method in the place of one, until the context ends."""
        if method in vars(owner):
            self._watched.callback(setattr, owner, method, vars(owner)[method])
        else:
            self._watched.callback(partial(delattr, owner, method))
        setattr(owner, method, other)

    def _timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            with self.during(stage):
                return function(*given, **named)

        return timed

    def _book(self) -> None:
        """Give the time since the last change to the stage that ran."""
        now = time.perf_counter()
        if self._stack:
            self.seconds[self._stack[-1]] = self.seconds.get(self._stack[-1], 0.0) + now - self._since
        self._since = now
