"""What learns: the system, its optimiser and its average on their device, and what a checkpoint holds of them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn

from saccade.core.batch import Batch
from saccade.core.errors import ConfigError
from saccade.layers.blocks.full_precision_gradient import with_full_precision_gradients
from saccade.layers.blocks.wide_gradient import with_wide_gradients
from saccade.layers.norms.fold import with_folded_training
from saccade.network.recipe import Recipe, Stage
from saccade.network.system import System
from saccade.training.parallel.fabric import Fabric
from saccade.training.step.distillation import Distillation
from saccade.training.step.loss_balance import LossBalance, balance_of, mean_over
from saccade.training.step.optimiser import bound_filters, forget, gradient_norm, make_optimiser, set_rate
from saccade.training.step.reinitialised_stage import ReinitialisedStage
from saccade.training.step.seeding import seed_step
from saccade.training.step.weight_average import WeightAverage


class LossModule(nn.Module):
    """A system's loss as a module's `forward`, the one door that precision and distributed wrappers watch."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self.silent: tuple[str, ...] = ()
        self.second: ReinitialisedStage | None = None
        self.balance: LossBalance | None = None
        self.distillation: Distillation | None = None

    def forward(self, take: Callable[[], Batch]) -> dict[str, Tensor]:
        """Weighted loss terms of the batch that `take` returns, in float32.

        The batch comes behind a function because the wrappers rebuild every dataclass among the arguments.
        """
        batch = take() if self.second is None or not self.second.begun else self.second.propose(take())
        # What a silent head costs is not even asked: the later stages of a cascade run many networks for it.
        wanted = {name for name in self.system.heads if name not in self.silent}
        if self.distillation is None:
            return self._weighed(self.system.loss(batch, wanted))
        maps = self.system.maps(batch)
        losses = self._weighed(self.system.loss_of(maps, batch.truth or (), wanted))
        return losses | self.distillation.terms(maps, batch)

    def _weighed(self, terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
        losses = {name: term.float() for name, term in terms.items() if not is_silent(name, self.silent)}
        if self.balance is None:
            return losses
        losses = self.balance(losses)
        # Here, for gradients of what leaves this module are fabric's alone in mixed precision.
        self.balance.watch(losses)
        return losses


def is_silent(term: str, silent: Sequence[str]) -> bool:
    """Whether a term, ``head/term``, is among those that are left out, by its own name or its head's."""
    return term in silent or term.split("/")[0] in silent


class TrainState:
    """A system that learns.

    Args:
        system: The network; it is moved to the device.
        recipe: How it is trained.
        fabric: Device, precision and processes.
        seed: Seed of all chance inside the network.
        loss_weights: What the heads' losses weigh (`balance_of`).
        teacher: Tells what it knows of classes that the data do not annotate.
    """

    def __init__(
        self,
        system: System,
        recipe: Recipe,
        fabric: Fabric,
        seed: int,
        loss_weights: str = "fixed",
        teacher: System | None = None,
    ) -> None:
        self.recipe, self.fabric, self.seed = recipe, fabric, seed
        # The distributed wrapper watches the parameters that learn when it is made; stages freeze some of them later.
        self.system = system.freeze(()).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        if fabric.device.type == "cpu":
            with_wide_gradients(system)
            with_full_precision_gradients(system)
        with_folded_training(system.trunk)
        self.loss = LossModule(system)
        self.loss.balance = balance_of(system, loss_weights, recipe.stages)
        if teacher is not None:
            self.loss.distillation = Distillation(teacher.to(fabric.device), system)
        learnt = () if self.loss.balance is None else tuple(self.loss.balance.parameters())
        self.network, self.optimiser = fabric.setup(self.loss, make_optimiser(system, recipe, learnt))
        self.precision = "bf16" if fabric.strategy.precision.precision.startswith("bf16") else "32"
        self.average = WeightAverage(system, recipe.ema) if recipe.ema else None
        self.loss.second = ReinitialisedStage(system) if any(stage.reinitialise for stage in recipe.stages) else None

    def enter(self, stage: Stage) -> None:
        """Freeze, thaw and silence what the stage says."""
        self.loss.silent = stage.silent
        self.system.freeze(stage.freeze, stage.unfreeze).train()
        self.optimiser.zero_grad(set_to_none=True)
        self._start_anew(stage)

    def _start_anew(self, stage: Stage) -> None:
        """Begin anew where the stage says so and has not yet done it; forget the network beside when that is over."""
        second = self.loss.second
        if second is not None and stage.reinitialise and not second.begun:
            self.take(first := second.begin())
            forget(self.optimiser, [p for name, p in self.system.named_parameters() if name in first])
        elif second is not None and second.begun and not stage.reinitialise:
            self.loss.second = None

    def backward(self, batches: Sequence[Batch], step: int) -> tuple[dict[str, float], float]:
        """Gradients of the mean loss over some batches.

        Args:
            batches: Batches that make one step.
            step: Optimiser steps done before.

        Returns:
            The loss terms with their sum as ``loss``, and the norm of the gradient, cut to the recipe's `clip`.
        """
        totals: dict[str, float] = {}
        for part, batch in enumerate(batches):
            seed_step(self.seed, step, part, self.fabric.global_rank)
            moved = batch.to(self.fabric.device)
            with self.fabric.no_backward_sync(self.network, enabled=part < len(batches) - 1):
                terms = self.network(lambda moved=moved: moved)
                self.fabric.backward(torch.stack(list(terms.values())).sum() / len(batches))
            for name, term in terms.items():
                totals[f"loss/{name}"] = totals.get(f"loss/{name}", 0.0) + float(term.detach()) / len(batches)
        totals = self._shared(totals)
        learning = [p for p in self.system.parameters() if p.grad is not None]
        norm = gradient_norm(learning)
        if self.recipe.clip is not None:
            torch.nn.utils.clip_grads_with_norm_(learning, self.recipe.clip, norm)
        return {"loss": sum(totals.values()), **totals}, float(norm)

    def step(self, lr: float) -> None:
        """Let the optimiser take one step."""
        set_rate(self.optimiser, lr)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.loss.balance is not None:
            self.loss.balance.step(mean_over(self.fabric.all_reduce, self.fabric.world_size))
        if self.recipe.filter_rms is not None:
            bound_filters(self.system, self.recipe.filter_rms)
        if self.average is not None:
            self.average.update()

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Let system and average hold some weights that were found at once, by name."""
        self.system.load_state_dict(dict(weights), strict=False)
        if self.average is not None:
            self.average.load(dict(weights), self.average.updates)

    def averaged_weights(self) -> AbstractContextManager[None]:
        """A context in which the system holds the weights that are evaluated and saved."""
        return nullcontext() if self.average is None else self.average.in_place()

    def weights(self) -> Mapping[str, Tensor]:
        """The weights that are evaluated and saved."""
        return self.system.state_dict() if self.average is None else self.average.state

    def memory(self) -> dict[str, Any]:
        """All that a checkpoint needs beside `weights` to go on."""
        memory: dict[str, Any] = {"optimiser": self.optimiser.state_dict()}
        if self.average is not None:
            memory |= {"weights": dict(self.system.state_dict()), "updates": self.average.updates}
        if self.loss.second is not None:
            memory["second"] = self.loss.second.memory()
        if self.loss.balance is not None:
            memory["balance"] = self.loss.balance.memory()
        return memory

    def told(self) -> dict[str, float]:
        """What the heads or terms weigh now, by ``loss_weight/NAME``; nothing where that is fixed."""
        found = {} if self.loss.balance is None else self.loss.balance.told()
        return {f"loss_weight/{name}": weight for name, weight in found.items()}

    def restore(self, weights: Mapping[str, Tensor], memory: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept.

        Raises:
            ConfigError: It kept another network.
        """
        try:
            self.system.load_state_dict(memory.get("weights", weights))
        except RuntimeError as error:
            raise ConfigError(
                "the network that the run was begun with",
                f"another: {error}",
                cure="build the system as it was, or train into another folder",
            ) from error
        self.optimiser.load_state_dict(memory["optimiser"])
        if self.average is not None:
            self.average.load(dict(weights), memory["updates"])
        if self.loss.second is not None and "second" in memory:
            self.loss.second.restore(memory["second"])
        else:
            self.loss.second = None
        if self.loss.balance is not None:
            self.loss.balance.restore(memory["balance"])

    def _shared(self, totals: dict[str, float]) -> dict[str, float]:
        """Means over all processes: what is judged by them must be judged alike everywhere."""
        if self.fabric.world_size == 1:
            return totals
        mean = self.fabric.all_reduce(torch.tensor(list(totals.values()), dtype=torch.float64), reduce_op="mean")
        return dict(zip(totals, mean.tolist(), strict=True))  # pyright: ignore[reportAttributeAccessIssue]

    def agree(self, value: float, how: Literal["first", "greatest"]) -> float:
        """One number that all processes hold: the first one's, or the greatest."""
        if self.fabric.world_size == 1:
            return value
        if how == "first":
            return self.fabric.broadcast(value)
        reduced = self.fabric.all_reduce(torch.tensor(value, dtype=torch.float64), reduce_op="max")
        return float(reduced)  # pyright: ignore[reportArgumentType]
