"""One training several times over, other pictures held out and other first weights each time: how far scores vary.

Source: the protocol of Caltech-101 (Fei-Fei, Fergus, Perona 2004): as many pictures of each class are drawn to learn
from, the others are measured on, and the mean over several such draws is told with its deviation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from saccade.core.errors import UsageError
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.training.run import Run

NAME = "repeats.json"


@dataclass(frozen=True)
class Repeats:
    """What several runs of one training scored.

    Attributes:
        path: The folder that holds the runs and ``repeats.json``.
        scores: The values of each score at each run's last checkpoint, which nobody chose by its score; scores that
            some run lacks are left out.
    """

    path: Path
    scores: Mapping[str, tuple[float, ...]]

    @property
    def spread(self) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation (of a sample: by n - 1) of each score."""
        return {name: (mean(values), stdev(values)) for name, values in self.scores.items()}


def repeat(train: Callable[[int, Path], Run], times: int, out: Path, seed: int = 0) -> Repeats:
    """Train several times; what is done already is gone on from, so that a broken repetition can be started anew.

    Args:
        train: One training, of a seed, in a folder; it goes on with what is there.
        times: How often, 2 or more.
        out: The folder of all.
        seed: The first seed; each repetition takes the next.

    Raises:
        UsageError: It is fewer than twice.
        DataError: The log of a run was changed.
    """
    if times < 2:
        raise UsageError("two repetitions or more", times)
    runs = [train(seed + number, out / f"repeat-{number + 1}") for number in range(times)]
    found = [last_scores(run.path) for run in runs]
    names = [name for name in found[0] if all(name in one for one in found)]
    repeats = Repeats(out, {name: tuple(one[name] for one in found) for name in names})
    write_text(out / NAME, to_json({name: _plain(repeats, name) for name in names}, indent=1))
    return repeats


def last_scores(run: Path) -> dict[str, float]:
    """The validation scores of a run's last epoch, without losses and what is undefined; empty without validation."""
    validated = [line for line in MetricsLog(run / "metrics.jsonl").read() if "val_pictures" in line]
    last = validated[-1] if validated else {}
    left_out = ("epoch", "at_step", "val_pictures")
    return {
        name: float(value)
        for name, value in last.items()
        if name not in left_out and "loss" not in name and isinstance(value, int | float)
    }


def _plain(repeats: Repeats, name: str) -> dict[str, object]:
    middle, deviation = repeats.spread[name]
    return {"mean": middle, "sd": deviation, "values": list(repeats.scores[name])}
