"""How the scores of a run fall when its pictures are disturbed: one call, or ``saccade evaluate --disturb``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from PIL import Image

from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.data.augment.disturbances import DISTURBANCES
from saccade.data.datasets.disturbed import DisturbedDataset
from saccade.data.open import Sources
from saccade.metrics.evaluation import Evaluation
from saccade.runtime.evaluate.evaluate import Reading, Subject, measured, name_of, opened
from saccade.runtime.evaluate.gallery import asked
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.view.drawing.draw import draw
from saccade.view.drawing.sheet import sheet
from saccade.view.pages.content import Panel
from saccade.view.pages.disturb import Curves, write_disturb

KINDS = ("shift", "rotate", "scale", "brightness", "blur")
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
EXAMPLE = 220  # pixels of an example's longer side


def disturb(
    run: Subject,
    data: Sources | None = None,
    split: str | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    strengths: Sequence[float] = STRENGTHS,
    seed: int = 0,
    plain: Mapping[str, float | None] | None = None,
    out: str | Path | None = None,
    **reading: Unpack[Reading],
) -> dict[str, dict[str, Any]]:
    """Scores and losses on data whose pictures are shifted, turned, scaled, lit, blurred or made noisy.

    The truth moves with the pixels. Which way a picture shifts or turns is a function of (seed, kind, picture), the
    same at every strength.

    Args:
        run: A run, a `Predictor` or a `System`, as `evaluate` takes it.
        data: A folder, a URI, a data set or a list of these; by default what the run was validated on.
        split: Which part of it; ``val`` by default.
        kinds: Disturbances, of `saccade.data.augment.disturbances.DISTURBANCES`.
        strengths: 1 is a kind's full amount; 0, the plain picture, is always among them.
        seed: Of each picture's direction.
        plain: What `evaluate` gives on the same data, where that is known.
        out: Folder for ``disturb.json`` and ``disturb.html``, or None.
        reading: ``batch`` and ``workers``, as in `Reading`.

    Returns:
        By kind: ``unit``, ``strengths``, ``amounts`` in it, and ``scores``: by name a value a strength, or None.

    Raises:
        ConfigError: The classes of the data are not the network's, or the run names no data.
        DataError: Run or data cannot be read.
        UsageError: A kind is unknown, or a strength is no number from 0.
    """
    rising = sorted({0.0, *map(float, strengths)})
    if not kinds:
        raise UsageError("disturbances", f"none; there are {', '.join(DISTURBANCES)}")
    predictor, dataset = opened(run, data, split)
    sets = {kind: _rising(dataset, kind, rising, predictor.engine.input.mean, seed) for kind in kinds}
    scored = partial(measured, predictor, **reading)
    plain = scored(dataset).scores if plain is None else plain
    found = {kind: _curves(kind, disturbed, plain, scored) for kind, disturbed in sets.items()}
    told = {kind: {"strengths": rising, **asdict(curves)} for kind, curves in found.items()}
    if out is not None:
        _write(Path(out), predictor, name_of(run), dataset, sets, found, told)
    return told


def _rising(
    dataset: Dataset, kind: str, strengths: Sequence[float], fill: tuple[float, ...], seed: int
) -> list[DisturbedDataset]:
    return [DisturbedDataset(dataset, kind, strength, fill, seed) for strength in strengths]


def _curves(
    kind: str,
    disturbed: Sequence[DisturbedDataset],
    plain: Mapping[str, float | None],
    scored: Callable[..., Evaluation],
) -> Curves:
    """Scores over the strengths of one kind, of which the first, nothing, is the plain evaluation."""
    values = [scored(one).scores for one in disturbed[1:]]
    scores = {name: [plain.get(name), *(value.get(name) for value in values)] for name in plain}
    return Curves(DISTURBANCES[kind].unit, [one.amount for one in disturbed], scores)


def _write(
    out: Path,
    predictor: Predictor,
    name: str,
    dataset: Dataset,
    sets: Mapping[str, Sequence[DisturbedDataset]],
    found: Mapping[str, Curves],
    told: Mapping[str, Any],
) -> None:
    write_text(out / "disturb.json", to_json(told, indent=1) + "\n")
    examples = [_example(kind, disturbed, predictor.engine.gives) for kind, disturbed in sets.items() if len(dataset)]
    strengths = [one.strength for one in next(iter(sets.values()))]
    write_disturb(out / "disturb.html", name, {"pictures": str(len(dataset))}, strengths, found, examples)


def _example(kind: str, disturbed: Sequence[DisturbedDataset], gives: frozenset[str]) -> Panel:
    """The first picture at each strength, with the truth that moves along."""
    drawn: list[Image.Image] = []
    for one in disturbed:
        sample = one[0]
        picture = draw(sample.image, asked(sample.truth, gives), one.vocabularies, one.joints)
        picture.thumbnail((EXAMPLE, EXAMPLE))
        drawn.append(picture)
    unit = DISTURBANCES[kind].unit
    return Panel(kind, unit, sheet(drawn, [f"{one.amount:g}" for one in disturbed], len(drawn)))
