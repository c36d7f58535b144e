"""A dense CRF's parameters for a run, sought on some of its validation pictures, and what they change."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import Any

import torch

from saccade.core.dataset import Dataset
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.segment.segmentation import overlaps, pixel_counts
from saccade.ops.crf import dense_crfs
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.refine.engine import check_scores
from saccade.runtime.predict.refine.table import DenseCrf, values_of
from saccade.runtime.predict.refine.tuned import keep_tuned
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.tools.tuning.before_after import BeforeAfter, before_after
from saccade.runtime.tools.tuning.grid import CrfGrid
from saccade.runtime.tools.tuning.kept_scores import KeptScores, chosen_places
from saccade.runtime.tools.tuning.step_scores import step_chart, step_scores
from saccade.safe_io.writing.atomic import remove, write_bytes


@dataclass(frozen=True)
class Trial:
    """Parameters that were tried.

    Attributes:
        crf: The parameters.
        miou: Mean IoU over all pictures, 0..1; None where no class is shown.
    """

    crf: DenseCrf
    miou: float | None


@dataclass(frozen=True)
class TunedCrf:
    """What a search came to.

    Attributes:
        best: The best parameters.
        trials: All that were tried, in order.
        pictures: How many pictures they were tried on.
        change: Scores before and after.
        out: The folder of the drawings.
        by_step: Mean IoU by the best parameters before the first step of mean field and after each.
    """

    best: Trial
    trials: Sequence[Trial]
    pictures: int
    change: BeforeAfter
    out: Path
    by_step: Sequence[float | None] = ()


Told = Callable[[Trial, int, int], None]


def tune_crf(
    run: str | Path,
    predictor: Predictor,
    dataset: Dataset,
    *,
    pictures: int = 100,
    grid: CrfGrid = CrfGrid(),  # noqa: B008 (it never changes)
    out: str | Path | None = None,
    shown: int = 6,
    told: Told | None = None,
) -> TunedCrf:
    """Try a coarse grid of parameters and a finer one around its best, and write the best into the run's folder.

    The network sees each picture once. A search that was killed goes on where it stood.

    Args:
        run: The run's folder, which gets ``refine.json``.
        predictor: The run's network in use, which keeps scores of pixels and is not refined.
        dataset: Pictures with classes of pixels, of the network's classes.
        pictures: How many of them count at most.
        grid: What is tried.
        out: Folder of ``trials.jsonl``, ``before_after.png``, ``trimaps.svg`` and ``steps.svg``; by default
            ``tune_crf`` in the run's.
        shown: Pictures of the sheet.
        told: Takes each trial, its number and how many there are in its round.

    Raises:
        ConfigError: No picture has classes of pixels, the network gives no scores of them, or there is no run.
        DataError: A picture or what was kept cannot be read.
    """
    check_scores(predictor.engine)
    folder, places = RunFolder.open(run), chosen_places(dataset, pictures)
    home = Path(out) if out is not None else folder.path / "tune_crf"
    kept = KeptScores(home / "scores", dataset, places)
    ids = [dataset.id(place) for place in places]
    with MetricsLog(home / "trials.jsonl") as log:
        search = _Search(kept, log, predictor.vocabularies.names("semantic"), told)
        search.begin({"network": predictor.engine.digest(), "views": predictor.views.plain_values(), "pictures": ids})
        kept.find(predictor)
        search.round(grid.coarse())
        search.round(grid.fine(search.best.crf))
    found = search.best
    change = before_after(kept, dataset, found.crf, home, shown)
    by_step = step_scores(kept, len(predictor.vocabularies.names("semantic")), found.crf)
    write_bytes(home / "steps.svg", step_chart(by_step))
    keep_tuned(folder, "crf", _record(found, change, len(places), predictor.engine.digest()))
    remove(kept.folder)
    return TunedCrf(found, search.trials, len(places), change, home, by_step)


def _record(found: Trial, change: BeforeAfter, pictures: int, network: str) -> dict[str, Any]:
    """What a run's folder keeps of a search."""
    return {
        "at": "picture",
        "parameters": values_of(found.crf),
        "miou": {"before": change.before["miou"], "after": change.after["miou"]},
        "pictures": pictures,
        "network": network,
    }


class _Search:
    """Trials on kept scores, each of which is written down as soon as it is done."""

    def __init__(self, kept: KeptScores, log: MetricsLog, classes: Sequence[str], told: Told | None) -> None:
        self.kept, self.log, self.classes, self.told = kept, log, classes, told
        self.trials: list[Trial] = []
        self._done: dict[DenseCrf, float | None] = {}

    @property
    def best(self) -> Trial:
        """That of the greatest mean IoU, the first of several."""
        return max(self.trials, key=lambda trial: -1.0 if trial.miou is None else trial.miou)

    def begin(self, origin: Mapping[str, Any]) -> None:
        """Take up what was done before on the same pictures by the same network; else forget it."""
        before = self.log.read()
        # What JSON makes of it is what was written.
        if before and before[0] == json.loads(json.dumps(origin)):
            self._done = {_crf_of(line): line["miou"] for line in before[1:]}
            return
        remove(self.log.path)
        remove(self.kept.folder)
        self.log.append(origin)

    def round(self, tried: Sequence[DenseCrf]) -> None:
        """Try some parameters, in their order; neighbours of the same widths together."""
        numbers = count(1)
        for _, alike in groupby(tried, key=_widths):
            several = list(alike)
            new = [crf for crf in several if crf not in self._done]
            found = dict(zip(new, self._mious(new), strict=True)) if new else {}
            for crf in several:
                if crf in found:
                    self._done[crf] = found[crf]
                    self.log.append({**values_of(crf), "miou": found[crf]})
                self.trials.append(Trial(crf, self._done[crf]))
                if self.told is not None:
                    self.told(self.trials[-1], next(numbers), len(tried))

    def _mious(self, several: Sequence[DenseCrf]) -> list[float | None]:
        """Mean IoU by each; each picture is read, and its lattices are built, once."""
        classes = len(self.classes)
        counts = torch.zeros(len(several), classes, classes + 1, dtype=torch.int64)
        for one in self.kept:
            for place, beliefs in enumerate(dense_crfs(one.scores, one.image, several)):
                counts[place] += pixel_counts(beliefs.argmax(0), one.semantic, classes, one.id)
        return [mean_defined(overlaps(one)) for one in counts]


def _widths(crf: DenseCrf) -> tuple[float, ...]:
    """What its lattices depend on."""
    return (*crf.smoothness[1:], *crf.appearance[1:])


def _crf_of(line: Mapping[str, Any]) -> DenseCrf:
    return DenseCrf(line["iterations"], tuple(line["smoothness"]), tuple(line["appearance"]))
