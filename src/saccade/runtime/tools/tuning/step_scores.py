"""How a score changes with the steps of a dense CRF, and a sheet of what one picture is told after each."""

from collections.abc import Iterable, Sequence

import torch
from PIL import Image

from saccade.core.annotation import Annotation
from saccade.core.vocabulary import Names
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.segment.segmentation import overlaps, pixel_counts
from saccade.ops.crf import dense_crf_steps
from saccade.ops.crf_parameters import CrfParameters
from saccade.runtime.tools.tuning.kept_scores import KeptPicture
from saccade.view.drawing.draw import draw
from saccade.view.drawing.sheet import sheet
from saccade.view.plots.chart import Line, lines


def step_scores(kept: Iterable[KeptPicture], classes: int, crf: CrfParameters) -> list[float | None]:
    """Mean IoU of all pictures together before the first step of mean field and after each.

    Args:
        kept: Pictures with the scores of their pixels and their true classes.
        classes: C.
        crf: Steps and kernels.

    Returns:
        One value more than there are steps; None where no class is shown.
    """
    counts = torch.zeros(crf.iterations + 1, classes, classes + 1, dtype=torch.int64)
    for one in kept:
        for step, beliefs in enumerate(dense_crf_steps(one.scores, one.image, crf)):
            counts[step] += pixel_counts(beliefs.argmax(0), one.semantic, classes, one.id)
    return [mean_defined(overlaps(one)) for one in counts]


def step_chart(scores: Sequence[float | None]) -> bytes:
    """`step_scores` as a chart, SVG."""
    return lines([Line("mean IoU", range(len(scores)), scores, better="high")], label="mean IoU")


def step_sheet(picture: KeptPicture, names: Names, crf: CrfParameters, shown: Sequence[int]) -> Image.Image:
    """What each pixel of a picture is told after some steps, beside the truth.

    Args:
        picture: The picture with the scores of its pixels.
        names: Names of the classes.
        crf: Steps and kernels.
        shown: Numbers of steps, 0 for the network alone.
    """
    told = [beliefs.argmax(0) for beliefs in dense_crf_steps(picture.scores, picture.image, crf)]
    kept = [step for step in shown if step < len(told)]
    grey = picture.image.float().mean(0, keepdim=True) / 255  # so that colours are those of classes
    drawn = [draw(grey, Annotation(semantic=one), names) for one in (*(told[step] for step in kept), picture.semantic)]
    return sheet(drawn, [*map(_after, kept), "truth"], columns=len(drawn))


def _after(step: int) -> str:
    if step < 2:
        return "after a step" if step else "the network alone"
    return f"after {step} steps"
