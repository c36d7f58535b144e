"""One side of a comparison: a process of its own, which does one round whenever it is told to.

Each side so loads only what its own user would load, in the environment that its own user would have: the variables of
OpenMP are read once, when torch is loaded, and saccade sets one of them.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Lap:
    """One round of one side.

    Attributes:
        seconds: How long it took.
        prediction: What the round returned, of JSON's kinds.
    """

    seconds: float
    prediction: Any = None


@dataclass(frozen=True)
class Call:
    """How a side is started.

    Attributes:
        function: ``module:function``; called once with the options, for a function that does one round.
        options: Its keywords, of JSON's kinds.
        first: Package that the process loads before all others: saccade, which chooses how torch's threads wait and
            must come before it, or torch, for its own choice.
        environment: Variables to set; None takes one away.
    """

    function: str
    options: Mapping[str, Any]
    first: Literal["saccade", "torch"]
    environment: Mapping[str, str | None] | None = None


class Side:
    """A running side; it makes itself ready while others do the same.

    Args:
        call: How it is started.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        variables = {**os.environ, **(call.environment or {})}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.side", call.first, call.function, json.dumps(dict(call.options))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={name: value for name, value in variables.items() if value is not None},
        )

    def wait(self) -> None:
        """Return when the side is ready for its first round."""
        self._predict()

    def lap(self) -> Lap:
        """One round."""
        if self._process.stdin is not None:
            self._process.stdin.write("round\n")
            self._process.stdin.flush()
        return Lap(**self._predict())

    def close(self) -> None:
        """End the process; it has a moment to end those that it started itself."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _predict(self) -> dict[str, Any]:
        line = "" if self._process.stdout is None else self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"expected a prediction of {self.call.function}, found its end: see its error above")
        return json.loads(line)


def serve(first: str, function: str, options: str) -> None:
    """Make a side ready, then do a round for every line of the standard input."""
    # Answers keep the standard output for themselves; what libraries print there goes to the errors.
    predictions = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    importlib.import_module(first)
    module, _, name = function.partition(":")
    run_worker: Callable[[], Any] = getattr(importlib.import_module(module), name)(**json.loads(options))
    print(json.dumps({}), file=predictions, flush=True)
    for _ in sys.stdin:
        begun = time.perf_counter()
        prediction = run_worker()
        seconds = time.perf_counter() - begun
        print(json.dumps({"seconds": seconds, "answer": prediction}), file=predictions, flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
