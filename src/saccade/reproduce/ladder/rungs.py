"""The rungs of the ladder at work: each system built, watched, and timed on the same pictures."""

import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

import saccade as sc
from bench.detection_ladder import CLASSES, PAIRS, STAGES, PictureResult, Rung, Settings
from bench.our_training import Steps
from bench.stopwatch import Stopwatch
from saccade.core.annotation import Annotation, Instances
from saccade.core.batch import Batch
from saccade.network.system import System
from saccade.ops.boxes.suppression import Best, Suppression
from saccade.ops.proposals.searches import search_named
from saccade.runtime.predict.predictor import Predictor
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.training.parallel.machine import pick_precision

FEW = 64  # regions of the warm-up
MIB, BYTES = 2**20, 4


class Bench:
    """All rungs on the same pictures, the first of which warms up.

    Args:
        settings: What they have in common.
        pictures: (3, H, W) uint8 each.
    """

    def __init__(self, settings: Settings, pictures: list[Tensor]) -> None:
        self.settings, self.pictures = settings, pictures
        self.watch = Stopwatch()
        self._found: list[tuple[Tensor, float]] = []
        self.watch.watch(Suppression, "final", "suppression")
        self.watch.watch(Suppression, "best", "suppression")
        _pass_the_best(PAIRS)

    def measure(self, rung: Rung) -> PictureResult | None:
        """Seconds by stage, disk and training of a rung; None where there is no such system."""
        if rung.system not in SYSTEMS:
            return None
        torch.manual_seed(0)
        system = self._build(rung)
        training = self._training(system)
        predictor = Predictor(system, precision=pick_precision("auto", torch.device("cpu")), device="cpu")
        described = _watch_system(self.watch, predictor.system)
        self._predict(predictor, 0, FEW)
        seconds = [self._predict(predictor, place) for place in range(1, len(self.pictures))]
        means = {stage: fmean(row.get(stage, 0.0) for row in seconds) for stage in STAGES}
        total = sum(means.values())
        ap50 = self._learnt(rung) if self.settings.minutes else None
        return PictureResult(rung.title, means, total, 1 / total, described[-1] if described else 0.0, training, ap50)

    def _build(self, rung: Rung) -> System:
        common = {name: getattr(self.settings, name) for name in rung.common}
        return build(rung.system, CLASSES, **common, **rung.options)

    def _regions(self, place: int) -> tuple[Tensor, float]:
        """Regions of a picture in its own pixels, and the seconds that the search took; searched once for all rungs."""
        search = search_named("selective-search", self.settings.proposals)
        while len(self._found) <= place:
            begun = time.perf_counter()
            boxes = search(self.pictures[len(self._found)])
            self._found.append((boxes, time.perf_counter() - begun))
        return self._found[place]

    def _batch(self, system: System, place: int, most: int | None = None) -> Batch:
        """One picture as the system takes it, with regions where it reads some."""
        image = self.pictures[place]
        if system.search is None:
            return system.batch([image])
        resized, frame = system.input.resize(image)
        regions = frame.boxes(self._regions(place)[0][:most])
        return system.input.assemble([resized], [frame], regions=[regions])

    def _predict(self, predictor: Predictor, place: int, most: int | None = None) -> dict[str, float]:
        """Seconds by stage of one picture; those of the search are as it took them."""
        searched = 0.0 if predictor.system.search is None else self._regions(place)[1]
        self.watch.reset()
        with self.watch.during("rest"):
            predictor.predictions(self._batch(predictor.system, place, most))
        seconds = dict(self.watch.seconds)
        return seconds | {"proposals": seconds.get("proposals", 0.0) + searched}

    def _training(self, system: System) -> float:
        """Seconds of a training step with one picture, after a first one; the search is not counted."""
        steps, batch = Steps.on(system), self._batch(system, 0)
        height, width = batch.sizes[0].tolist()
        boxes = torch.tensor([[0.1, 0.2, 0.5, 0.7], [0.4, 0.3, 0.9, 0.9]]) * torch.tensor([width, height] * 2)
        truth = Annotation(instances=Instances(boxes=boxes, labels=torch.tensor([1, 7])))
        batch = replace(batch, truth=(truth,))
        steps.take(batch, lr=0.0)
        begun = time.perf_counter()
        steps.take(batch, lr=0.0)
        return time.perf_counter() - begun

    def _learnt(self, rung: Rung) -> float | None:
        """AP50 on drawn scenes after a small training."""
        known = options_of(SYSTEMS[rung.system])
        options = {"width": self.settings.width, "size": 128} if "size" in known else {"width": self.settings.width}
        if "trunk" in rung.common:
            options["trunk"] = self.settings.trunk
        with TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            sc.train(rung.system, "scenes:count=300,size=128", run, minutes=self.settings.minutes, **options)
            return sc.evaluate(run, "scenes:count=300,size=128").get("AP50")


def _pass_the_best(pairs: int) -> None:
    """Let the best pairs of box and class pass, as many of every system, in place of those above a threshold."""
    own: Any = Suppression.best

    def best(suppression: Suppression, scores: Tensor) -> Best:
        classes = scores.shape[2]
        if classes > 1:
            suppression = replace(
                suppression, score=-1.0, first=pairs if suppression.each == "map" else -(-pairs // classes)
            )
        return own(suppression, scores)

    Suppression.best = best


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
            _watch_top(watch, getattr(top, "tower", top), described, cached=system.search is not None)
    return described


def _watch_top(watch: Stopwatch, tower: Any, described: list[float], *, cached: bool) -> None:
    """Watch what pools and what scores regions; `cached`: whether the regions are the same in every epoch."""
    if hasattr(tower.pool, "describe"):  # windows are cut out, and each goes through the trunk
        watch.watch(tower.pool, "_squares", "warp")
        watch.watch(tower.pool, "describe", "trunk")
        tower.body.register_forward_hook(lambda _, __, found: described.append(found.numel() * BYTES / MIB))
    watch.watch(tower.pool, "forward", "pool")
    watch.watch(tower.body, "forward", "layers")
