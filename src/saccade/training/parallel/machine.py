"""Device, precision and processes of a training."""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.utils import deterministic

from saccade.core.errors import UsageError
from saccade.runtime.device import cpu_multiplies_bf16, pick_device
from saccade.training.parallel.fabric import DDPStrategy, Fabric
from saccade.training.settings import TrainSettings


def pick_precision(precision: str, device: torch.device) -> str:
    """``bf16`` where the device learns faster in it than in fp32, else ``32``, unless it is asked for.

    Args:
        precision: ``auto``, or what is asked for.
        device: Where the network learns.
    """
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "32"
    return "bf16" if device.type == "cpu" and cpu_multiplies_bf16() else "32"


def make_fabric(settings: TrainSettings) -> Fabric:
    """Device, precision and processes as the settings ask for, or as is fastest.

    Raises:
        UsageError: There is no such device.
    """
    # Fabric tells of its choices by logging; the run's own lines and config.yaml say the same.
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    device = pick_device(settings.device)
    precision = "bf16-mixed" if pick_precision(settings.precision, device) == "bf16" else "32-true"
    world = world_size()
    here = int(os.environ.get("LOCAL_WORLD_SIZE", world))
    if world == 1:
        places = [device.index or 0] if device.type == "cuda" else 1
        return Fabric(accelerator=device.type, devices=places, precision=precision)
    if device.type == "cuda" and torch.cuda.device_count() < here:
        raise UsageError(f"{here} GPUs", torch.cuda.device_count())
    backend, timeout = "nccl" if device.type == "cuda" else "gloo", timedelta(seconds=settings.timeout)
    if here == world:
        meet(backend, timeout)
    strategy = DDPStrategy(
        process_group_backend=backend,
        timeout=timeout,
        # Stages freeze parts and silence heads, whose parameters then get no gradient.
        find_unused_parameters=True,
    )
    fabric = Fabric(
        accelerator=device.type, devices=here, num_nodes=world // here, strategy=strategy, precision=precision
    )
    fabric.launch()
    return fabric


def meet(backend: str, timeout: timedelta) -> None:
    """Let the processes of this machine find each other.

    After a restart torch's own way may find the addresses that the ended processes have left in the launcher's store,
    and waits for a prediction there until time runs out. So each attempt gets a name space of its own.
    """
    if dist.is_initialized():
        return
    store, rank, world = next(rendezvous("env://", timeout=timeout))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    dist.init_process_group(
        backend, store=PrefixStore(f"attempt-{attempt}", store), rank=rank, world_size=world, timeout=timeout
    )


def world_size() -> int:
    """Number of the processes that train together, on all machines."""
    return int(os.environ.get("WORLD_SIZE", "1"))


@contextmanager
def repeatable(device: torch.device, strict: bool) -> Generator[None]:
    """Inside the block arithmetic gives the same bits each time, as far as the device can.

    On the CPU that costs nothing. Elsewhere it costs time, and is done where it is asked for.

    Args:
        device: Where the arithmetic is done.
        strict: Whether an operation without a repeatable kernel is refused.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    fill, threads = deterministic.fill_uninitialized_memory, torch.get_num_threads()  # pyright: ignore[reportAttributeAccessIssue]
    if device.type == "cuda" and strict:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if device.type == "cpu" or strict:
        torch.use_deterministic_algorithms(True, warn_only=not strict)
        deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        deterministic.fill_uninitialized_memory = fill  # pyright: ignore[reportAttributeAccessIssue]
        torch.set_num_threads(threads)


def pick_workers(workers: int | None) -> int:
    """Processes that read pictures, in each process that trains: as asked, else one a core less one, 8 at most."""
    if workers is not None:
        return workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1")) - 1, 1), 8)


def share_threads(world: int) -> int:
    """Threads of arithmetic of one of `world` processes on this machine."""
    return max(torch.get_num_threads() // world, 1)
