"""Checkpoints: folders of weights, training state and a manifest, written whole and read only when whole.

``checkpoints/NAME/`` holds ``model.safetensors``, ``training.safetensors``, ``training.json`` and ``manifest.json``;
the links ``checkpoints/last`` and ``checkpoints/best`` lead to one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from saccade.core.errors import DataError
from saccade.runtime.runs import state_tree as pack
from saccade.runtime.runs.checkpoint_links import LINKS, by_step, follow, point, prune
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.tensors.pickles import looks_pickled, read_pickled_tensors
from saccade.safe_io.tensors.safetensors_file import read_tensors, tensor_bytes, write_tensors
from saccade.safe_io.writing.atomic import OLD, replacing_folder
from saccade.safe_io.writing.manifest import MANIFEST, check_files, read_manifest, write_manifest

__all__ = ["Checkpoint", "load_weights", "newest", "point", "prune", "read", "save"]

MODEL, TRAINING, TREE = "model.safetensors", "training.safetensors", "training.json"
# Headers, manifest and tree, roughly: only the tensors' bytes can be known before.
_MARGIN = 2**17


@dataclass(frozen=True)
class Checkpoint:
    """A state of training that can be gone on from.

    Attributes:
        path: Its folder.
        model: Weights and buffers by name, on the CPU.
        training: The tree of training state, or None where there is none or it was not asked for.
        facts: What else was kept: step, epoch, scores, …
    """

    path: Path
    model: dict[str, Tensor]
    training: Any
    facts: dict[str, Any]


def save(folder: Path, name: str, model: Mapping[str, Tensor], training: Any, facts: Mapping[str, Any]) -> Path:
    """Writes a checkpoint, whole or not at all; one of the same name makes way when the new one is on the disk.

    Args:
        folder: The folder of checkpoints; it is made.
        name: Name of the new one, a plain file name that does not begin with a dot.
        model: Weights and buffers by name; those that share memory are each written whole.
        training: Tree of state dicts, as `pack.flatten` takes it, or None.
        facts: JSON values; ``step`` orders the checkpoints.

    Returns:
        The folder of the checkpoint.

    Raises:
        ResourceError: The disk is full; all older checkpoints are whole.
        ValueError: The name is no plain file name.
        TypeError: The state holds something that is no plain value or tensor.
    """
    if not name or name != Path(name).name or name.startswith(".") or name in LINKS or name.endswith(OLD):
        raise ValueError(f"expected a plain name of a checkpoint, found {name!r}")
    tree, tensors = pack.flatten(training)
    need = tensor_bytes(model) + tensor_bytes(tensors) + _MARGIN
    with replacing_folder(folder / name, need) as partial:
        write_tensors(partial / MODEL, model)
        if training is not None:
            write_tensors(partial / TRAINING, tensors)
            (partial / TREE).write_text(to_json(tree), encoding="utf-8")
        write_manifest(partial, facts)
    return folder / name


def read(path: Path, training: bool = True) -> Checkpoint:
    """A checkpoint, after its files were found equal to what was written, to the bit.

    Args:
        path: Its folder, or a link to it.
        training: Whether the training state is read too.

    Raises:
        DataError: A file is missing, cut or changed, or not what it should be.
    """
    path = follow(path)
    manifest = read_manifest(path)
    files = manifest["files"]
    training = training and TREE in files
    check_files(path, files, [MODEL, TRAINING, TREE] if training else [MODEL])
    model = read_tensors(path / MODEL)
    state = pack.restore(load_json(path / TREE), read_tensors(path / TRAINING)) if training else None
    return Checkpoint(path, model, state, manifest["facts"])


def newest(folder: Path, say: Callable[[str], None]) -> Checkpoint | None:
    """The whole checkpoint of the greatest step, or None; of each damaged one that is passed over, `say` is told.

    Args:
        folder: The folder of checkpoints; it may be absent.
        say: Takes one sentence.
    """
    for _, path in by_step(folder):
        try:
            return read(path)
        except DataError as error:
            say(f"checkpoint {path.name} is damaged and passed over: {error}")
    return None


def load_weights(path: str | Path, trust_pickle: bool = False) -> dict[str, Tensor]:
    """Weights by name from wherever they lie.

    Args:
        path: A safetensors file, a checkpoint's folder, a run's folder (its best checkpoint, or else its last), or a
            pickled state dict (.pth, .pt).
        trust_pickle: Whether a pickle may be read; even then only tensors and plain values are taken from it.

    Raises:
        DataError: There is nothing of the kind, or it is damaged.
        ConfigError: It is a pickle, and `trust_pickle` is not said.
    """
    path = Path(path)
    if path.is_dir():
        return read(_in_folder(path), training=False).model
    return read_pickled_tensors(path, trust_pickle) if looks_pickled(path) else read_tensors(path)


def _in_folder(path: Path) -> Path:
    shelf = path if path.name == "checkpoints" else path / "checkpoints"
    candidates = [path, shelf / "best", shelf / "last", *(found for _, found in by_step(shelf))]
    for candidate in candidates:
        if (follow(candidate) / MANIFEST).is_file():
            return candidate
    raise DataError("a checkpoint or a run with one", "neither", path=path, cure="give the run's or a file's path")
