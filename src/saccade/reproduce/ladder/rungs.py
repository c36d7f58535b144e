"""The rungs of the ladder at work: each system built, watched, and timed on the same pictures."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation, Instances
from saccade.core.batch import Batch
from saccade.network.system import System
from saccade.ops.boxes.suppression import Best, Suppression
from saccade.ops.proposals.searches import search_named
from saccade.reproduce.ladder.stopwatch import Stopwatch
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build
from saccade.training.parallel.machine import make_fabric, pick_precision, repeatable
from saccade.training.settings import TrainSettings
from saccade.training.step.train_state import TrainState

CLASSES = 20
# Pairs of box and class of a picture that go into suppression. Drawn weights give all classes nearly one score, so
# that a threshold would let pass all or none; of weights that have learnt a few hundred pairs pass.
PAIRS = 300
# Stages in the order in which a picture passes them; `rest` is resizing, other layers of heads, moving back.
STAGES = ("proposals", "warp", "trunk", "pool", "layers", "suppression", "rest")
FEW = 64  # regions of the warm-up
MIB, BYTES = 2**20, 4


@dataclass(frozen=True)
class Common:
    """What the rungs have in common.

    Attributes:
        trunk: Of all that take one.
        width: Factor of its channels.
        size: Shorter side of the pictures in pixels; SSD, YOLO and R-CNN's squares keep their own.
        proposals: Regions of a picture.
    """

    trunk: str
    width: float
    size: int
    proposals: int


@dataclass(frozen=True)
class Rung:
    """One system on the ladder.

    Attributes:
        system: Its name among our systems.
        options: Its own options.
        common: Which of the common settings it takes.
    """

    system: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    common: tuple[str, ...] = ("trunk", "width", "size")


RUNGS = {
    "sliding_window_each": Rung("sliding_window", {"evaluate": "windows"}, ("width",)),
    "sliding_window": Rung("sliding_window", {"evaluate": "dense"}, ("width",)),
    "rcnn": Rung("rcnn", {}, ("trunk", "width", "proposals")),
    "spp_net": Rung("spp_net", {}, ("trunk", "width", "size", "proposals")),
    "fast_rcnn": Rung("fast_rcnn", {}, ("trunk", "width", "size", "proposals")),
    "faster_rcnn": Rung("faster_rcnn"),
    "ssd300": Rung("ssd300", {}, ("width",)),
    "yolo1": Rung("yolo1", {}, ("width",)),
}


class TimedRungs:
    """All rungs on the same pictures, the first of which warms up; all on the CPU.

    Args:
        common: What they have in common.
        pictures: (3, H, W) uint8 each.
    """

    def __init__(self, common: Common, pictures: list[Tensor]) -> None:
        self._common, self._pictures = common, pictures
        self._found: list[tuple[Tensor, float]] = []

    def measure(self, rung: Rung) -> dict[str, list[float]]:
        """Seconds of each picture by stage, of the network alone, of all; MiB of its kept regions; a training step.

        Returns:
            ``seconds`` without a search from outside, ``whole`` with it, each of `STAGES` that took any, ``disk``
            (float32 of what is known of all regions, as the papers keep it while they train) where regions are
            described one by one, and ``step``, forward and back of one picture, the search not counted.
        """
        torch.manual_seed(0)
        system = build(rung.system, CLASSES, **{n: getattr(self._common, n) for n in rung.common}, **rung.options)
        step = self._step(system)
        predictor = Predictor(system, precision=pick_precision("auto", torch.device("cpu")), device="cpu")
        with Stopwatch() as watch:
            _pass_the_best(watch, PAIRS)
            watch.watch(Suppression, "final", "suppression")
            watch.watch(Suppression, "best", "suppression")
            described = _watch_system(watch, predictor.system)
            self._predict(watch, predictor, 0, FEW)
            rows = [self._predict(watch, predictor, place) for place in range(1, len(self._pictures))]
        told = {stage: [row.get(stage, 0.0) for row in rows] for stage in STAGES if any(stage in row for row in rows)}
        searched = [row["searched"] for row in rows]
        whole = [sum(row.get(stage, 0.0) for stage in STAGES) for row in rows]
        told |= {"whole": whole, "seconds": [all_ - one for all_, one in zip(whole, searched, strict=True)]}
        return told | {"step": [step]} | ({"disk": [described[-1]]} if described else {})

    def _regions(self, place: int) -> tuple[Tensor, float]:
        """Regions of a picture in its own pixels, and the seconds that the search took; searched once for all rungs."""
        search = search_named("selective-search", self._common.proposals)
        while len(self._found) <= place:
            begun = time.perf_counter()
            boxes = search(self._pictures[len(self._found)])
            self._found.append((boxes, time.perf_counter() - begun))
        return self._found[place]

    def _batch(self, system: System, place: int, most: int | None = None) -> Batch:
        """One picture as the system takes it, with regions where it reads some."""
        image = self._pictures[place]
        if system.search is None:
            return system.batch([image])
        resized, frame = system.input.resize(image)
        regions = frame.boxes(self._regions(place)[0][:most])
        return system.input.assemble([resized], [frame], regions=[regions])

    def _predict(self, watch: Stopwatch, predictor: Predictor, place: int, most: int | None = None) -> dict[str, float]:
        """Seconds by stage of one picture; those of a search from outside are as it took them, and told apart too."""
        searched = 0.0 if predictor.system.search is None else self._regions(place)[1]
        watch.reset()
        with watch.during("rest"):
            predictor.predictions(self._batch(predictor.system, place, most))
        seconds = dict(watch.seconds)
        proposed = seconds.get("proposals", 0.0) + searched
        return seconds | {"searched": searched} | ({"proposals": proposed} if proposed else {})

    def _step(self, system: System) -> float:
        """Seconds of forward and back of one picture with two objects, after a first one."""
        batch = self._batch(system, 0)
        height, width = batch.sizes[0].tolist()
        boxes = torch.tensor([[0.1, 0.2, 0.5, 0.7], [0.4, 0.3, 0.9, 0.9]]) * torch.tensor([width, height] * 2)
        truth = Annotation(instances=Instances(boxes=boxes, labels=torch.tensor([1, 7])))
        batch = replace(batch, truth=(truth,))
        state = TrainState(system, system.recipe, make_fabric(TrainSettings(device="cpu")), seed=0)
        state.enter(state.recipe.stages[0])
        begun = 0.0
        for number in range(2):
            begun = time.perf_counter()
            with repeatable(state.fabric.device, strict=False):
                state.backward([batch], number)
        return time.perf_counter() - begun


def _pass_the_best(watch: Stopwatch, pairs: int) -> None:
    """Let the best pairs of box and class pass, as many of every system, in place of those above a threshold."""
    own: Any = Suppression.best

    def best(suppression: Suppression, scores: Tensor) -> Best:
        classes = scores.shape[2]
        if classes > 1:
            first = pairs if suppression.each == "map" else -(-pairs // classes)
            suppression = replace(suppression, score=-1.0, first=first)
        return own(suppression, scores)

    watch.replace(Suppression, "best", best)


def _watch_system(watch: Stopwatch, system: System) -> list[float]:
    """Watch the parts of a system; the list gets, with each picture, the MiB that its described regions take."""
    described: list[float] = []
    watch.watch(system.trunk, "forward", "trunk")
    for head in system.heads.values():
        propose = getattr(head, "propose", None)
        if isinstance(propose, nn.Module):
            watch.watch(propose, "forward", "proposals")
            watch.watch(propose, "candidates", "proposals")
        if "box" in getattr(head, "tops", {}):
            top = head.get_submodule("tops.box")
            _watch_top(watch, getattr(top, "tower", top), described)
    return described


def _watch_top(watch: Stopwatch, tower: Any, described: list[float]) -> None:
    """Watch what pools and what scores regions."""
    if hasattr(tower.pool, "describe"):  # windows are cut out, and each goes through the trunk
        watch.watch(tower.pool, "_squares", "warp")
        watch.watch(tower.pool, "describe", "trunk")
        tower.body.register_forward_hook(lambda _, __, found: described.append(found.numel() * BYTES / MIB))
    watch.watch(tower.pool, "forward", "pool")
    watch.watch(tower.body, "forward", "layers")
