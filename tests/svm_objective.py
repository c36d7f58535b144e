"""What the solver of support vector machines is measured by."""

import torch
from torch import Tensor

from saccade.heads.classify.svm_solver import SvmSettings


def objective(features: Tensor, positive: Tensor, weight: Tensor, bias: Tensor, settings: SvmSettings) -> float:
    """What `solve_svm` makes least: half the squared norm, bias included, plus the priced losses."""
    sign = torch.where(positive, 1.0, -1.0).double()
    slack = (1 - sign * (features.double() @ weight.double() + bias.double())).clamp(min=0)
    loss = slack.square() if settings.loss == "squared_hinge" else slack
    price = settings.cost * torch.where(positive, settings.positive_weight, 1.0).double()
    norm = weight.double().square().sum() + (bias.double() / settings.bias_scale).square()
    return float(norm / 2 + (price * loss).sum())
