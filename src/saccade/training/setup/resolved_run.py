"""A resolved run: all that a training needs, settled and checked, and small enough to send to other processes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.channels import with_channels
from saccade.data.datasets.proposals import no_search, with_regions
from saccade.data.open import Source, Sources
from saccade.data.passed_over import joints_beside
from saccade.metrics.metric import Metric
from saccade.network.card import SystemFunction
from saccade.network.recipe import Recipe
from saccade.network.system import Search, System
from saccade.runtime.evaluate.class_agreement import check_same_vocabularies
from saccade.runtime.runs.load import load, needs_of_run
from saccade.runtime.runs.network_of_run import vocabularies_of
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.runs.run_regions import seek_before, with_run_search
from saccade.systems import every_system
from saccade.systems.build import build, options_of, words_of
from saccade.training.callback import Callback
from saccade.training.parallel.processes import is_restart
from saccade.training.setting_limits import CHOICES
from saccade.training.settings import TrainSettings
from saccade.training.setup.data import Data, open_training_data
from saccade.training.setup.small_set import recipe_for
from saccade.training.setup.teacher import Teacher
from saccade.training.setup.weights.init_weights import take_weights, with_frozen


@dataclass(frozen=True)
class ResolvedRun:
    """A training to be done.

    Attributes:
        system: What learns, with its first weights.
        data: What it learns from, and what it is measured on.
        out: The run's folder.
        settings: What the user said.
        recipe: The recipe before the user's changes.
        resume: Whether a run that is in `out` goes on.
        metrics: A user's further metrics.
        callbacks: A user's own parts of the loop.
        renewed: Weights that begin anew although the settings name a file of first weights.
        teacher: Tells of objects in the training's steps what it knows.
    """

    system: System
    data: Data
    out: Path
    settings: TrainSettings
    recipe: Recipe
    resume: bool = False
    metrics: tuple[Metric, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    renewed: tuple[str, ...] = ()
    teacher: System | None = None


def prepare(
    what: str | Path | System,
    data: Sources,
    out: str | Path | None,
    val: Source | float | None,
    options: Mapping[str, Any],
    resume: bool = False,
) -> ResolvedRun:
    """Settle what is trained on what, before anything is written.

    Raises:
        UsageError: A system or an option is unknown.
        ConfigError: Classes or fields of system and data do not fit.
        DataError: The data has a defect.
    """
    settings, system_options = split_options(what, options)
    measured = settings.val if val is None else str(val) if isinstance(val, float | int) else val
    opened = open_training_data(data, measured, settings, needs_of(what, system_options))
    teacher, plain = None if settings.teacher is None else Teacher.of(settings.teacher, settings.device), opened
    # Most often a learner begins as its teacher, and is told of objects in its steps.
    in_steps = settings.init is not None and settings.init == settings.teacher
    opened = opened if teacher is None else teacher.complete(plain, objects=not in_steps)
    system_options = _with_heads(what, opened, system_options)
    torch.manual_seed(settings.seed)
    system = make_system(what, opened, system_options | _own_size(what, settings), settings.init)
    system = with_run_search(system, settings.device)
    if settings.size is not None:
        system = system.with_input(system.input.resized(settings.size))
    renewed = () if settings.init is None else take_weights(system, settings.init, settings.trust_pickle)
    check_same_vocabularies(system.vocabularies, opened.train.vocabularies, opened.title)
    taught = teacher is not None and teacher.teaches(system)
    if teacher is not None and in_steps and not taught:
        opened = teacher.complete(plain)
    channels, search = system.input.channels, system.search
    opened = replace(
        opened,
        train=_regions_known(opened.train, channels, no_search if system.learns_without_regions and search else search),
        val=None if opened.val is None else _regions_known(opened.val, channels, search),
    )
    place = Path(out) if out else next_out(what, resume)
    recipe = with_frozen(recipe_for(system, len(opened.train), settings), system, settings, renewed)
    told = teacher.system if teacher is not None and taught and in_steps else None
    return ResolvedRun(system, opened, place, settings, recipe, resume, renewed=tuple(renewed), teacher=told)


def _regions_known(dataset: Dataset, channels: int, search: Search | None) -> Dataset:
    """A side of the data with the network's channels, and with regions where it reads some."""
    return seek_before(with_regions(with_channels(dataset, channels), search), search)


def split_options(what: str | Path | System, options: Mapping[str, Any]) -> tuple[TrainSettings, dict[str, Any]]:
    """Settings of the training, and options of the system where it is given by name.

    A name that both have, such as ``schedule``, means the system's option where its value is one that this one takes.

    Raises:
        UsageError: An option is neither; the message lists both.
    """
    named = every_system().get(what) if isinstance(what, str) else None
    settings = {f.name for f in fields(TrainSettings)}
    own = set(options_of(named)) - settings if named else set[str]()
    moved = _meant_for_system(named, options) if named else set[str]()
    own, settings = own | moved, settings - moved
    unknown = sorted(set(options) - settings - own)
    if unknown:
        cure = f"the settings are {', '.join(sorted(settings))}"
        cure += f"; the options of {what} are {', '.join(sorted(own))}" if own else ""
        raise UsageError("a setting", ", ".join(unknown), cure=cure)
    chosen = {name: value for name, value in options.items() if name in settings}
    return TrainSettings.from_dict(chosen), {name: value for name, value in options.items() if name in own}


def _meant_for_system(function: SystemFunction, options: Mapping[str, Any]) -> set[str]:
    """Which names of settings mean the system's options of these names, told by their values."""
    both = [name for name in CHOICES if name in options and name in options_of(function)]
    words = words_of(function) if both else {}
    shared = {name: options[name] for name in both if name in words and options[name] is not None}
    for name, value in shared.items():
        if value not in (*CHOICES[name], *words[name]):
            raise UsageError(
                f"one of {', '.join(CHOICES[name])} (of the training), or {', '.join(words[name])} (of the system)",
                repr(value),
                within=name,
            )
    return {name for name, value in shared.items() if value in words[name]}


def _own_size(what: str | Path | System, settings: TrainSettings) -> dict[str, Any]:
    """The side of the input, for a named system that lays out its layers or boxes by it."""
    function = every_system().get(what) if isinstance(what, str) else None
    takes = function is not None and "size" in options_of(function)
    return {"size": settings.size} if takes and settings.size is not None else {}


def _with_heads(what: str | Path | System, data: Data, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a named system, with a head for each kind of annotation where it has several and none is named.

    Raises:
        ConfigError: The data annotate nothing that any of its heads learns from.
    """
    function = every_system().get(what) if isinstance(what, str) else None
    if function is None or not function.card.heads or options.get("heads"):
        return dict(options)
    found = function.card.heads_for(data.train.fields)
    if not found:
        raise ConfigError(
            f"pictures annotated for one of {', '.join(function.card.heads)}",
            ", ".join(sorted(data.train.fields)) or "nothing",
            path=data.title,
        )
    return {**options, "heads": found}


def _check_joints(function: SystemFunction, data: Data) -> None:
    """Refuse a system that learns from joints where they lie beside the data that were read."""
    card = function.card
    beside = "" if card.heads else joints_beside(card.needs, data.train, data.val)
    if beside:
        raise ConfigError(
            f"pictures annotated with {', '.join(sorted(card.needs))}",
            ", ".join(sorted(data.train.fields)) or "nothing",
            path=data.title,
            cure=beside,
        )


def make_system(what: str | Path | System, data: Data, options: Mapping[str, Any], init: str | None = None) -> System:
    """The system that `what` means: itself, one built by name for the data's classes, or a run's.

    Args:
        what: The system.
        data: What it learns from.
        options: Options of the system, where it is given by name.
        init: What it has its first weights from; a run knows the classes of heads that the data annotate nothing for.

    Raises:
        UsageError: There is neither such a system nor such a run.
        ConfigError: A system of joints is named, and those of the data are in a file that was passed over.
    """
    if isinstance(what, System):
        return what
    known = every_system()
    if str(what) in known:
        _check_joints(known[str(what)], data)
        joints = data.train.joints
        extra = {"joints": len(joints.names)} if joints and "joints" in options_of(known[str(what)]) else {}
        lists = data.train.vocabularies
        if options.get("heads") and init is not None and (Path(init) / "config.yaml").is_file():
            lists = Vocabularies({**vocabularies_of(RunFolder.open(init).read_config()), **lists})
        return build(str(what), lists, **{**extra, **options})
    if not Path(what).is_dir():
        names = ", ".join(sorted(known))
        raise UsageError("a system or the folder of a run", repr(str(what)), cure=f"systems: {names}")
    return load(what, precision="32", device="cpu").system


def needs_of(what: str | Path | System, options: Mapping[str, Any]) -> frozenset[str]:
    """Dotted fields that a system learns from, by name, built, or of a run's folder; none of what is neither.

    None either of a system whose heads the data decide on.

    Args:
        what: The system.
        options: Options of the system, where it is given by name.
    """
    if isinstance(what, System):
        return what.learns_from
    if str(what) not in every_system() and Path(what).is_dir():
        return needs_of_run(RunFolder.open(what).read_config())
    known = every_system().get(str(what))
    if known is None or (known.card.heads and not options.get("heads")):
        return frozenset()
    return frozenset(known.card.learns_from(options))


def next_out(what: str | Path | System, resume: bool = False) -> Path:
    """The first folder ``runs/NAME-1``, ``runs/NAME-2`` … that is free, or the last that is not, to go on there."""
    name = type(what).__name__.lower() if isinstance(what, System) else Path(what).name
    if isinstance(what, System) and what.origin:
        name = str(what.origin["system"])
    number = 1
    resume = resume or is_restart()
    while (out := Path("runs") / f"{name}-{number}").exists():
        number += 1
    return out.with_name(f"{name}-{number - 1}") if resume and number > 1 else out
