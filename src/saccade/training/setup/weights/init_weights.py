"""First weights from a file or a run."""

import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from torch import Tensor

from saccade.core.errors import ConfigError, UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.layers.initialise import fit_channels
from saccade.network.frozen_parts import inside
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.runtime.runs.checkpoint import load_weights
from saccade.runtime.runs.network_of_run import vocabularies_of
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.settings import TrainSettings
from saccade.training.setup.weights.class_rows import class_rows, of_other_classes
from saccade.training.setup.weights.weight_names import under_own_names

SHOWN = 4
# What becomes of weights that are not simply taken.
PARTLY = "taken for the classes that both know, by their names"
OTHERS = "taken as they stand, though the run's classes are others, or in another order"
SHAPED, LACKED = "new because the shape differs", "new because the file lacks them"
# What `TrainSettings.freeze` calls all that a file has given its first weights.
INIT = "init"


def take_weights(system: System, path: str | Path, trust_pickle: bool) -> list[str]:
    """Load a file's or a run's weights into a system; what cannot be taken keeps its first weights, and is told.

    The file may be a system's of ours, torchvision's or timm's file of the system's trunk, or a shallower VGG's. A head
    may have another number of classes: of a run, those that both know are found by their names (`class_rows`); else its
    last layer begins anew, and of a run of another system whatever differs in the heads; so do layers of the trunk that
    have an output a joint (`Trunk.sized_by_classes`). Of as many classes of other
    names the last layer is taken as it stands. First filters for RGB are fitted to other channels. Any other
    difference of shape is a mistake.

    Args:
        system: Whose weights are replaced.
        path: A .safetensors file, a run's or a checkpoint's folder, or a .pth file.
        trust_pickle: Whether a .pth file may be read.

    Returns:
        Names of the system's weights that the file lacks or holds in another shape.

    Raises:
        ConfigError: Nothing of the file fits, or a weight has another shape than the system's.
        DataError: The file is damaged, or is a pickle that was not trusted.
    """
    own = system.state_dict()
    held = load_weights(Path(path), trust_pickle=trust_pickle)
    found = {name: value for name, value in under_own_names(system, held).items() if name in own}
    if not found:
        raise ConfigError(
            f"weights of this system (such as {next(iter(own))})",
            next(iter(held), "none"),
            path=path,
            cure="--init takes weights of the same system or trunk, of the same width",
        )
    found = _fit_first_filters(system, found)
    other = [name for name in own if name in found and found[name].shape != own[name].shape]
    known = _classes_of(Path(path))
    partly = class_rows(system, other, found, known)
    new = [name for name in other if name not in partly]
    sized = [f"trunk.{layer}" for layer in system.trunk.sized_by_classes]
    elsewhere = [name for name in new if not any(inside(name, layer) for layer in sized)]
    _check_heads_alone(elsewhere, found, own, path, _is_of_another_system(system, Path(path)))
    fitting = {name: value for name, value in found.items() if name not in other}
    system.load_state_dict(fitting | partly, strict=False)
    lacked, others = [name for name in own if name not in found], of_other_classes(system, list(fitting), known)
    _tell(path, len(fitting), {PARTLY: sorted(partly), OTHERS: others, SHAPED: new, LACKED: lacked})
    return [name for name in own if name not in fitting]


def with_frozen(recipe: Recipe, system: System, settings: TrainSettings, renewed: Collection[str]) -> Recipe:
    """The recipe, or, where that is asked for, one in which all stands still that has its first weights from a file.

    Args:
        recipe: How the system learns.
        system: What does.
        settings: What the user said, ``freeze`` of `init` or not.
        renewed: Names of the weights that begin anew.

    Raises:
        UsageError: There is no file of first weights.
    """
    if INIT not in settings.freeze:
        return recipe
    if settings.init is None:
        raise UsageError("--init beside --freeze init", "none", cure="name the parts to freeze, or give --init RUN")
    still = _taken_whole(system, renewed)
    return replace(recipe, stages=tuple(replace(stage, freeze=(*stage.freeze, *still)) for stage in recipe.stages))


def _taken_whole(system: System, renewed: Collection[str]) -> list[str]:
    """The greatest parts none of whose weights begin anew."""
    own, found = list(system.state_dict()), list[str]()
    for path, _ in system.named_modules():
        if path and not any(inside(path, one) for one in found):
            weights = [name for name in own if inside(name, path)]
            if weights and not any(name in renewed for name in weights):
                found.append(path)
    return found


def _fit_first_filters(system: System, found: dict[str, Tensor]) -> dict[str, Tensor]:
    """The first filters for the system's channels, where the file holds them for RGB."""
    name, wanted = next((f"trunk.{name}", p) for name, p in system.trunk.named_parameters() if p.dim() in (2, 4))
    value = found.get(name)
    if value is None or value.dim() != 4 or value.shape[1] != 3 or wanted.shape[1] == 3:
        return found
    return found | {name: fit_channels(value, wanted.shape[1])}


def _check_heads_alone(
    names: list[str], found: Mapping[str, Tensor], own: Mapping[str, Tensor], path: str | Path, other_system: bool
) -> None:
    """Differences of shape are those of a head's number of outputs, or of another system's heads.

    A hidden layer of another size would show in what the layer after it reads.

    Raises:
        ConfigError: There are others.
    """
    for name in names:
        theirs, wanted = found[name].shape, own[name].shape
        pairs = theirs[:1] == theirs[1:2] and wanted[:1] == wanted[1:2]  # a kernel for each pair of classes
        same = other_system or (theirs[2:] == wanted[2:] and (pairs or theirs[1:2] == wanted[1:2]))
        if not name.startswith("heads.") or not same:
            raise ConfigError(
                f"{name} of shape {tuple(own[name].shape)}",
                tuple(found[name].shape),
                path=path,
                cure="build the system with the trunk, variant and width that the weights are from; only the number of "
                "classes, or of joints, may differ",
            )


def _is_of_another_system(system: System, path: Path) -> bool:
    """Whether a run's folder says that its system is not this one; files of weights say nothing."""
    if not (path / "config.yaml").is_file():
        return False
    theirs = RunFolder.open(path).read_config().get("system")
    name = cast("Mapping[str, object]", theirs).get("name") if isinstance(theirs, Mapping) else None
    return name is not None and name != (system.origin or {}).get("system")


def _classes_of(path: Path) -> Vocabularies:
    """The classes that a run's network learnt; files of weights name none."""
    if not (path / "config.yaml").is_file():
        return Vocabularies({})
    return vocabularies_of(RunFolder.open(path).read_config())


def _tell(path: str | Path, taken: int, others: Mapping[str, list[str]]) -> None:
    parts = [f"{taken} taken", *(f"{why}: {_listed(names)}" for why, names in others.items() if names)]
    if len(parts) > 1:
        print(f"first weights from {path}: {'; '.join(parts)}", file=sys.stderr)  # noqa: T201


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
