"""A system for data, where nobody names one: by what is annotated, how large it is, and how fast the machine is."""

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.data.datasets.picture import size_of
from saccade.data.open import Sources
from saccade.data.passed_over import joints_beside
from saccade.runtime.device import pick_device
from saccade.systems import IF_UNSURE
from saccade.systems.build import build
from saccade.training.parallel.machine import pick_precision
from saccade.training.settings import TrainSettings
from saccade.training.setup.choice.object_sizes import LOOKED_AT, ObjectSizes, object_sizes
from saccade.training.setup.choice.outlook import LEARNING, Outlook, outlook_of
from saccade.training.setup.choice.trial_steps import pictures_a_second
from saccade.training.setup.data import Data, open_training_data

# Minutes of a training of which nobody says how long it is, and the share that is measured on where nothing is.
MINUTES, HELD_OUT = 10.0, "0.2"
# So often pictures should be seen in all, where time allows.
PASSES, FEWEST, ENOUGH = 12, 1200, 3000
TRUNK = {"trunk": "efficientnet_lite0", "pretrained": True}
# Channels of a light neck; sides of the input to choose from; pixels that small objects should have there.
NECK, SIDES, SMALL_OBJECT = 64, tuple(range(640, 160 - 1, -32)), 48
# The finest anchors, in pixels, whatever objects there are: below, a map of stride 8 tells no two places apart.
FINEST, COARSEST = 8, 32
# The stride of the finest map that anchors of instances stand on, which their option is in units of.
STRIDE = 4
TASKS: dict[str, tuple[tuple[str, ...], str]] = {
    "detect": (("instances.boxes", "instances.labels"), IF_UNSURE["detect"]),
    "classify": (("label",), IF_UNSURE["classify"]),
    "multilabel": (("labels",), IF_UNSURE["classify"]),
    "localize": (("label", "instances.boxes"), IF_UNSURE["localize"]),
    "segment": (("semantic",), IF_UNSURE["segment"]),
    "segment_several": (("semantic_masks",), IF_UNSURE["segment"]),
    "instances": (("instances.boxes", "instances.labels", "instances.masks"), IF_UNSURE["instances"]),
    "contours": (("contours",), IF_UNSURE["contours"]),
    "pose": (("pose", "pose_visible"), IF_UNSURE["pose"]),
    "keypoints": (
        ("instances.boxes", "instances.labels", "instances.keypoints", "instances.visible"),
        "keypoint_rcnn",
    ),
}
OBJECTS = ("detect", "instances", "keypoints")
# In this order, where no task is asked for.
USUAL = ("instances", "detect", "classify", "multilabel", "segment", "segment_several", "contours", "pose")
# Options of systems that make them light, or learn the task best, by task.
LIGHT: dict[str, dict[str, Any]] = {
    "segment": {"grouped": True},
    "segment_several": {"grouped": True, "labels": "several"},
    "multilabel": {"loss": "sigmoid"},
    # The layers of masks see a quarter of the samples, and of 512 they would take most of a step.
    "instances": {"samples": 64},
    "contours": {"disputed": "ignored"},
    # The full row of hourglasses learns for days.
    "pose": {"stacks": 2, "width": 0.25},
    "keypoints": {"samples": 64},
}
# What systems are built on that have no trunk to choose, in words.
BODIES = {"pose": "2 hourglasses of a quarter of their width, which learn from nothing"}
# Sides of the square around a person: an hourglass halves them six times.
SQUARES = (256, 192, 128)


@dataclass(frozen=True)
class Choice:
    """What is trained, and why.

    Attributes:
        system: Its name.
        options: Options of the system and settings of the training, by name: the user's, and those chosen.
        reasons: Lines for the person who waits.
        task: What it is chosen for.
    """

    system: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    reasons: tuple[str, ...] = ()
    task: str = ""

    def command(self, data: Sources) -> list[str]:
        """The words of the command that spells it out."""
        named = data if isinstance(data, list | tuple) else [data]
        words = [part for one in named for part in ("--data", str(one))]
        for name, value in self.options.items():
            flag = "--" + name.replace("_", "-")
            words += [flag] if value is True else [flag, _written(value)]
        return ["saccade", "train", self.system, *words]


def choose(data: Sources, task: str | None, options: Mapping[str, Any]) -> Choice:
    """What to train on data.

    Args:
        data: What `open_data` takes, or several.
        task: ``detect``, ``instances`` (boxes and masks), ``classify``, ``multilabel`` (several classes a picture),
            ``localize``, ``segment``, ``segment_several`` (several classes a pixel), ``contours``, ``pose`` (joints of
            one person, who is given) or ``keypoints`` (boxes and joints); None: by what is annotated.
        options: Settings of the training, by name; they are kept.

    Raises:
        UsageError: An option is none of the settings, or the task is unknown.
        ConfigError: No system learns from what is annotated.
        DataError: The data has a defect.
    """
    settings = _settings(options)
    needs = () if task is None or task not in TASKS else TASKS[task][0]
    opened = open_training_data(data, options.get("val"), settings, needs)
    task = _task(opened, task)
    chosen, reasons = dict(options), [_why(opened, task)]
    if opened.val is None and settings.fold is None:
        chosen["val"] = HELD_OUT
        reasons.append("nothing is set apart to validate on: a fifth of the training pictures is")
    if (settings.epochs, settings.steps, settings.minutes) == (None, None, None):
        chosen["minutes"] = MINUTES
        reasons.append(f"nobody says how long: {MINUTES:g} minutes (--minutes, --epochs or --steps changes that)")
    more, lines = _sized(opened, task, replace(settings, minutes=chosen.get("minutes", settings.minutes)))
    return Choice(TASKS[task][1], chosen | more, (*reasons, *lines), task)


def _written(value: Any) -> str:
    """A value as the command line reads it."""
    if isinstance(value, tuple):
        return ",".join(map(_written, value))  # pyright: ignore[reportUnknownArgumentType]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _settings(options: Mapping[str, Any]) -> TrainSettings:
    known = {one.name for one in fields(TrainSettings)}
    foreign = sorted(set(options) - known)
    if foreign:
        raise UsageError("settings of the training, where no system is named", ", ".join(foreign), cure="name a system")
    # What is measured on may be a data set, which is no setting.
    return TrainSettings.from_dict({name: value for name, value in options.items() if name != "val"})


def _task(data: Data, asked: str | None) -> str:
    if asked is not None and asked not in TASKS:
        raise UsageError(f"one of {', '.join(TASKS)}", repr(asked), within="task")
    for task in USUAL if asked is None else (asked,):
        if set(TASKS[task][0]) <= set(data.train.fields):
            return task
    wanted = " or ".join(" and ".join(TASKS[task][0]) for task in (USUAL if asked is None else (asked,)))
    raise ConfigError(
        f"pictures annotated with {wanted}",
        ", ".join(sorted(data.train.fields)) or "nothing",
        path=data.title,
        cure=(asked and joints_beside(TASKS[asked][0], data.train, data.val))
        or "name a system: `saccade systems` lists what each learns from",
    )


def _why(data: Data, task: str) -> str:
    annotated = {
        "detect": "boxes with classes",
        "classify": "a class each",
        "multilabel": "several classes each",
        "localize": "a class and boxes",
        "segment": "a class for each pixel",
        "segment_several": "a mask for each class",
        "instances": "boxes with classes, and masks",
        "contours": "contours",
        "pose": "the joints of a person",
        "keypoints": "boxes with joints",
    }
    names = data.train.vocabularies.names(TASKS[task][0][-1])
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return f"{len(data.train)} training pictures have {annotated[task]} ({len(names)}: {shown}): {TASKS[task][1]}"


def _sized(data: Data, task: str, settings: TrainSettings) -> tuple[dict[str, Any], list[str]]:
    """Options of the system and the side of its input, as objects ask for and the minutes allow."""
    options: dict[str, Any] = {**({} if task in BODIES else TRUNK), **LIGHT.get(task, {})}
    sizes = object_sizes(data.train) if task in OBJECTS else None
    if sizes is not None:
        options |= {"norm": "frozen", "neck_channels": NECK}
    wanted = settings.size or (_usual(data.train, task) if sizes is None else _wanted(sizes))
    side, told = _affordable(data, task, options, wanted, settings)
    if sizes is not None:
        finest = float(min(max(round(sizes.smallest * side), FINEST), COARSEST))
        options |= {"finest": finest} if task == "detect" else {"scales": (finest / STRIDE,)}
        ends = f"{sizes.smallest * side:.0f} to {sizes.middle * side:.0f}"
        told += f"; the smaller half of the objects has sides of {ends} pixels there"
    trunk = BODIES.get(task, f"trunk {TRUNK['trunk']} with ImageNet weights")
    return options | {"size": side}, [f"{trunk}; {told}"]


def _usual(train: Dataset, task: str) -> int:
    """ImageNet's side for whole pictures, the paper's for a person's square; for pixels that of the pictures."""
    if task == "pose":
        return SQUARES[0]
    if TASKS[task][1] not in (IF_UNSURE["segment"], IF_UNSURE["contours"]):
        return 224
    longer = sorted(max(size_of(train, index)) for index in range(min(len(train), LOOKED_AT)))
    middle = longer[len(longer) // 2] if longer else SIDES[0]
    return next((side for side in reversed(SIDES) if side >= middle), SIDES[0])


def _wanted(sizes: ObjectSizes) -> int:
    """The least side at which small objects have enough pixels, and no more than pictures have."""
    side = min(SMALL_OBJECT / max(sizes.small, 1e-6), sizes.side)
    return next((one for one in reversed(SIDES) if one >= max(side, 224)), SIDES[0])


def _affordable(
    data: Data, task: str, options: dict[str, Any], wanted: int, settings: TrainSettings
) -> tuple[int, str]:
    """The largest side up to the one wanted at which the minutes show pictures often enough, and what to say of it.

    A side is measured before it is taken: small pictures cost more than their share of the pixels of large ones.
    """
    if settings.size is not None or settings.minutes is None:
        return wanted, f"pictures of {wanted} pixels"
    device = pick_device(settings.device)
    precision = pick_precision(settings.precision, device)
    seen = min(max(PASSES * len(data.train), FEWEST), ENOUGH)
    budget = settings.minutes * 60 * LEARNING
    sides = [side for side in (SQUARES if task == "pose" else SIDES) if side <= wanted] or [wanted]
    while True:
        side, *smaller = sides
        system = build(TASKS[task][1], data.train.vocabularies, **options, size=side)
        pace = pictures_a_second(system, data.train, device, precision)
        if not smaller or budget * pace >= seen:
            break
        sides = [one for one in smaller if budget * pace * (side / one) ** 2 >= seen] or smaller[-1:]
    told = f"pictures of {side} pixels, about {pace:.1f}/s here"
    seldom = f" ({wanted} would be seen too seldom in {settings.minutes:g} minutes)"
    return side, told if side == wanted else told + seldom


def planned(
    data: Sources, task: str | None, options: Mapping[str, Any], resume: bool = False
) -> tuple[Choice, Outlook]:
    """What to train on data, and what that training will be like on this machine: the way of `train` and `plan` alike.

    Args:
        data: See `choose`.
        task: See `choose`.
        options: See `choose`.
        resume: Whether a run shall go on.

    Raises:
        UsageError: A run shall go on, whose system its own command names; or see `choose`.
        ConfigError: See `choose`.
    """
    if resume:
        raise UsageError("the system of the run that goes on", "none", cure="repeat the command that the run told of")
    choice = choose(data, task, options)
    own = {name: value for name, value in choice.options.items() if name != "val"}
    outlook = outlook_of(choice.system, data, choice.options.get("val"), own)
    return replace(choice, reasons=(*choice.reasons, *outlook.reasons)), outlook


def chosen(data: Sources, task: str | None, options: Mapping[str, Any], resume: bool) -> Choice:
    """What `planned` finds, said on standard error, with the command that spells it out."""
    choice, _ = planned(data, task, options, resume)
    sys.stderr.write("".join(f"{line}\n" for line in told(choice, data)))
    return choice


def told(choice: Choice, data: Sources) -> list[str]:
    """The lines that say a choice: each part with its reason, then the command."""
    return [
        *(f"chosen: {line}" for line in choice.reasons),
        "the same in full:",
        f"  {shlex.join(choice.command(data))}",
    ]
