"""One linear support vector machine, solved by scikit-learn's liblinear and given back as plain numbers.

liblinear has no bias of its own: it adds one more number, the bias scale, to every example, whose weight is penalised
like all others (Fan et al., LIBLINEAR: a library for large linear classification, JMLR 2008).

Legend: N examples, D numbers of each.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

ITERATIONS = 10_000
TOLERANCE = 1e-9


@dataclass(frozen=True)
class SvmSettings:
    """What a machine is asked for.

    Attributes:
        cost: Price C of the examples' losses beside half the squared norm of the weights.
        loss: ``squared_hinge``, or ``hinge``, which R-CNN takes.
        bias_scale: The number that is added to every example; a great one hardly penalises the bias.
        positive_weight: Factor of C for positive examples.
        tolerance: How far from the least sum liblinear may stop.
    """

    cost: float = 1.0
    loss: Literal["squared_hinge", "hinge"] = "squared_hinge"
    bias_scale: float = 1.0
    positive_weight: float = 1.0
    tolerance: float = TOLERANCE


def solve_svm(features: Tensor, positive: Tensor, settings: SvmSettings) -> tuple[Tensor, Tensor]:
    """The machine that tells positive from other examples.

    Args:
        features: (N, D) float32.
        positive: (N,) bool.
        settings: What is asked for.

    Returns:
        (D,) weights and () bias, float32: an example's margin is its product with the weights, plus the bias. Where all
        examples are of one kind, the margin is 1 or -1 everywhere.
    """
    if not bool(positive.any()) or bool(positive.all()):
        return torch.zeros(features.shape[1]), torch.tensor(1.0 if len(positive) and bool(positive[0]) else -1.0)
    from sklearn.svm import LinearSVC  # needed to solve alone: nobody else waits for it

    asked: dict[str, Any] = {
        "C": settings.cost,
        "loss": settings.loss,
        # The primal problem of the plain hinge has no gradient. For the squared one it converges without chance.
        "dual": settings.loss == "hinge",
        "intercept_scaling": settings.bias_scale,
        "class_weight": {1: settings.positive_weight},
        "tol": settings.tolerance,
        "max_iter": ITERATIONS,
        "random_state": 0,
    }
    machine: Any = LinearSVC(**asked)
    machine.fit(features.double().numpy(), positive.long().numpy())
    return torch.from_numpy(machine.coef_[0]).float(), torch.tensor(machine.intercept_[0]).float()
