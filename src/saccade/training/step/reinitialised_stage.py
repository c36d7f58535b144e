"""Reinitialised: trunk and neck begin anew amid a training, and the network that they leave proposes the regions.

Paper: Ren et al. 2015, Faster R-CNN, arXiv 1506.01497, section 3.2, steps 1 and 2.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from saccade.core.batch import Batch
from saccade.core.errors import ConfigError
from saccade.network.frozen_parts import inside
from saccade.network.protocols.proposing import Proposing
from saccade.network.system import System

PARTS = ("trunk", "neck")


class ReinitialisedStage:
    """A second trunk and neck beside a system's own: the first weights before the start, what proposes after it.

    The layers that propose are the system's own; they stand still while what they read is the network beside.

    Args:
        system: What learns, with its first weights, on its device.

    Attributes:
        begun: Whether the system has begun anew.

    Raises:
        ConfigError: Not one head proposes regions, but none or several.
    """

    def __init__(self, system: System) -> None:
        heads = {name: head for name, head in system.each_head() if isinstance(head, Proposing)}
        if len(heads) != 1:
            found = ", ".join(heads) or "none"
            raise ConfigError("one head that proposes regions where a stage begins anew", found)
        trunk, neck = deepcopy(system.trunk).eval(), deepcopy(system.neck)
        self._head, self.begun = next(iter(heads.values())), False
        self._system = system
        self._beside = System(trunk, {}, None if neck is None else neck.eval(), input=system.input)

    def begin(self) -> dict[str, Tensor]:
        """Keep trunk and neck as they stand, to propose regions from now on.

        Returns:
            Their first weights, by their names in the system, which the system is to take.
        """
        first = {name: value.clone() for name, value in self._beside.state_dict().items()}
        self._beside.load_state_dict(_parts(self._system.state_dict()))
        self.begun = True
        return first

    @torch.no_grad()
    def propose(self, batch: Batch) -> Batch:
        """The batch with regions from the network beside."""
        return replace(batch, regions=tuple(self._head.propose_from(self._beside.maps(batch))))

    def memory(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"begun": self.begun, "weights": dict(self._beside.state_dict())}

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.begun = bool(memory["begun"])
        self._beside.load_state_dict(memory["weights"])


def _parts(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if any(inside(name, part) for part in PARTS)}
