"""The report of a run: its curves, its scores, and the pictures it got right and wrong."""

import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torchvision

from saccade import __version__
from saccade.core.dataset import Dataset
from saccade.metrics.evaluation import Evaluation
from saccade.runtime.evaluate.gallery import Gallery
from saccade.runtime.evaluate.report_explanations import explanations
from saccade.runtime.inspect.feature_page import feature_view
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.writing.atomic import write_bytes
from saccade.view.pages.content import ReportContent
from saccade.view.pages.report import write_report

PICTURE_SCORES = "pictures.csv"


def report(
    folder: RunFolder,
    predictor: Predictor,
    dataset: Dataset | None,
    evaluation: Evaluation | None,
    features: FeatureTable | None = None,
    drawn: int | None = None,
) -> Path:
    """Write ``report.html`` of a run.

    Args:
        folder: The run.
        predictor: Its network, for the pictures that are shown.
        dataset: What it was measured on, or None.
        evaluation: What was found there, or None.
        features: What the network makes of its pictures, or None.
        drawn: How many pictures may be predicted anew to be drawn; None for all that the report likes to show.

    Returns:
        The page.
    """
    config, records = folder.read_config(), MetricsLog(folder.metrics).read()
    steps = [record for record in records if "step" in record]
    validations = [_validation(record) for record in records if "at_step" in record]
    worst, typical, seen, colours, table = (), (), (), (), ""
    if dataset is not None and evaluation is not None:
        gallery = Gallery(predictor, dataset, evaluation.illustrator)
        (worst, typical), colours = gallery.of(evaluation, drawn), gallery.colours()
        seen = explanations(predictor, dataset, evaluation) if drawn is None else ()
        table = write_picture_scores(folder.path, evaluation)
    content = ReportContent(
        system=_name(config),
        data=" + ".join(config["data"]) if isinstance(config["data"], list) else str(config["data"]),
        facts=_facts(predictor, steps, evaluation) | left_out(folder),
        command=shlex.join(["saccade", *sys.argv[1:]]) if Path(sys.argv[0]).name == "saccade" else "",
        training=steps,
        validation=validations,
        evaluation=None if evaluation is None else without_losses(evaluation),
        worst=worst,
        typical=typical,
        colours=colours,
        table=table,
        seen=seen,
        features=None if dataset is None or features is None else feature_view(features, dataset),
        settings={**config["recipe"], **{k: v for k, v in config["settings"].items() if v not in (None, [], ())}},
        environment=environment(),
    )
    write_report(folder.report, content)
    return folder.report


def write_picture_scores(folder: Path, evaluation: Evaluation) -> str:
    """Write what metrics say of each picture as ``pictures.csv``, and return that name; none where they are silent."""
    table = evaluation.by_picture
    if not table.ids:
        return ""
    # Names of files that are no UTF-8 are written as the bytes that they are.
    write_bytes(folder / PICTURE_SCORES, table.as_csv().encode(errors="surrogateescape"))
    return PICTURE_SCORES


def without_losses(evaluation: Evaluation) -> Evaluation:
    """An evaluation whose scores are fractions alone: the losses have curves of their own."""
    scores = {name: value for name, value in evaluation.scores.items() if name != "loss" and "/" not in name}
    return replace(evaluation, scores=scores)


def _validation(record: Mapping[str, Any]) -> dict[str, Any]:
    """An epoch's line as a point of the curves: where it was measured, the validation loss and the scores."""
    told = {
        k: v
        for k, v in record.items()
        if "/" not in k and not k.startswith("train_") and k not in ("epoch", "at_step", "val_pictures")
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


def left_out(folder: RunFolder) -> dict[str, str]:
    """How many pictures could not be read, where some could not."""
    count = len(folder.skipped.read_text(encoding="utf-8").splitlines()) if folder.skipped.is_file() else 0
    return {"left out": f"{count} unreadable ({folder.skipped.name})"} if count else {}


def _facts(predictor: Predictor, steps: Sequence[dict[str, Any]], evaluation: Evaluation | None) -> dict[str, str]:
    parameters = sum(p.numel() for p in predictor.system.parameters())
    return {
        "steps": str(steps[-1]["step"]) if steps else "",
        "epochs": str(steps[-1]["epoch"] + 1) if steps else "",
        "parameters": f"{parameters:,}",
        "device": str(next(predictor.system.parameters()).device),
        "measured on": "" if evaluation is None else evaluation.measured_on,
    }
