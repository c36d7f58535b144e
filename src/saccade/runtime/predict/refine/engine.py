"""An engine whose probabilities of pixels a filter makes better that looks at the picture."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import ConfigError
from saccade.core.input.channels import as_float
from saccade.heads.pixels.refined import Refiner, refined
from saccade.runtime.predict.engine import Engine
from saccade.runtime.predict.refine.table import At


@dataclass(frozen=True)
class GuidedRaw:
    """A network's raw output beside the pictures that it is of.

    Attributes:
        raw: The raw output.
        guide: (B, C, H, W) the pictures on the scale 0..255, padded.
    """

    raw: Any
    guide: Tensor


def refined_engine(engine: Engine, refiner: Refiner, at: At = "picture") -> Engine:
    """The same network, whose probabilities of pixels are made better before classes are told.

    Args:
        engine: Any network that gives scores of pixels.
        refiner: The filter.
        at: ``picture``: once, at the picture's own pixels, after its views are merged and after what the network
            itself refines there. ``network``: in each view, at the pixels that the network sees.

    Raises:
        ConfigError: The network gives no scores of pixels.
    """
    check_scores(engine)

    def digest() -> str:
        return hashlib.sha256(repr([engine.digest(), at, repr(refiner)]).encode()).hexdigest()

    made = replace(engine, refined=True, digest=digest)
    return _at_picture(made, engine, refiner) if at == "picture" else _at_network(made, engine, refiner)


def check_scores(engine: Engine) -> None:
    """Refuse a network that gives no scores of pixels.

    Raises:
        ConfigError: It is one.
    """
    if "semantic_scores" not in engine.gives:
        given = ", ".join(sorted(engine.gives))
        cure = "leave --refine out, or name a segmenter's run"
        raise ConfigError("a network that gives scores of pixels, to refine them", f"one that gives {given}", cure=cure)


def _at_picture(made: Engine, engine: Engine, refiner: Refiner) -> Engine:
    own = engine.refine

    def refine(prediction: Annotation, picture: Tensor) -> Annotation:
        before = prediction if own is None else own(prediction, picture)
        return refined(before, as_float(picture) * 255, refiner)

    return replace(made, refine=refine)


def _at_network(made: Engine, engine: Engine, refiner: Refiner) -> Engine:
    def forward(batch: Batch) -> GuidedRaw:
        return GuidedRaw(engine.forward(batch), engine.input.denormalise(batch.images))

    def decode(found: GuidedRaw) -> list[Annotation]:
        predictions = engine.decode(found.raw)
        return [_by_guide(one, guide, refiner) for one, guide in zip(predictions, found.guide, strict=True)]

    return replace(made, forward=forward, decode=decode)


def _by_guide(prediction: Annotation, guide: Tensor, refiner: Refiner) -> Annotation:
    """A prediction in the batch's pixels, refined as far as it reaches."""
    height, width = prediction.get("semantic_scores").shape[-2:]
    return refined(prediction, guide[:, :height, :width].to(prediction.get("semantic_scores").device), refiner)
