"""What runs a network in use: the layers of a `System`, or what predicts alike, such as an exported file."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.dataset import Joints
from saccade.core.errors import ConfigError
from saccade.core.input.input_spec import InputSpec
from saccade.core.joint_names import joints_by_name
from saccade.core.threshold import UNMEASURED
from saccade.core.vocabulary import Vocabularies
from saccade.network.protocols.refining import refiner_of
from saccade.network.system import Search, System
from saccade.ops.boxes.suppression import Suppression
from saccade.runtime.device import evaluating
from saccade.runtime.predict.folded_trunk import FoldedTrunk
from saccade.safe_io.limits import MAX_PIXELS


@dataclass(frozen=True)
class Engine:
    """A network as a `Predictor` sees it: pictures in, annotations out, and nothing of what lies between.

    Attributes:
        name: What it is called on pages and in messages.
        input: How a picture gets in.
        gives: Dotted fields of `Annotation` that `decode` fills.
        vocabularies: Names of the classes of each field.
        forward: The raw output of a batch from the CPU, in float32; without gradients.
        decode: One prediction a picture, in the batch's pixels, of a raw output.
        digest: What tells the network from every other: a hash of its weights.
        suppression: By which rule boxes of several views of a picture suppress each other; None where there are no
            boxes, or few that are not meant to be every object.
        search: Proposes regions for networks that read some which they do not propose themselves, or None.
        device: Where it runs.
        dtype: The type of its numbers.
        refine: Refines a prediction in the picture's own pixels, scores of pixels included, by the picture (C, H, W) as
            it was read; None where nothing is refined there.
        layers: The system that it runs, or None where there is none to look into.
        refined: Whether a filter beside the network changes what it says (`runtime.predict.refine`).
        drawn_from: The score from which on objects are drawn where nobody gives a threshold: of a run where F1 was
            greatest on the pictures that it was validated on (`runtime.runs.threshold_of_run`).
        joints: What its joints are: of a run what its data said, else what their names tell; None where it tells none.
    """

    name: str
    input: InputSpec
    gives: frozenset[str]
    vocabularies: Vocabularies
    forward: Callable[[Batch], Any]
    decode: Callable[[Any], list[Annotation]]
    digest: Callable[[], str]
    suppression: Suppression | None = None
    search: Search | None = None
    device: torch.device = torch.device("cpu")  # noqa: RUF009 (devices never change)
    dtype: torch.dtype = torch.float32
    refine: Callable[[Annotation, Tensor], Annotation] | None = None
    layers: System | None = None
    refined: bool = False
    drawn_from: float = UNMEASURED
    joints: Joints | None = None

    @property
    def system(self) -> System:
        """The system that it runs, for those who look inside.

        Raises:
            ConfigError: There is none: it gives predictions alone.
        """
        if self.layers is None:
            raise ConfigError(
                "a network whose layers can be looked into",
                f"{self.name}, which only predicts",
                cure="name the run that it was made of",
            )
        return self.layers

    def finalize(self, prediction: Annotation, image: Tensor | None, keep_scores: bool) -> Annotation:
        """A prediction in a picture's own pixels, refined there where the network does so, less scores of pixels.

        Args:
            prediction: What was said of the picture.
            image: (C, H, W) as it was read; needed where there is something to refine.
            keep_scores: Whether scores of pixels stay.
        """
        if self.refine is not None and image is not None:
            prediction = self.refine(prediction, image)
        return prediction if keep_scores else without_scores(prediction)

    def place(self, batch: Batch) -> Batch:
        """The batch on the network's device, its pictures in its precision."""
        batch = batch.to(self.device)
        return replace(batch, images=batch.images.to(self.dtype))


def engine_of(system: System) -> Engine:
    """A system in use where its weights are, in their precision; every module's mode is restored after each use."""
    floats = [p for p in system.parameters() if p.is_floating_point()]
    trunk = FoldedTrunk(system.trunk)

    def forward(batch: Batch) -> dict[str, Any]:
        with evaluating(system), torch.no_grad():
            placed = engine.place(batch)
            features = trunk(placed.images) if placed.features is None else placed.features
            maps = system.maps(replace(placed, features=features))
            return {name: head(maps) for name, head in system.speaking().items()}

    @torch.no_grad()
    def decode(raw: dict[str, Any]) -> list[Annotation]:
        return system.predictions(raw)

    engine = Engine(
        name=str((system.origin or {}).get("system", "a system built by hand")),
        input=system.input,
        gives=system.gives,
        vocabularies=system.vocabularies,
        forward=forward,
        decode=decode,
        digest=lambda: fingerprint_of(system),
        suppression=next((head.suppression for head in system.speaking().values() if head.owns_rows), None),
        search=system.search,
        device=floats[0].device if floats else torch.device("cpu"),
        dtype=floats[0].dtype if floats else torch.float32,
        refine=refiner_of(system.speaking().values()),
        layers=system,
        joints=joints_by_name(system.vocabularies.names("pose")),
    )
    return engine


def without_scores(prediction: Annotation) -> Annotation:
    """The prediction without scores of pixels."""
    return replace(prediction, semantic_scores=None, semantic_mask_scores=None)


def fingerprint_of(system: System) -> str:
    """A hash of all weights and statistics."""
    found = hashlib.sha256()
    for name, tensor in sorted(system.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def finish(prediction: Annotation, threshold: float = 0.0) -> Annotation:
    """The prediction on the CPU, its floats in float32, without rows that score below `threshold`."""
    prediction = prediction.map(lambda t: t.detach().to("cpu", torch.float32 if t.is_floating_point() else t.dtype))
    rows = prediction.instances
    return above(replace(prediction, instances=None if rows is None else rows.sorted()), threshold)


def better(best: float | None, prediction: Annotation) -> float | None:
    """The better of a score and that of a prediction's first object; None while there is neither."""
    rows = prediction.instances
    if not rows or rows.scores is None:
        return best
    first = rows.scores[0].item()
    return first if best is None else max(best, first)


def above(prediction: Annotation, threshold: float) -> Annotation:
    """The prediction without rows that score below `threshold`."""
    rows = prediction.instances
    if rows is None or rows.scores is None or threshold <= 0:
        return prediction
    return replace(prediction, instances=rows[rows.scores >= threshold])


def widened(prediction: Annotation) -> Annotation:
    """The prediction with classes of pixels as 64 bits, but for those of very large pictures."""
    semantic = prediction.semantic
    if semantic is None or semantic.numel() > MAX_PIXELS:
        return prediction
    return replace(prediction, semantic=semantic.long())
