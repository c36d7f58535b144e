"""Edges that a run's network for contours tells of, where a search asks how strong they are."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from saccade.core.errors import ConfigError
from saccade.ops.proposals.edge_map import Array
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.load import load


@dataclass(frozen=True)
class LearntContours:
    """Strength of a picture's edges, of all classes of contours together.

    Attributes:
        network: A hash of the network, so that equal ones have equal texts.
        predictor: What tells of contours.
    """

    network: str
    predictor: Predictor = field(repr=False, compare=False)

    @staticmethod
    def of(run: str | Path) -> "LearntContours":
        """Those of a run.

        Raises:
            ConfigError: Its network tells of no contours.
        """
        return LearntContours.by(load(run), Path(run))

    @staticmethod
    def by(predictor: Predictor, path: Path | None = None) -> "LearntContours":
        """What a predictor tells.

        Args:
            predictor: Its network tells of contours.
            path: Where it is from, for the message.

        Raises:
            ConfigError: It tells of none.
        """
        if "contours" not in predictor.engine.gives:
            raise ConfigError(
                "a network that tells of contours",
                f"one that gives {', '.join(sorted(predictor.engine.gives))}",
                path=path,
                cure="train one: saccade train edgenet",
            )
        return LearntContours(predictor.engine.digest(), predictor)

    def __call__(self, picture: Array) -> Array:
        """(H, W) strength 0..1 of an RGB picture (H, W, 3) 0..1."""
        image = torch.from_numpy(picture).movedim(-1, 0).float().contiguous()
        return self.predictor([image])[0].get("contours").amax(0).float().numpy()
