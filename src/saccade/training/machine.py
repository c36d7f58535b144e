"""Device, precision and processes of a training."""

import logging
import os
from datetime import timedelta

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from saccade.core.errors import UsageError
from saccade.runtime.device import pick_device
from saccade.training.settings import TrainSettings


def pick_precision(precision: str, device: torch.device) -> str:
    """``bf16`` where the device multiplies it faster than fp32, else ``32``, unless it is asked for."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "32"
    return "bf16" if device.type == "cpu" and cpu_multiplies_bf16() else "32"


def cpu_multiplies_bf16() -> bool:
    """Whether the CPU has instructions that multiply bf16; without them bf16 is several times slower than fp32."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def make_fabric(settings: TrainSettings) -> Fabric:
    """Device, precision and processes as the settings ask for.

    Raises:
        UsageError: There is no such device.
    """
    # Fabric tells of its choices by logging; the run's own lines and config.yaml say the same.
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    device = pick_device(settings.device)
    precision = "bf16-mixed" if pick_precision(settings.precision, device) == "bf16" else "32-true"
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        places = [device.index or 0] if device.type == "cuda" else 1
        return Fabric(accelerator=device.type, devices=places, precision=precision)
    if device.type == "cuda" and torch.cuda.device_count() < settings.devices:
        raise UsageError(f"{settings.devices} GPUs are expected, found {torch.cuda.device_count()}")
    strategy = DDPStrategy(
        process_group_backend="nccl" if device.type == "cuda" else "gloo",
        timeout=timedelta(seconds=settings.timeout),
        # Stages freeze parts and silence heads, whose parameters then get no gradient.
        find_unused_parameters=True,
    )
    fabric = Fabric(accelerator=device.type, devices=settings.devices, strategy=strategy, precision=precision)
    fabric.launch()
    return fabric


def pick_workers(workers: int | None) -> int:
    """Processes that read pictures, in each process that trains: as asked, else one a core less one, 8 at most."""
    if workers is not None:
        return workers
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores // int(os.environ.get("WORLD_SIZE", "1")) - 1, 1), 8)


def share_threads(world: int) -> int:
    """Threads of arithmetic of one of `world` processes on this machine."""
    return max(torch.get_num_threads() // world, 1)
