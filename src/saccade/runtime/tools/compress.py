"""A run whose large fully connected layers are each replaced by two thin ones, as a run of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from saccade.core.errors import UsageError
from saccade.layers.blocks.low_rank import BEFORE, decomposed
from saccade.network.system import System
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.checkpoint_links import point
from saccade.runtime.runs.load import load
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems import every_system
from saccade.systems.build import build, options_of

# What Fast R-CNN keeps of fc6 and fc7.
RANKS = (1024, 256)


class Compressed(NamedTuple):
    """What a compression came to.

    Attributes:
        out: The folder of the smaller run.
        before: Parameters of the whole run.
        after: Parameters of the smaller one.
    """

    out: Path
    before: int
    after: int


def compress(run: str | Path, out: str | Path, ranks: Sequence[int] = RANKS) -> Compressed:
    """Truncate the singular values of a detector's fc6 and fc7 (Girshick 2015, Fast R-CNN, section 3.1).

    Regions are many and each passes these layers, so that they take most of the time.

    Args:
        run: The folder of a finished run.
        out: The folder of the smaller one, which is evaluated and used as any run.
        ranks: Singular values that are kept of fc6 and of fc7; all of them change nothing but the last bits.

    Raises:
        UsageError: The run's system cannot be compressed.
        ConfigError: There is no run, or the folder is taken.
    """
    predictor = load(run, device="cpu", precision="32")
    origin = predictor.system.origin or {"system": "", "options": {}, "classes": []}
    name, options = str(origin["system"]), dict(origin["options"])
    able = [known for known, function in every_system().items() if "ranks" in options_of(function)]
    if name not in able or options.get("ranks"):
        raise UsageError(f"a whole run of {', '.join(able)}", f"one of {name or 'a system by hand'}")
    options |= {"ranks": list(ranks)} | ({"pretrained": False} if "pretrained" in options else {})
    small = build(name, origin["classes"], **options)
    small.load_state_dict(thinned(small, predictor.system.state_dict()))
    before = RunFolder.open(run)
    with RunFolder.create(out) as folder:
        folder.write_classes(before.read_classes())
        checkpoint.save(folder.checkpoints, "compressed", small.state_dict(), None, {"step": 0, "scores": {}})
        point(folder.checkpoints, "last", "compressed")
        counts = [sum(p.numel() for p in network.parameters()) for network in (predictor.system, small)]
        changed = {"system": {"name": name, "options": options}, "parameters": counts[1]}
        folder.write_config(before.read_config() | changed)
    return Compressed(Path(out), *counts)


def thinned(small: System, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a system with thin pairs, from those of the same system without.

    Args:
        small: The system that is to take them.
        weights: By name, of the whole system.
    """
    own = small.state_dict()
    ending = f".{BEFORE}.weight"
    pairs = {name.removesuffix(ending): len(value) for name, value in own.items() if name.endswith(ending)}
    found = {name: value for name, value in weights.items() if name in own}
    for name, rank in pairs.items():
        found |= decomposed(name, weights, rank)
    return found
