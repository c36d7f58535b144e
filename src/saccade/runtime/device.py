"""Where a network runs, and how many bits its numbers have."""

import copy
import errno
import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import torch

from saccade.core.errors import ResourceError, UsageError
from saccade.layers.norms.fold import fold_normalisation
from saccade.network.system import System

# Caps of oneDNN's instruction sets below the first that multiplies bf16.
ISA_WITHOUT_BF16 = frozenset({"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI"})
DTYPES = {"32": torch.float32, "bf16": torch.bfloat16, "16": torch.float16}


def pick_device(name: str = "auto") -> torch.device:
    """The device of that name.

    Args:
        name: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises:
        UsageError: There is no such device here, or the name means none.
    """
    present = present_devices()
    if name == "auto":
        return torch.device(present[-1] if present[-1] != "cuda:0" else "cuda")
    asked = {"cuda": "cuda:0", "cpu:0": "cpu", "mps:0": "mps"}.get(name, name)
    if asked not in present:
        raise UsageError(
            f"a device of this machine (auto, {', '.join(present)})",
            repr(name),
            cure="--device auto takes the best that there is",
        )
    return torch.device(name)


def present_devices() -> list[str]:
    """Names of the devices of this machine, the one to prefer last."""
    cuda = [f"cuda:{i}" for i in reversed(range(torch.cuda.device_count()))] if torch.cuda.is_available() else []
    return ["cpu", *(["mps"] if torch.backends.mps.is_available() else []), *cuda]


def pick_dtype(precision: str | None, trained: str | None = None) -> torch.dtype:
    """The type of the weights in use.

    Args:
        precision: ``32``, ``bf16`` or ``16``; None or ``auto`` leave it to the training.
        trained: Precision of the training: a network that was trained in bf16 predicts in bf16, any other in fp32.

    Raises:
        UsageError: There is no such precision.
    """
    if precision in (None, "auto"):
        return torch.bfloat16 if trained == "bf16" else torch.float32
    if precision not in DTYPES:
        raise UsageError(f"a precision (auto, {', '.join(DTYPES)})", repr(precision))
    return DTYPES[precision]


def dtype_of_run(precision: str | None, trained: str, device: torch.device) -> torch.dtype:
    """The type of a run's weights in use, as `pick_dtype` has it; a warning where its choice is slow on this processor.

    Args:
        precision: ``32``, ``bf16`` or ``16``; None or ``auto`` leave it to the training.
        trained: Precision of the training.
        device: Where it is used.

    Raises:
        UsageError: There is no such precision.
    """
    dtype = pick_dtype(precision, trained)
    left_to_training = precision in (None, "auto")
    if left_to_training and dtype == torch.bfloat16 and device.type == "cpu" and not cpu_multiplies_bf16():
        told = "the network learnt in bf16, and predicts in it, which this processor does not multiply: that takes"
        warnings.warn(f"{told} several times as long as in 32 bits; --precision 32 is faster here", stacklevel=3)
    return dtype


def cpu_multiplies_bf16() -> bool:
    """Whether convolutions use instructions that multiply bf16; without them bf16 is several times slower than fp32.

    The CPU must have them, and the environment must not keep oneDNN, which convolves, from them.
    """
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in ISA_WITHOUT_BF16:
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of the machine or of its accelerator."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # The allocator of the CPU raises a plain RuntimeError, told apart by its text alone.
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def out_of_memory(what: str, device: torch.device | str) -> ResourceError:
    """The error that says what did not fit into which memory."""
    return ResourceError(
        f"{what} to fit into the memory of {device}",
        "too little",
        cure="take a smaller --batch, smaller pictures or another --device",
    )


def moved_to_device(system: System, device: torch.device, dtype: torch.dtype) -> System:
    """The system on a device, its floats of one type: itself where it is so already, else a copy.

    In a copy of 16 bits the trunk's normalisation is folded into its convolutions, which is quicker and rounds less.
    """
    floats = [t for t in (*system.parameters(), *system.buffers()) if t.is_floating_point()]
    there = torch.empty(0, device=device).device  # with its number: cuda is cuda:0
    if any(t.dtype != dtype or t.device != there for t in floats):
        system = copy.deepcopy(system)
        if dtype != torch.float32:
            fold_normalisation(system.trunk)
        system = system.to(device, dtype)
    return system.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


@contextmanager
def evaluating(system: System) -> Generator[None]:
    """The system in evaluation mode inside the block; every module's own mode is restored after."""
    # To set the modes of all modules takes milliseconds, of a network in use for nothing: most have theirs already.
    modes = [(module, module.training) for module in system.modules()]
    if any(training for _, training in modes):
        system.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            if module.training != mode:
                module.training = mode
