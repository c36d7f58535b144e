"""How fast a system learns on this machine, measured on a few pictures before anything is settled."""

import copy
import time

import torch

from saccade.core.dataset import Dataset
from saccade.network.system import System

# The first round warms up; of the others the quickest counts, since others may use the machine for a moment.
PICTURES, ROUNDS = 2, 4


def pictures_a_second(system: System, dataset: Dataset, device: torch.device, precision: str) -> float:
    """Pictures that go forward and back in a second, once warm; the system stays as it is.

    Args:
        system: What shall learn.
        dataset: What from; its first annotated pictures are used.
        device: Where it shall learn.
        precision: In what: ``32`` or ``bf16``.
    """
    learner = copy.deepcopy(system).freeze(system.recipe.stages[0].freeze).train()
    learner.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    samples = [dataset[index] for index in range(min(PICTURES, len(dataset)))]
    batch = learner.batch([sample.image for sample in samples], [sample.truth for sample in samples]).to(device)
    seconds: list[float] = []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            losses = learner.loss(batch)
        torch.stack(list(losses.values())).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)  # it works on while Python is ahead of it
        seconds.append(time.monotonic() - begun)
    return len(samples) / max(min(seconds[1:]), 1e-9)
