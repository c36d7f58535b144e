"""What machine the numbers are of; read without loading torch, which would fix the threads of all that follows."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "torchvision", "lightning-fabric", "faster-coco-eval")
# Instructions that decide about bf16, which is most of the ratio in training.
DECISIVE = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
# Variables that set threads, or keep kernels from instructions that the processor has.
TELLING = ("OMP_", "GOMP_", "MKL_", "ONEDNN_", "ATEN_CPU_")


def describe_machine() -> dict[str, str | int | float]:
    """Processor, cores, memory, load and versions, as plain values."""
    return {
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "instructions": ", ".join(name for name in DECISIVE if name in _line("/proc/cpuinfo", "flags").split()),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        **{name: value for name, value in os.environ.items() if name.startswith(TELLING)},
    }


def _line(file: str, key: str) -> str:
    """What stands behind the first `key` of a file of /proc; nothing where there is no such file."""
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
