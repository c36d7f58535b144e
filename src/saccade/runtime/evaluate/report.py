"""The report of a run: its curves, its scores, and the pictures it got right and wrong."""

import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
import torchvision

from saccade import __version__
from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.metrics.illustration import Illustration, Illustrator, Painted
from saccade.runtime.evaluate.report_explanations import explanations
from saccade.runtime.inspect.feature_page import feature_view
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.view.drawing.draw import draw
from saccade.view.pages.content import GalleryItem, ReportContent
from saccade.view.pages.report import write_report

PICTURES = 12


def report(
    folder: RunFolder,
    predictor: Predictor,
    dataset: Dataset | None,
    evaluation: Evaluation | None,
    features: FeatureTable | None = None,
) -> Path:
    """Write ``report.html`` of a run.

    Args:
        folder: The run.
        predictor: Its network, for the pictures that are shown.
        dataset: What it was measured on, or None.
        evaluation: What was found there, or None.
        features: What the network makes of its pictures, or None.

    Returns:
        The page.
    """
    config, records = folder.read_config(), MetricsLog(folder.metrics).read()
    steps = [record for record in records if "step" in record]
    validations = [_validation(record) for record in records if "at_step" in record]
    worst, typical, seen = (), (), ()
    if dataset is not None and evaluation is not None:
        gallery = Gallery(predictor, dataset, evaluation.illustrator)
        worst, typical = gallery.show(evaluation.worst(PICTURES)), gallery.show(evaluation.typical(PICTURES))
        seen = explanations(predictor, dataset, evaluation)
    content = ReportContent(
        system=_name(config),
        data=" + ".join(config["data"]) if isinstance(config["data"], list) else str(config["data"]),
        facts=_facts(predictor, steps, dataset),
        command=shlex.join(["saccade", *sys.argv[1:]]) if Path(sys.argv[0]).name == "saccade" else "",
        training=steps,
        validation=validations,
        evaluation=None if evaluation is None else without_losses(evaluation),
        worst=worst,
        typical=typical,
        seen=seen,
        features=None if dataset is None or features is None else feature_view(features, dataset),
        settings={**config["recipe"], **{k: v for k, v in config["settings"].items() if v not in (None, [], ())}},
        environment=environment(),
    )
    write_report(folder.report, content)
    return folder.report


class Gallery:
    """Pictures of a data set with prediction and truth drawn side by side.

    Args:
        predictor: The network in use.
        dataset: The pictures.
        illustrator: Draws them as a metric sees them, or None.
    """

    def __init__(self, predictor: Predictor, dataset: Dataset, illustrator: Illustrator | None = None) -> None:
        self.predictor, self.dataset, self.illustrator = predictor, dataset, illustrator
        self.places = {dataset.id(index): index for index in range(len(dataset))}

    def show(self, judged: Sequence[PictureSeverity]) -> tuple[GalleryItem, ...]:
        """An exhibit for each judged picture."""
        samples = [self.dataset[self.places[one.id]] for one in judged]
        predictions = self.predictor([sample.image for sample in samples])
        return tuple(self._gallery_item(*three) for three in zip(judged, samples, predictions, strict=True))

    def _gallery_item(self, judged: PictureSeverity, sample: Sample, prediction: Annotation) -> GalleryItem:
        truth = asked(sample.truth, self.predictor.engine.gives)
        shown = None if self.illustrator is None else self.illustrator.illustrate(prediction, truth)
        shown = shown or Illustration(Painted(prediction), Painted(truth))
        drawn, wanted = (
            draw(sample.image, side.annotation, self.dataset.vocabularies, self.dataset.joints, colours=side.colours)
            for side in (shown.prediction, shown.truth)
        )
        caption = f"{judged.id}\n{shown.caption}" if shown.caption else judged.id
        return GalleryItem(caption, drawn, wanted, f"{1 - judged.severity:.0%}", bad=judged.severity > 0.5)


def asked(truth: Annotation, gives: frozenset[str]) -> Annotation:
    """The truth, as far as a system that `gives` some fields speaks of it: other fields would hide what matters.

    Objects are kept with all their columns, and what stands beside a field (``pose_visible`` beside ``pose``) with it;
    so is which classes were looked for, which predictions are held against.
    """
    roots = {field.partition(".")[0] for field in gives} | {"sought"}
    names = [f.name for f in fields(Annotation)]
    kept = [name for name in names if any(name == root or name.startswith(f"{root}_") for root in roots)]
    return Annotation(**{name: getattr(truth, name) for name in kept})


def without_losses(evaluation: Evaluation) -> Evaluation:
    """An evaluation whose scores are fractions alone: the losses have curves of their own."""
    scores = {name: value for name, value in evaluation.scores.items() if name != "loss" and "/" not in name}
    return replace(evaluation, scores=scores)


def _validation(record: Mapping[str, Any]) -> dict[str, Any]:
    """An epoch's line as a point of the curves: where it was measured, the validation loss and the scores."""
    told = {
        k: v for k, v in record.items() if "/" not in k and not k.startswith("train_") and k not in ("epoch", "at_step")
    }
    return {"step": record["at_step"], **told}


def environment() -> dict[str, str]:
    """Versions of the software and the machine."""
    return {
        "saccade": __version__,
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads",
    }


def _name(config: dict[str, Any]) -> str:
    return str(config["system"]["name"]) if config.get("system") else "a system built by hand"


def _facts(predictor: Predictor, steps: Sequence[dict[str, Any]], dataset: Dataset | None) -> dict[str, str]:
    parameters = sum(p.numel() for p in predictor.system.parameters())
    return {
        "steps": str(steps[-1]["step"]) if steps else "",
        "epochs": str(steps[-1]["epoch"] + 1) if steps else "",
        "parameters": f"{parameters:,}",
        "device": str(next(predictor.system.parameters()).device),
        "measured on": f"{len(dataset)} pictures" if dataset is not None else "",
    }
