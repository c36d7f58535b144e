"""A recipe: how a paper trains its system, as numbers that `training` follows and a user may override."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from saccade.core.augmentation import Augmentation

if TYPE_CHECKING:  # recipes are listed without torch
    from saccade.core.annotation import Annotation

OptimiserName = Literal["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta"]
ScheduleName = Literal["constant", "step", "cosine", "poly", "plateau"]


@dataclass(frozen=True)
class Stage:
    """A part of a training in which some of the network stands still.

    Attributes:
        share: Share of the whole run, 0..1; the shares of a recipe's stages add up to 1.
        freeze: Names of parts, heads or submodules that stand still: ``trunk``, ``box``, ``trunk.layer1``.
        silent: Heads whose loss is left out, or single terms of a loss, ``head/term``.
        lr: Factor of the recipe's learning rate.
        unfreeze: Names inside parts that stand still which learn all the same; of two names the longer decides.
        continue_schedule: Whether the schedule goes on from the stage before; else each stage runs the whole of it.
        solve: Heads whose weights are found at once from all training pictures (`Solvable`), in one step between
            the stages that descend; such a stage has a share of 0.
        reinitialise: Whether trunk and neck begin again from the weights that the training began with; as they stood,
            they stand still beside and propose the regions that this stage learns from (Ren 2015, section 3.2, step 2).
    """

    share: float = 1.0
    freeze: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    lr: float = 1.0
    unfreeze: tuple[str, ...] = ()
    continue_schedule: bool = False
    solve: tuple[str, ...] = ()
    reinitialise: bool = False

    def __post_init__(self) -> None:
        if self.solve and self.share:
            raise ValueError(f"expected a share of 0 for a stage that solves, which takes one step, found {self.share}")


@dataclass(frozen=True)
class Recipe:
    """How a system is trained when nobody says otherwise.

    Attributes:
        optimiser: ``sgd`` (with momentum), ``adam``, ``adamw``, ``rmsprop``, ``adagrad`` or ``adadelta``.
        lr: Learning rate for batches of `batch` pictures; it is scaled with the batch that is really used.
        trunk_lr_factor: Factor of the trunk's learning rate.
        bias_lr_factor: Factor of the learning rate of layers' biases, of normalisation's not; Caffe's models have 2.
        lr_factors: Further factors by name of parts, heads or submodules, such as ``("label", 10.0)`` for a layer that
            is new among those that have learnt; of two names the longer decides.
        momentum: Momentum of ``sgd`` and ``rmsprop``; first decay of ``adam`` and ``adamw``.
        decay: Share of the mean of squared gradients that ``rmsprop`` keeps at each step, and ``adadelta`` of that
            of squared steps too.
        epsilon: What ``rmsprop`` adds to the root of that mean, and ``adadelta`` to both means before the root.
        weight_decay: L2 penalty (decoupled for ``adamw``); biases and normalisation are spared by `decay_all`.
        decay_all: Whether biases and normalisation decay too, as most papers of the first decade let them.
        schedule: ``constant``, ``step`` (by `gamma` at `milestones`), ``cosine`` (to 0), ``poly`` (power `gamma`) or
            ``plateau`` (by `gamma` when validation stalls for `milestones[0]` epochs).
        milestones: Shares of the run, 0..1, at which ``step`` acts.
        gamma: Factor of ``step`` and ``plateau``, power of ``poly``.
        warmup: Share of the run over which the learning rate rises.
        warmup_start: Factor of the learning rate that it rises from.
        epochs: Passes over the data when neither steps nor minutes are given.
        batch: Pictures a step.
        clip: Greatest norm of the gradient, or None.
        filter_rms: Greatest root mean square of a convolution's filter; after each step larger ones are brought back to
            it (Zeiler, Fergus 2013, section 3). None: they are left alone.
        ema: Decay of the average of the weights that is evaluated and saved, or None.
        augmentation: What is drawn for each picture.
        difficult: Whether objects are learnt that are marked as difficult (VOC). Else they are taken for background, as
            the code of Faster R-CNN, R-FCN, SPP-net and YOLO does.
        pixel_loss: Losses of pixels that are added up in place of the system's own, such as ``lovasz``; none: its own.
        stages: Stages, in order.
        few: Whether it is made for few pictures, so that no recipe for small sets takes its place unasked.
        best: Score by which the best checkpoint is chosen; a leading ``-`` says that less is better.
        note: The lab note: where the numbers are from, and what result to expect.
    """

    optimiser: OptimiserName = "sgd"
    lr: float = 0.01
    trunk_lr_factor: float = 1.0
    bias_lr_factor: float = 1.0
    lr_factors: tuple[tuple[str, float], ...] = ()
    momentum: float = 0.9
    decay: float = 0.99
    epsilon: float = 1e-8
    weight_decay: float = 5e-4
    decay_all: bool = True
    schedule: ScheduleName = "step"
    milestones: tuple[float, ...] = (0.5, 0.75)
    gamma: float = 0.1
    warmup: float = 0.0
    warmup_start: float = 1e-3
    epochs: int = 90
    batch: int = 32
    clip: float | None = None
    filter_rms: float | None = None
    ema: float | None = None
    augmentation: Augmentation = Augmentation()
    difficult: bool = True
    pixel_loss: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = (Stage(),)
    few: bool = False
    best: str = "-loss"
    note: str = ""

    @property
    def descends(self) -> bool:
        """Whether any stage takes steps of descent; else all weights that are sought are solved for."""
        return any(stage.share > 0 for stage in self.stages)

    def learnt(self, truth: "Sequence[Annotation]") -> "Sequence[Annotation]":
        """What is learnt of a truth: all of it, or all but objects that are marked as difficult."""
        if self.difficult:
            return truth
        shown = ((picture, picture.instances) for picture in truth)
        return [p if rows is None else replace(p, instances=rows.without_difficult()) for p, rows in shown]
