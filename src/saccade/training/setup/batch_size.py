"""The greatest batch that fits into memory, found by trying whole steps."""

import copy
import resource
from collections.abc import Callable
from pathlib import Path

import torch

from saccade.core.batch import Batch
from saccade.core.errors import ResourceError
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.runtime.device import is_out_of_memory
from saccade.training.parallel.fabric import Fabric
from saccade.training.step.train_state import TrainState

GREATEST, MARGIN = 256, 0.9
# An epoch of fewer steps hardly moves a network; smaller batches than so many teach by chance.
STEPS_AN_EPOCH, LEAST = 10, 4


def usual_batch(batch: int, pictures: int, world: int = 1) -> int:
    """A recipe's batch, or as few pictures as leave an epoch ten steps, though not fewer than four.

    Args:
        batch: The recipe's.
        pictures: Training pictures.
        world: Processes that train together.
    """
    return min(batch, max(pictures // (STEPS_AN_EPOCH * world), LEAST))


def greatest_batch(system: System, recipe: Recipe, fabric: Fabric, make: Callable[[int], Batch], pictures: int) -> int:
    """The greatest power of two that a forward pass, a backward pass and a step fit into memory with.

    The weights are put back as they were; a tenth of the memory is kept free.

    Args:
        system: What learns.
        recipe: How.
        fabric: Where.
        make: Makes a batch of so many pictures.
        pictures: Pictures of the data set, a bound of the batch.

    Raises:
        ResourceError: Not even one picture fits.
    """
    before = copy.deepcopy(system.state_dict())
    train_state, found = TrainState(system, recipe, fabric, seed=0), 0
    # One picture is tried last: a system that normalises over a batch may be unable to learn from it.
    sizes = [size for size in (2, 4, 8, 16, 32, 64, 128, 256) if size <= min(GREATEST, pictures)]
    try:
        for size in sizes:
            if not _fits(train_state, make(size), fabric.device):
                break
            found = size
        if not found:
            found = int(_fits(train_state, make(1), fabric.device))
    finally:
        system.load_state_dict(before)
    if found == 0:
        raise ResourceError("memory for one picture", "too little", cure="take a smaller --size")
    return found


def _fits(train_state: TrainState, batch: Batch, device: torch.device) -> bool:
    """Whether a step with the batch leaves a tenth of the memory, and one with twice the batch may be tried."""
    try:
        train_state.backward([batch], step=0)
        train_state.step(0.0)
        return _used_share(device) < MARGIN
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    finally:
        train_state.optimiser.zero_grad(set_to_none=True)


def _used_share(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / torch.cuda.get_device_properties(device).total_memory
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    # A step with twice the batch, which may follow, takes up to twice the peak: half of the memory is the bound.
    return 2 * peak / total_memory()


def total_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its control group's where that is less."""
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    machine = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal")), 8 * 2**30)
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else "max"
    return min(machine, int(text)) if text.isdigit() else machine
