"""The settings of a training: one frozen dataclass, whose fields are the flags of ``saccade train``."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.data.augment.choice import parse_augment
from saccade.training.setting_limits import check
from saccade.training.setup.loss_weights import written


@dataclass(frozen=True)
class TrainSettings:
    """What a user may say of a training; None leaves the choice to the system's recipe or to the machine.

    Attributes:
        epochs: Passes over the training pictures.
        steps: Optimiser steps, in place of epochs.
        minutes: Minutes from the first step to the report, in place of epochs: training, validations, the evaluation of
            the best checkpoint and the report. Where all validation pictures would take too much of them, fewer are
            measured, and that is said. Not exactly repeatable.
        val: What to validate on: a split's name, a data set, or a share of the training pictures such as 0.2. The
            default is the split ``val`` where there is one.
        fold: K/N: validate on the K-th of N parts of the training pictures, and learn from the others. N/class: learn
            from N pictures of each class, drawn by the seed, and validate on the others (Caltech's protocol).
        size: Side of the network's input in pixels.
        batch: Pictures a step (on each device); 0 finds the greatest that fits into memory. The default is the
            recipe's, or as few, from 4, as leave an epoch ten steps.
        accumulate: Batches whose gradients make one step.
        recipe: What settles whatever is not said here: paper, the system's own numbers; small, those for few pictures
            and a trunk that has learnt; auto, small for a pretrained trunk and up to 2000 training pictures, else
            paper.
        optimiser: sgd, adam, adamw, rmsprop, adagrad or adadelta.
        lr: Learning rate, as it is used: not scaled with the batch.
        momentum: Momentum.
        weight_decay: Weight decay.
        schedule: constant, step, cosine, poly or plateau.
        warmup: Share of the run, 0..1, over which the learning rate rises.
        clip: Greatest norm of the gradient.
        ema: Decay of the average of the weights, 0..1, that is evaluated and saved; 0 is none.
        patience: Validations without a better score after which the training stops.
        best: Score that chooses the best checkpoint; a leading - says that less is better.
        seed: Number from which all chance is drawn.
        workers: Processes that read pictures; the default is one a core, less one, 8 at most.
        threads: Threads of arithmetic of each process; the default shares the cores. On few cores that readers use too,
            fewer threads may be faster. Another number gives other last bits.
        device: auto, cpu, cuda, cuda:1 or mps.
        devices: Number of processes that train together.
        precision: auto, 32 or bf16.
        freeze: Parts that stand still, by name: trunk, a head, trunk.layer1; or init, whatever has its first weights
            from `init`, so that what the run there said stays as it was, to the bit.
        unfreeze: Parts that stand still until a share of the run, as SHARE:PART, such as 0.3:trunk.layer4,0.6:trunk.
        trunk_lr_factor: Factor of the trunk's learning rate; 0.1 lets a trunk that has learnt change slowly.
        init: File or run to take first weights from.
        teacher: Run that tells of training pictures what they do not annotate of the classes it knows, so that a
            network that learns further ones does not forget them.
        trust_pickle: Whether `init` may be a pickle (.pth); only for files whose maker you trust.
        keep: Whether each reading process keeps the pictures that it has read in memory; for small sets.
        save_every: Steps between checkpoints; the default is as often as costs a thirtieth of the time.
        balance: none, weights (of the loss of whole pictures' classes; of no others), sampler (all classes are shown
            alike), repeat (rare classes are shown more often, by the root of what they lack), or of pixels: natural
            (none), median (weights of the loss, the median of the classes' frequencies over each one's own, in the
            pictures that show it) or median_all (in all).
        loss_weights: What the losses of several heads weigh beside each other: fixed, the system's own weights; factors
            by head or by term, such as boxes=1,pixels=.5; uncertainty, learnt, the less the less sure a task is;
            gradnorm, so that all heads pull alike at the trunk's last layer.
        pixel_loss: Losses of pixels that are added up in place of the system's own: cross_entropy, focal, dice, lovasz.
        rare: Share of the pictures, 0..1, below which a class is rare, for `balance` repeat; 0.001 is LVIS's.
        augment: What is drawn for each training picture: recipe, none, or fields of the augmentation by name, such as
            mosaic=0.5,zoom=0.8:1.25 beginning with the recipe's, or none,flip=0.5 with nothing.
        cache: Whether features of a frozen trunk are kept on disk; the default is where they can be.
        class_subset: Names of classes to train on; objects and pictures of others are left out.
        rename: New names of classes, as OLD=NEW; classes that get one name become one, and OLD= makes regions to
            ignore of a class.
        allow_outside: Whether annotations may name pictures outside the data's folder.
        on_bad: What is done about pictures that cannot be read, which are sought before the first step: skip leaves up
            to a hundredth out and lists them in skipped.jsonl, and stops where there are more; fail stops at any.
        deterministic: Whether operations without a repeatable kernel are refused.
        timeout: Seconds that a reader or another process may stay silent.
    """

    epochs: int | None = None
    steps: int | None = None
    minutes: float | None = None
    val: str | None = None
    fold: str | None = None
    size: int | None = None
    batch: int | None = None
    accumulate: int = 1
    recipe: str = "auto"
    optimiser: str | None = None
    lr: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    schedule: str | None = None
    warmup: float | None = None
    clip: float | None = None
    ema: float | None = None
    patience: int | None = None
    best: str | None = None
    seed: int = 0
    workers: int | None = None
    threads: int | None = None
    device: str = "auto"
    devices: int = 1
    precision: str = "auto"
    freeze: tuple[str, ...] = ()
    unfreeze: tuple[str, ...] = ()
    trunk_lr_factor: float | None = None
    init: str | None = None
    teacher: str | None = None
    trust_pickle: bool = False
    keep: bool = False
    save_every: int | None = None
    balance: str = "none"
    loss_weights: str | Mapping[str, float] = "fixed"
    pixel_loss: tuple[str, ...] = ()
    rare: float = 0.001
    augment: str | Mapping[str, Any] | Augmentation = "recipe"
    cache: bool | None = None
    class_subset: tuple[str, ...] = ()
    rename: Mapping[str, str] | None = None
    allow_outside: bool = False
    on_bad: str = "skip"
    deterministic: bool = False
    timeout: float = 300.0

    def __post_init__(self) -> None:
        """Refuse what no training can do.

        Raises:
            UsageError: A value is outside what the field takes, or two fields contradict each other.
        """
        # One text for one meaning, so that it can be written down and compared, however it was said.
        object.__setattr__(self, "augment", str(parse_augment(self.augment)))
        object.__setattr__(self, "loss_weights", written(self.loss_weights))
        check({f.name: getattr(self, f.name) for f in fields(self)}, get_type_hints(TrainSettings))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for YAML."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @staticmethod
    def from_dict(values: Mapping[str, Any], path: str | None = None) -> "TrainSettings":
        """The settings that plain values describe.

        Args:
            values: Fields by name.
            path: File that they were read from, for the error.

        Raises:
            UsageError: A name is unknown; the message lists the known ones.
        """
        known = [f.name for f in fields(TrainSettings)]
        for name in values:
            if name not in known:
                cure = did_you_mean(name, known, f"the settings are {', '.join(known)}")
                raise UsageError("a setting", repr(name), path=path, cure=cure)
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        plain |= {name: os.fspath(v) for name, v in plain.items() if isinstance(v, os.PathLike)}
        for name in LISTS:
            if isinstance(plain.get(name), str):  # one name alone, which is a sequence of letters too
                plain[name] = (plain[name],)
        return TrainSettings(**plain)


# Settings that are several names.
LISTS = ("freeze", "unfreeze", "class_subset", "pixel_loss")
# What may differ between a run and its resumption, since it leaves the weights as they are.
FREE_TO_CHANGE = frozenset(
    {
        "workers",
        "device",
        "devices",
        "save_every",
        "timeout",
        "cache",
        "keep",
        "on_bad",
        "init",
        "trust_pickle",
        "allow_outside",
        "minutes",
    }
)
