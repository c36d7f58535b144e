"""What the joints of a run are beyond their names, as its ``config.yaml`` keeps it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from saccade.core.dataset import Joints


def plain_joints(joints: Joints | None) -> dict[str, list[Any]] | None:
    """Joints as plain values, which `joints_of` takes; None of none."""
    if joints is None:
        return None
    return {
        name: [list(row) if isinstance(row, tuple) else row for row in rows] for name, rows in asdict(joints).items()
    }


def joints_of(config: Mapping[str, Any]) -> Joints | None:
    """What the joints of the data are that a run learnt from; None where it learnt none, or nothing was kept."""
    kept = config.get("joints")
    if not isinstance(kept, Mapping):
        return None
    pairs, bones = (tuple((int(a), int(b)) for a, b in kept.get(name) or ()) for name in ("pairs", "bones"))
    return Joints(tuple(map(str, kept["names"])), pairs, bones, tuple(map(float, kept.get("sigmas") or ())))
