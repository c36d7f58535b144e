"""What ``config.yaml`` says of a run, and whether a run that goes on is still the same."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from saccade import __version__
from saccade.core.dataset import Joints
from saccade.core.errors import ConfigError
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.runs.joints_of_run import joints_of, plain_joints
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.documents.plain import plain
from saccade.training.parallel.machine import pick_precision, world_size
from saccade.training.settings import FREE_TO_CHANGE
from saccade.training.setup.data import Data
from saccade.training.setup.resolved_run import ResolvedRun
from saccade.training.setup.truth_record import changes_of_truth

# What may differ of a run that goes on: the version, and names of things that the arithmetic does not see.
COMPARED = (
    "system",
    "parameters",
    "classes",
    "joints",
    "input",
    "precision",
    "data",
    "pictures",
    "processes",
    "recipe",
    "settings",
)

FREE = frozenset(f"settings.{name}" for name in FREE_TO_CHANGE)


def run_config(resolved_run: ResolvedRun, device: torch.device) -> dict[str, Any]:
    """Plain values: system, classes, input, data, settings, recipe."""
    origin = resolved_run.system.origin
    return {
        "saccade": __version__,
        "system": {"name": origin["system"], "options": origin["options"]} if origin else None,
        "parameters": sum(parameter.numel() for parameter in resolved_run.system.parameters()),
        "classes": vocabularies_of_run(resolved_run).plain(),
        "joints": plain_joints(_joints(resolved_run)),
        "input": resolved_run.system.input.as_dict(),
        "precision": pick_precision(resolved_run.settings.precision, device),
        "data": resolved_run.data.name,
        "pictures": len(resolved_run.data.train),
        "processes": world_size(),
        "val": resolved_run.data.val_name,
        "settings": resolved_run.settings.as_dict(),
        # Of first weights from a file (`init`): which the file did not have, or had for another number of classes.
        "renewed": list(resolved_run.renewed),
        "recipe": asdict(resolved_run.recipe),
    }


def vocabularies_of_run(resolved_run: ResolvedRun) -> Vocabularies:
    """The classes of the data, and those that the network alone knows, of heads that the data annotate nothing for."""
    return Vocabularies.of({**resolved_run.system.vocabularies, **resolved_run.data.train.vocabularies})


def _joints(resolved_run: ResolvedRun) -> Joints | None:
    """What the joints of the data are, or of the run that the network begins as, where it alone knows some."""
    init, own = resolved_run.settings.init, resolved_run.data.train.joints
    if own is not None or not resolved_run.system.vocabularies.get("joints") or init is None:
        return own
    config = Path(init) / "config.yaml"
    return joints_of(RunFolder.open(init).read_config()) if config.is_file() else None


def check_same(folder: RunFolder, now: Mapping[str, Any], data: Data, say: Callable[[str], None]) -> None:
    """Refuse to go on with a run when something that changes its arithmetic differs: a setting, or what the data say.

    Args:
        folder: The run.
        now: Its configuration, were it begun now.
        data: Its data as they are now.
        say: Takes a line where an old run cannot tell.

    Raises:
        ConfigError: Something differs; the message is a diff.
    """
    before, after = folder.read_config(), plain(now)
    changed = [line for name in COMPARED for line in _differences(name, before.get(name), after.get(name))]
    truth = changes_of_truth(folder, before, data, say)
    if truth:
        listed = "\n    ".join(truth + changed)
        raise ConfigError(
            "the data that the run was begun with",
            f"changes:\n    {listed}",
            path=folder.truth,
            cure=f"restore the data, or train into another folder; --init {folder.path} begins with this run's weights",
        )
    if changed:
        listed = "\n    ".join(changed)
        raise ConfigError(
            "what the run was begun with",
            f"changes (before -> now):\n    {listed}",
            path=folder.config,
            cure="repeat the run's own command with --resume, or train into another folder with --init",
        )


def _differences(name: str, before: Any, after: Any) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [key for key in {**before, **after} if f"{name}.{key}" not in FREE]
        return [line for key in keys for line in _differences(f"{name}.{key}", before.get(key), after.get(key))]
    return [] if before == after else [f"{name}: {before} -> {after}"]
