"""What a run scores on the comparison's pictures, kept beside it, so that a comparison that goes on need not ask again.

Legend: R draws of the pictures, N pictures.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.metrics.bootstrap import BUDGET, LEAST, interval_of
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.metrics.headline import Resampling
from saccade.runtime.evaluate.evaluate import measured, opened
from saccade.runtime.evaluate.gallery import Gallery, asked
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.checkpoint_links import follow
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.safe_io.writing.manifest import MANIFEST
from saccade.safe_io.writing.pictures import write_png
from saccade.view.drawing.draw import draw
from saccade.view.pages.headlines import SEED

# Draws of the pictures for differences between two; fewer where they cost much.
DRAWS = 1000


@dataclass(frozen=True)
class Measured:
    """What was measured of a run, or of runs that predict together.

    Attributes:
        score: Name of the score that decides.
        scores: All scores by name, those of `evaluate`.
        low: Lower end of the deciding score's 95 % interval over pictures, or None.
        high: Its upper end.
        pictures: N.
        resampled: The deciding score over R draws of the pictures; the same draws for every network.
        captions: Of the pictures that were drawn: name, and how near the prediction is to the truth (0..1).
    """

    score: str
    scores: Mapping[str, float | None]
    low: float | None = None
    high: float | None = None
    pictures: int = 0
    resampled: tuple[float, ...] = ()
    captions: tuple[tuple[str, float | None], ...] = ()


def measure(
    predictor: Predictor, dataset: Dataset, score: str | None, draws_to: Callable[[int, bool], Path], shown: int
) -> Measured:
    """Measure a network in use, and draw its predictions of some pictures.

    Args:
        predictor: The network in use.
        dataset: The pictures.
        score: The score that decides; None for the one that the task is known by.
        draws_to: The file for the drawing of the so-and-so-many-th picture, and whether of its truth.
        shown: How many pictures are drawn.

    Raises:
        ConfigError: The classes of the data are not the network's, or there is no such score.
    """
    predictor, pictures = opened(predictor, dataset)
    found = measured(predictor, pictures)
    name = _deciding(found, score)
    resampling = next((one.resampling for one in found.headlines if one.names[:1] == (name,)), None)
    interval = None if resampling is None or found.scores.get(name) is None else interval_of(resampling, SEED)
    return Measured(
        score=name,
        scores=dict(found.scores),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        pictures=found.pictures,
        resampled=() if resampling is None else drawn_scores(resampling),
        captions=_draw(predictor, pictures, found, draws_to, shown),
    )


def drawn_scores(resampling: Resampling) -> tuple[float, ...]:
    """The score over draws of as many pictures as there are, each from all of them; NaN where undefined.

    Draws are a function of the number of pictures alone: two networks that were measured on the same are compared
    draw by draw. Of a costly score fewer are made, the first of the same.
    """
    if resampling.pictures < 2:
        return ()
    count, most = resampling.pictures, int(np.clip(BUDGET // max(resampling.work, 1), LEAST, DRAWS))
    generator = np.random.default_rng(SEED)
    step = max(BUDGET // 10 // max(count, resampling.work), 1)
    shares = np.full(count, 1 / count)
    parts = [
        resampling.scores(generator.multinomial(count, shares, size=min(step, most - done)))
        for done in range(0, most, step)
    ]
    return tuple(float(value) for value in np.concatenate(parts))


def _deciding(found: Evaluation, score: str | None) -> str:
    known = [name for name in found.scores if name != "loss" and "/" not in name]
    first = next((names[0] for names in (one.names for one in found.headlines) if names), None)
    name = score or first
    if name is None or name not in known:
        listed = f"scores are {', '.join(known) or 'none'}"
        raise ConfigError("a score that decides", repr(name), within="score", cure=listed)
    return name


def _draw(
    predictor: Predictor, dataset: Dataset, found: Evaluation, draws_to: Callable[[int, bool], Path], shown: int
) -> tuple[tuple[str, float | None], ...]:
    """Draw the same pictures of every network, spread evenly over the data."""
    count = min(shown, len(dataset))
    names = [dataset.id(int((number + 0.5) * len(dataset) / count)) for number in range(count)]
    severities = {one.id: one.severity for one in found.judged}
    judged = [PictureSeverity(name, severities.get(name, 0.0)) for name in names]
    items = Gallery(predictor, dataset, found.illustrator).show(judged)
    places = {dataset.id(index): index for index in range(len(dataset))}
    for number, (name, item) in enumerate(zip(names, items, strict=True)):
        write_png(item.prediction, draws_to(number, False))
        # Without frames of one network's errors: it stands beside all.
        sample = dataset[places[name]]
        truth = asked(sample.truth, predictor.engine.gives)
        write_png(draw(sample.image, truth, dataset.vocabularies, dataset.joints), draws_to(number, True))
    return tuple((name, 1 - severities[name] if name in severities else None) for name in names)


def weights_of(runs: Sequence[Path]) -> str:
    """A digest of the weights that runs predict with, by the manifests of their checkpoints."""
    manifests = (follow(_checkpoint(RunFolder.open(run))) / MANIFEST for run in runs)
    return hashlib.sha256(b"".join(path.read_bytes() for path in manifests)).hexdigest()


def _checkpoint(folder: RunFolder) -> Path:
    best = folder.checkpoints / "best"
    return best if best.exists() else folder.checkpoints / "last"


def kept(path: Path, key: Mapping[str, Any], make: Callable[[], Measured]) -> Measured:
    """What was measured before under this key, or else what `make` measures now, which is kept.

    Args:
        path: The file.
        key: What a measurement depends on, as plain values; where its ``truth`` is None, data that cannot say what they
            are annotated with, nothing that was measured before counts.
        make: Measures.
    """
    before: Any = load_json(path) if path.is_file() else {}
    if isinstance(before, dict) and key["truth"] is not None and before.get("key") == dict(key):
        told: dict[str, Any] = before["measured"]
        resampled = tuple(float("nan") if value is None else value for value in told["resampled"])
        captions = tuple((name, value) for name, value in told["captions"])
        return replace(Measured(**told), resampled=resampled, captions=captions)
    found = make()
    write_text(path, to_json({"key": dict(key), "measured": vars(found)}, indent=1) + "\n")
    return found
