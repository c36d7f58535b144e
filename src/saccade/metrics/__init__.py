"""How good guesses are: scores of each task, and the evaluator that streams pictures through them."""

from saccade.metrics.evaluation import Curve, Details, Evaluation, Judged
from saccade.metrics.evaluator import Evaluator, choose
from saccade.metrics.metric import Explains, Metric

__all__ = ["Curve", "Details", "Evaluation", "Evaluator", "Explains", "Judged", "Metric", "choose"]
