"""The network of a run's folder, built anew as the run's configuration says, with the weights of a checkpoint."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.vocabulary import Vocabularies
from saccade.network.system import System
from saccade.ops.proposals.searches import SEARCHES, search_named
from saccade.runtime.evaluate.class_agreement import check_classes_agree, check_same_vocabularies
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems import every_system
from saccade.systems.build import build, options_of

SHOWN = 5


def network_of_run(
    folder: RunFolder,
    config: Mapping[str, Any],
    system: System | None = None,
    which: Literal["best", "last"] = "best",
    search: str | None = None,
) -> System:
    """The network of a run's folder with the weights of a checkpoint; see `load`."""
    classes = vocabularies_of(config)
    if folder.classes.is_file():
        check_classes_agree(classes.main, folder.read_classes(), "classes.txt", folder.classes)
    if system is None:
        network = _rebuilt(folder, config, classes, search)
    else:
        network = _borrowed(system, folder, classes, search)
    if isinstance(config.get("input"), Mapping):
        network = network.with_input(InputSpec.from_dict(config["input"]))
    _take(network, _weights(folder, which), folder.path)
    return network


def vocabularies_of(config: Mapping[str, Any]) -> Vocabularies:
    """The classes of the data that a run learnt from, as its ``config.yaml`` has them."""
    return Vocabularies.of(config.get("classes") or ())


def trained_in(config: Mapping[str, Any]) -> str:
    """Bits of the numbers that a run's network learnt in, and predicts in: ``bf16`` or ``32``."""
    return "bf16" if str(config.get("precision")).startswith("bf16") else "32"


def _rebuilt(folder: RunFolder, config: Mapping[str, Any], classes: Vocabularies, search: str | None) -> System:
    origin = config.get("system")
    if not isinstance(origin, Mapping) or not origin.get("name"):
        raise ConfigError(
            "a run of a system that a name builds",
            "one of a system that was built by hand",
            path=folder.config,
            cure="build it the same way and hand it over: saccade.load(path, system=...)",
        )
    options = dict(origin.get("options") or {})
    if "pretrained" in options:
        options["pretrained"] = False  # the run's own weights follow: nothing need be downloaded
    known = every_system().get(name := str(origin["name"]))
    if search is not None and known is not None:
        if "search" not in options_of(known):
            raise _seeks_nothing(name)
        options["search"] = search
    elif _is_lost(options.get("search")):
        raise ConfigError(
            "the file of regions, or the run, that this one was trained with",
            f"no {options['search']}",
            path=folder.config,
            cure="name another, or a search, with --search (in Python: search=...)",
        )
    system = build(name, classes, **options)
    if search is not None and system.search is None:
        raise _seeks_nothing(name)  # it may seek regions, but was told not to
    return system


def _is_lost(search: Any) -> bool:
    """Whether regions come from a file or a run that is not there."""
    return isinstance(search, str) and search not in SEARCHES and not Path(search).exists()


def _borrowed(system: System, folder: RunFolder, classes: Vocabularies, search: str | None) -> System:
    check_same_vocabularies(system.vocabularies, classes, "the run", folder.config)
    network = copy.deepcopy(system)
    if search is not None:
        if network.search is None:
            raise _seeks_nothing("this system")
        return network.with_search(search_named(search))
    return network


def _seeks_nothing(name: str) -> UsageError:
    return UsageError(
        "a system that seeks regions with a search",
        f"{name}, which needs none",
        cure="leave the search out",
    )


def _weights(folder: RunFolder, which: str) -> dict[str, Tensor]:
    path = folder.checkpoints / which
    if which == "best" and not path.exists():
        path = folder.checkpoints / "last"
    if not path.exists():
        raise DataError(
            f"a checkpoint {which!r}",
            "none",
            path=folder.checkpoints,
            cure="the training ended before its first checkpoint: go on with saccade train ... --resume",
        )
    try:
        return checkpoint.read(path, training=False).model
    except DataError as error:
        error.cure = f"{error.cure or ''}; another checkpoint of the run may be whole: load(path, which='last')"
        raise


def _take(network: System, weights: Mapping[str, Tensor], path: Path) -> None:
    own = network.state_dict()
    wrong = [
        f"{name}: {_shape(own.get(name))} expected, {_shape(weights.get(name))} found"
        for name in sorted({*own, *weights})
        if _shape(own.get(name)) != _shape(weights.get(name))
    ]
    if wrong:
        listed = "\n    ".join([*wrong[:SHOWN], *(["..."] if len(wrong) > SHOWN else [])])
        raise ConfigError(
            "the weights of this network",
            f"{len(wrong)} that differ:\n    {listed}",
            path=path,
            cure="build the network with the options of the run",
        )
    network.load_state_dict(dict(weights))


def _shape(tensor: Tensor | None) -> str:
    return "none" if tensor is None else str(tuple(tensor.shape))
