"""What region detectors share whose last step is solved for: what stays, and in which stages they learn."""

from dataclasses import replace
from math import exp
from typing import Literal

from saccade.heads.regions.box_top import BoxRules
from saccade.heads.regions.solved_top import SolvedTop
from saccade.network.recipe import Stage
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.suppression import Suppression

Scores = Literal["svm", "softmax"]

# The authors' test begins with a margin of -1.5; of a softmax what scores less than a twentieth is not told.
BY_MARGIN = BoxRules(
    suppression=Suppression(score=1 / (1 + exp(1.5)), first=100_000, overlap=0.3, limit=100), coder=DeltaCoder()
)
BY_SOFTMAX = replace(BY_MARGIN, suppression=replace(BY_MARGIN.suppression, score=0.05))


def solved_stages(top: SolvedTop, freeze: tuple[str, ...] = ()) -> tuple[Stage, ...]:
    """Fine-tuning by the softmax, then all that is solved for.

    Args:
        top: What is solved for.
        freeze: What stands still throughout.
    """
    later = ("box",) if top.machines is None else ("box", "machines")
    silent = tuple(f"regions/{term}" for term in top.terms if term != "class")
    still = (*freeze, *(f"regions.tops.box.{name}" for name in later))
    return Stage(freeze=still, silent=silent), Stage(share=0.0, freeze=("trunk",), solve=("regions",))
