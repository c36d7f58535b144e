"""How long a command takes that needs no network: whole processes, beside one that imports torch and does no more."""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.pairs import Lane, Row, alternate, cost
from bench.pictures import TINY, draw_pictures
from bench.side import Lap

ROUNDS = 9
QUICK_AIM, CHECK_AIM = 0.25, 1.5
PICTURES = 3
# Usage errors exit with 2.
COMMANDS = {
    "saccade --help": 0,
    "saccade systems": 0,
    "saccade train --help": 0,
    "saccade train fast_rcnn --help": 0,
    "saccade describe --help": 0,
    "saccade train lenet5 --epochz 3": 2,
}
IMPORT_TORCH = (sys.executable, "-c", "import torch")


@dataclass(frozen=True)
class Process:
    """A process a round, from its start to its end.

    Attributes:
        words: Program and arguments.
        code: Exit code that is right.
    """

    words: Sequence[str]
    code: int = 0

    def lap(self) -> Lap:
        """Run it once.

        Raises:
            RuntimeError: It ended otherwise.
        """
        begun = time.perf_counter()
        done = subprocess.run(self.words, capture_output=True, check=False)
        seconds = time.perf_counter() - begun
        if done.returncode != self.code:
            raise RuntimeError(f"exit code {self.code} of {self.words} is expected, found {done.stderr.decode()}")
        return Lap(seconds)


def measure(quick: bool) -> list[Row]:
    """Seconds of each command, beside those of `import torch`."""
    rounds = 1 if quick else ROUNDS
    with TemporaryDirectory() as name:
        draw_pictures(Path(name), PICTURES, TINY, "train")
        racers = {line: Process(_typed(line.split()), code) for line, code in COMMANDS.items()}
        check = f"saccade data check, {PICTURES} pictures"
        racers[check] = Process(_typed(["saccade", "data", "check", name]))
        laps = alternate({**racers, "torch": Process(IMPORT_TORCH)}, rounds)
    torch = Lane.of("python -c 'import torch'", laps["torch"])
    aims = dict.fromkeys(COMMANDS, QUICK_AIM) | {check: CHECK_AIM}
    return [cost(line, Lane.of("the command", laps[line]), torch, aim=aim) for line, aim in aims.items()]


def _typed(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", *words]
