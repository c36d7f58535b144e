"""How good guesses are: scores of each task, and the evaluator that streams pictures through them."""

from saccade.metrics.coco_scores import coco
from saccade.metrics.evaluation import Curve, Details, Evaluation, Judged
from saccade.metrics.evaluator import Evaluator
from saccade.metrics.families import FAMILIES, Family, choose
from saccade.metrics.metric import Explains, Metric
from saccade.metrics.voc import voc_ap

__all__ = [
    "FAMILIES",
    "Curve",
    "Details",
    "Evaluation",
    "Evaluator",
    "Explains",
    "Family",
    "Judged",
    "Metric",
    "choose",
    "coco",
    "voc_ap",
]
