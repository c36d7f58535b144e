"""Regions that a run's network proposes, for detectors that read regions from outside (``--search RUN``)."""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from saccade.core.annotation import Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, SaccadeError
from saccade.heads.regions.region_head import RegionHead
from saccade.network.system import System
from saccade.ops.proposals.searches import NamedRun, Search
from saccade.runtime.device import dtype_of_run, moved_to_device, pick_device
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.network_of_run import network_of_run, trained_in
from saccade.runtime.runs.run_folder import RunFolder

# Pictures are read in several threads; a network looks at one at a time.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class RunRegions:
    """The search of a run's network: of a region detector its own proposals, of any other its boxes.

    It is small, and loads the network where it is first asked, so that it travels to other processes.

    Attributes:
        network: A hash of the network, and of how it is used, so that equal ones have equal texts.
        count: How many regions are given at most, or None for all.
        run: The run's folder.
        device: Where the network runs.
    """

    network: str
    count: int | None
    run: str = field(repr=False, compare=False)
    device: str = field(default="auto", repr=False, compare=False)

    @staticmethod
    def of(run: str | Path, count: int | None = None, device: str = "auto") -> "RunRegions":
        """Those of a run.

        Raises:
            ConfigError: There is no run, or its network gives no boxes.
            DataError: Its checkpoint is missing or damaged.
        """
        predictor, network = _loaded(str(run), device)
        if "instances.boxes" not in predictor.engine.gives:
            raise ConfigError(
                "a run whose network gives boxes",
                "one that gives none",
                path=run,
                cure="train one: saccade train rpn, or deepmask, sharpmask",
            )
        return RunRegions(network, count, str(run), device)

    def __call__(self, image: Tensor) -> Tensor:
        """(r, 4) boxes of a picture (C, H, W), best first."""
        found = self.rows(image).boxes
        return torch.zeros(0, 4) if found is None else found

    def rows(self, image: Tensor) -> Instances:
        """What is proposed of a picture (C, H, W), in its pixels, best first: boxes, scores, and masks if any.

        Raises:
            ConfigError: The run's network is another by now.
        """
        with _ONE_AT_A_TIME:
            found = _proposer(self.network, self.run, self.device)([image])[0].instances
        return Instances() if found is None else found[: self.count]


@lru_cache(maxsize=2)
def _proposer(network: str, run: str, device: str) -> Predictor:
    predictor, found = _loaded(run, device)
    if found != network:
        raise ConfigError("the network that proposed before", "another: the run went on", path=run)
    return predictor


def _loaded(run: str, device: str) -> tuple[Predictor, str]:
    """The network of a run that proposes, and a hash of its weights and of all that the run says of it."""
    folder = RunFolder.open(run)
    config = folder.read_config()
    network = proposing(with_run_search(network_of_run(folder, config), device))
    place = pick_device(device)
    engine = engine_of(moved_to_device(network, place, dtype_of_run(None, trained_in(config), place)))
    told = f"{engine.digest()} {config.get('system')} {config.get('input')}"
    return Predictor(engine), hashlib.sha256(told.encode()).hexdigest()


def proposing(system: System) -> System:
    """The part of a network that proposes: of one that looks at its own proposals these alone, else the network."""
    for _, head in system.each_head():
        if isinstance(head, RegionHead) and head.propose is not None:
            return System(system.trunk, {"proposals": head.propose}, system.neck, input=system.input)
    return system


def with_run_search(system: System, device: str = "auto") -> System:
    """The same network, the run that its search names loaded; itself where its search names none.

    Raises:
        ConfigError: There is no such run, or its network gives no boxes.
        DataError: Its checkpoint is missing or damaged.
    """
    named = system.search
    return system.with_search(with_network(named, device)) if isinstance(named, NamedRun) else system


def with_network(search: Search, device: str = "auto") -> Search:
    """The search of the run that a name means; any other search itself. Errors as of `RunRegions.of`."""
    return RunRegions.of(search.path, search.count, device) if isinstance(search, NamedRun) else search


def seek_before(dataset: Dataset, search: Search | None) -> Dataset:
    """Data with regions, all sought where a network seeks them: in this process, which has it, before others read.

    A picture that cannot be read is left to who reads it next.

    Args:
        dataset: Data that keep what `search` finds (`data.datasets.proposals.with_regions`).
        search: What finds their regions.
    """
    if isinstance(search, RunRegions):
        for index in range(len(dataset)):
            try:
                dataset[index]
            except SaccadeError:
                continue
    return dataset
