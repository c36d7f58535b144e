"""What the losses of several heads weigh beside each other while they learn: by uncertainty, or by GradNorm.

A balance learns with the system and is none of it: what it has learnt goes into checkpoints, and validation tells
losses without it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from saccade.core.errors import ConfigError, UsageError
from saccade.losses.multitask import by_uncertainty, gradnorm_slopes
from saccade.network.checks import check_weights
from saccade.network.recipe import Stage
from saccade.network.system import System
from saccade.training.setup.loss_weights import parse_loss_weights

# GradNorm's constants: of NYUv2, whose tasks are unlike (Chen 2018, section 5.1), and Adam's rate for the weights.
ALPHA, RATE, LEAST = 1.5, 0.025, 1e-2


class LossBalance(nn.Module, ABC):
    """Weighs the terms of a loss; what it learns by the training's own descent are its parameters."""

    @abstractmethod
    def forward(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weighted terms, by ``head/term``."""

    @abstractmethod
    def told(self) -> dict[str, float]:
        """What each head or term weighs now, by name."""

    def watch(self, terms: Mapping[str, Tensor]) -> None:
        """Look at a step's weighted terms before their gradients are taken; nothing unless it says so."""
        del terms

    def step(self, mean: Callable[[Tensor], Tensor]) -> None:
        """Change by what was watched in this step; nothing unless it says so.

        Args:
            mean: The mean of a tensor over all processes that train together.
        """
        del mean

    def memory(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return dict(self.state_dict())

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.load_state_dict(dict(memory))


class Uncertainty(LossBalance):
    """A learnt variance for each term: the less sure a task is, the less it weighs (Kendall 2018).

    Args:
        system: Whose terms are weighed.
    """

    def __init__(self, system: System) -> None:
        super().__init__()
        pairs = [
            (f"{name}/{term}", term in head.regressions) for name, head in system.each_head() for term in head.terms
        ]
        self.names = [name for name, _ in pairs]
        self.log_variances = nn.Parameter(torch.zeros(len(pairs)))
        self.regressions: Tensor
        self.register_buffer("regressions", torch.tensor([distance for _, distance in pairs]), persistent=False)

    def forward(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """exp(-s) L + s / 2, of regressions half of the first."""
        places = [self.names.index(name) for name in terms]
        own = self.log_variances[places], self.regressions[places]
        return dict(zip(terms, by_uncertainty(torch.stack(list(terms.values())), *own).unbind(), strict=True))

    def told(self) -> dict[str, float]:
        """exp(-s) of each term."""
        return dict(zip(self.names, (-self.log_variances.detach()).exp().tolist(), strict=True))


class GradNorm(LossBalance):
    """Weights of heads by which all of them pull alike at the last shared layer, those that learn slowly a little more.

    While the trunk stands still, the weights do, too; a head without truth in a batch takes no part in that step.

    Args:
        system: Whose heads are weighed; its trunk's last convolution is the last shared layer.
    """

    def __init__(self, system: System) -> None:
        super().__init__()
        self.names = [name for name, _ in system.each_head()]
        # Not this module's: a checkpoint has it with the system.
        self._layers = [layer.weight for layer in system.trunk.modules() if isinstance(layer, nn.Conv2d)]
        self.weights: Tensor
        self.first: Tensor
        self.register_buffer("weights", torch.ones(len(self.names)))
        self.register_buffer("first", torch.zeros(len(self.names)))
        self._optimiser: torch.optim.Adam | None = None
        self._watched: list[Tensor] = []

    def forward(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """Each term times its head's weight."""
        return {name: term * self.weights[self.names.index(name.split("/")[0])] for name, term in terms.items()}

    def told(self) -> dict[str, float]:
        """The weight of each head."""
        return dict(zip(self.names, self.weights.tolist(), strict=True))

    def watch(self, terms: Mapping[str, Tensor]) -> None:
        """Norms of the heads' gradients at the last shared layer, and the heads' losses without their weights."""
        shared = [weight for weight in self._layers if weight.requires_grad][-1:]
        if not shared:
            return
        of_head = [[term for name, term in terms.items() if name.split("/")[0] == head] for head in self.names]
        sums = [torch.stack(own).sum() if own else self.weights.new_zeros(()) for own in of_head]
        norms = [self._norm(total, shared[0]) for total in sums]
        losses = torch.stack([total.detach() for total in sums]) / self.weights
        self._watched.append(torch.stack([torch.stack(norms), losses]))

    @staticmethod
    def _norm(total: Tensor, shared: Tensor) -> Tensor:
        if not total.requires_grad:
            return total.detach()
        (gradient,) = torch.autograd.grad(total, shared, retain_graph=True, materialize_grads=True)
        return gradient.float().norm()

    @torch.no_grad()
    def step(self, mean: Callable[[Tensor], Tensor]) -> None:
        """One step of Adam on the weights of the heads that had truth; then all are scaled to the sum T."""
        if not self._watched:
            return
        norms, losses = mean(torch.stack(self._watched).mean(0))
        self._watched = []
        here = (losses != 0) & (norms > 0)
        self.first.copy_(torch.where(here & (self.first == 0), losses, self.first))
        if here.sum() > 1:
            slopes = torch.zeros_like(self.weights)
            ratios = losses[here] / self.first[here]
            slopes[here] = gradnorm_slopes(norms[here], ratios, self.weights[here], ALPHA)
            self._descend(slopes)
            self.weights.clamp_(min=LEAST)
            self.weights.mul_(len(self.weights) / self.weights.sum())

    def _descend(self, slopes: Tensor) -> None:
        self.weights.grad = slopes
        self._adam().step()
        self.weights.grad = None

    def _adam(self) -> torch.optim.Adam:
        """Made when it is first used: by then the weights are on their device."""
        if self._optimiser is None:
            self._optimiser = torch.optim.Adam([self.weights], lr=RATE)
        return self._optimiser

    def memory(self) -> dict[str, Any]:
        """Weights, first losses, and Adam's moments."""
        return {"state": dict(self.state_dict()), "optimiser": self._adam().state_dict()}

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.load_state_dict(memory["state"])
        self._adam().load_state_dict(memory["optimiser"])


KINDS: dict[str, type[Uncertainty | GradNorm]] = {"uncertainty": Uncertainty, "gradnorm": GradNorm}


def balance_of(system: System, asked: str, stages: Sequence[Stage]) -> LossBalance | None:
    """What weighs the heads' losses in a training; None where their weights are fixed, and set in the system itself.

    Args:
        system: What learns.
        asked: ``fixed``, ``uncertainty`` or ``gradnorm``, or fixed weights by name (`TrainSettings.loss_weights`).
        stages: What stands still, and when.

    Raises:
        ConfigError: GradNorm is asked for, and there is one head alone, or no convolution of the trunk ever learns.
    """
    if asked == "gradnorm":
        _check_shared(system, stages)
    return KINDS[asked](system) if asked in KINDS else None


def _check_shared(system: System, stages: Sequence[Stage]) -> None:
    if len(system.each_head()) < 2:
        raise ConfigError("several heads where GradNorm weighs them", "one", cure="leave --loss-weights out")
    paths = [path for path, layer in system.trunk.named_modules() if isinstance(layer, nn.Conv2d)]
    before = system.frozen
    learns = False
    for stage in stages:
        system.freeze(stage.freeze, stage.unfreeze)
        learns = learns or any(not system.stands_still(f"trunk.{path}") for path in paths)
    system.freeze(before.still, before.thawed)
    if not learns:
        raise ConfigError(
            "a trunk that learns, at whose last layer GradNorm compares the heads",
            "one that stands still throughout",
            cure="--loss-weights uncertainty needs no shared layer",
        )


def mean_over(reduce: Callable[..., Any], world: int) -> Callable[[Tensor], Tensor]:
    """The mean of a tensor over all processes, by a fabric's own reduction."""
    return lambda tensor: tensor if world == 1 else reduce(tensor, reduce_op="mean")


def weigh_heads(system: System, asked: str) -> None:
    """Give a system the fixed weights that are asked for; others of its own stay.

    Raises:
        UsageError: A head or a term is unknown.
    """
    found = parse_loss_weights(asked)
    if isinstance(found, str):
        return
    try:
        check_weights(found, (), dict(system.each_head()))
    except ValueError as error:
        known = ", ".join(name for name, _ in system.each_head())
        raise UsageError(f"heads ({known}) or their terms", asked, within="loss_weights", cure=str(error)) from error
    system.loss_weights = {**system.loss_weights, **found}
