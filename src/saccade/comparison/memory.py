"""How much memory a network in use takes at its peak: each is loaded and asked in a process of its own.

One process loads the libraries, and splits for each network, so that what is measured is the network's: its weights,
and its maps while it looks at a picture. The libraries themselves are left out; other programs that run the network
have other ones. Of a GPU its own memory is meant.
"""

import ctypes
import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from saccade.runtime.device import pick_device
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
MIB = 2**20


def can_measure() -> bool:
    """Whether this system tells a process its peak, and lets it begin anew: Linux does."""
    return hasattr(os, "fork") and STATUS.exists() and RESET.exists()


def peaks(
    networks: Mapping[str, tuple[Sequence[str], Mapping[str, Any]]], pictures: Sequence[Tensor], device: str = "auto"
) -> dict[str, float | None]:
    """Megabytes (2^20 bytes) that each network takes at its peak.

    Args:
        networks: By name, the folders of its runs, and keywords of `load`.
        pictures: (C, H, W) each; they are shown one by one.
        device: Where.

    Returns:
        None for one whose process failed, and for all where the system does not tell.
    """
    if not networks or not can_measure() or not pictures:
        return dict.fromkeys(networks)
    with TemporaryDirectory() as folder:
        shown = Path(folder) / "pictures.safetensors"
        save_file({str(number): picture.contiguous() for number, picture in enumerate(pictures)}, shown)
        asked = {
            "pictures": str(shown),
            "device": device,
            "networks": {n: [list(r), dict(k)] for n, (r, k) in networks.items()},
        }
        done = subprocess.run(
            [sys.executable, "-m", "saccade.comparison.memory"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
            # To split a process whose threads hold locks would hang; memory is alike with one thread and with many.
            env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return dict.fromkeys(networks) | dict(item for line in lines for item in json.loads(line).items())


def _measure_all(asked: Mapping[str, Any]) -> None:
    """Split for each network; each child prints its line."""
    torch.set_num_threads(1)
    with torch.no_grad():  # what the first convolution of a process loads is the libraries', not the network's
        nn.Conv2d(3, 4, 3)(torch.zeros(1, 3, 8, 8))
    for name, (runs, use) in asked["networks"].items():
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                peak = _peak(runs, use, asked["pictures"], asked["device"])
                os.write(1, f"{json.dumps({name: peak})}\n".encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def _peak(runs: Sequence[str], use: Mapping[str, Any], pictures: str, device: str) -> float:
    """Megabytes of this process at its peak, above what it had before the network was loaded."""
    shown = list(load_file(pictures).values())
    given = list(runs) if len(runs) > 1 else runs[0]
    # Once to no purpose: what libraries load when they are first used is theirs, not the network's.
    _show(load(given, device=device, **use), shown[:1])
    _give_back()
    before = _status("VmRSS")
    network = load(given, device=device, **use)
    _give_back()
    RESET.write_text("5")  # proc(5): the peak begins anew
    if pick_device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        _show(network, shown)
        return torch.cuda.max_memory_allocated() / MIB
    _show(network, shown)
    return max(_status("VmHWM") - before, 0) / 1024


def _show(network: Predictor, pictures: Sequence[Tensor]) -> None:
    for picture in pictures:
        network(picture)


def _give_back() -> None:
    """Give what is no longer used back to the system, where the C library can."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def _status(name: str) -> int:
    """KiB of one line of /proc/self/status."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))


if __name__ == "__main__":
    _measure_all(json.load(sys.stdin))
