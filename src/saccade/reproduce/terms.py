"""On what terms an experiment is run: how large, on which data, on which device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from saccade.core.errors import ConfigError, UsageError
from saccade.reproduce.experiment import Experiment, Scale, Size

SCENES = "scenes"
# What a piece tells: by row and measure a number, a list of them (rounds), or None where a score is undefined.
Told = Mapping[str, Mapping[str, Any]]


class Piece(NamedTuple):
    """A part of an experiment that is done in one go and kept: a training and its scores, a timing, a count.

    Attributes:
        name: Of its file and of its run.
        row: The row that it is about; empty where it is about several.
        seed: What its chance is drawn from.
    """

    name: str
    row: str = ""
    seed: int = 0


@dataclass(frozen=True)
class Terms:
    """How large an experiment is, on which data, and where its trainings are.

    Attributes:
        scale: quick, miniature or full.
        size: The numbers of that.
        data: Names of the data sets, ``scenes`` for the built-in pictures.
        root: Folder of the data sets; None without.
        runs: Folder of the trainings.
        device: Where networks learn: ``auto``, ``cpu`` or ``cuda``.
    """

    scale: Scale
    size: Size
    data: tuple[str, ...]
    root: Path | None
    runs: Path
    device: str = "auto"

    @property
    def full(self) -> bool:
        """Whether all is as the paper has it."""
        return self.scale == "full"

    def source(self, name: str, side: int) -> str | Path:
        """What `open_data` takes for one of the data sets.

        Args:
            name: A name of `data`.
            side: Of the built-in pictures, in pixels.
        """
        if name == SCENES:
            return f"scenes:count={self.size.pictures or 500},size={side}"
        return (self.root or Path()) / name


class Work(Protocol):
    """The one who does the pieces of an experiment."""

    def pieces(self, seeds: int) -> Sequence[Piece]:
        """All pieces, in the order in which they are done; a seed's after those of the seed before."""
        ...

    def measured(self, piece: Piece) -> Told:
        """Do a piece; a training that was broken off goes on."""
        ...


def terms_of(
    experiment: Experiment, scale: Scale, root: Path | None, runs: Path, steps: int | None, device: str
) -> Terms:
    """The terms of an experiment.

    Args:
        experiment: Which.
        scale: quick, miniature or full.
        root: Folder of data sets, or None: built-in pictures.
        runs: Folder of the trainings.
        steps: Steps of each training; None: as the scale has them.
        device: Where networks learn.

    Raises:
        UsageError: Data are given to an experiment that reads none.
        ConfigError: Data or GPU that the scale needs are absent.
    """
    if scale == "full":
        data = _needed(experiment, root)
        device = _gpu(device)
    else:
        data = _taken(experiment, root)
    sizes = experiment.sizes
    small = sizes.miniature if data == (SCENES,) or sizes.on_data is None else sizes.on_data
    size = {"quick": sizes.quick, "full": sizes.full}.get(scale, small)
    size = size if steps is None else replace(size, steps=steps)
    return Terms(scale, size, data, root, runs, device)


def _taken(experiment: Experiment, root: Path | None) -> tuple[str, ...]:
    if root is None:
        return (SCENES,)
    if not experiment.folders:
        cure = "leave out --data; with --full it is read" if experiment.full_needs else "leave out --data"
        raise UsageError(f"no data for the miniature of {experiment.name}", str(root), cure=cure)
    found = tuple(name for name in experiment.folders if (root / name).is_dir())
    if not found:
        listed = ", ".join(experiment.folders)
        cure = "give the folder above them, or leave out --data: built-in pictures are taken"
        raise ConfigError(f"{listed} in the folder of data", "none of them", path=root, cure=cure)
    return found


def _needed(experiment: Experiment, root: Path | None) -> tuple[str, ...]:
    listed = ", ".join(experiment.full_needs)
    cure = f"--data DIR, where DIR holds {listed}; or leave out --full"
    if root is None:
        raise ConfigError(f"data for the full size of {experiment.name}", "none", cure=cure)
    absent = [name for name in experiment.full_needs if not (root / name).is_dir()]
    if absent:
        raise ConfigError(f"{listed} in the folder of data", f"no {', '.join(absent)}", path=root, cure=cure)
    return experiment.full_needs


def _gpu(device: str) -> str:
    """The device of the full size.

    Raises:
        ConfigError: It is no GPU.
    """
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        found = "the CPU" if device == "cpu" else "none that torch can use"
        raise ConfigError("a GPU for the full size", found, cure="leave out --full: the miniature needs none")
    return "cuda"
