"""What every system promises of its evaluation: it is a number, whatever was drawn before and whoever stands beside."""

import pytest
import torch
from contract_cases import CLASSES, narrow, shown

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.data.datasets.completed import declared
from saccade.data.datasets.proposals import with_regions
from saccade.data.datasets.subset import Subset
from saccade.network.system import System
from saccade.runtime.evaluate.measure import evaluation_of
from saccade.systems import SYSTEMS


class Pictures:
    """Three pictures of one size, with truth of every kind."""

    classes = tuple(str(label) for label in range(CLASSES))

    def __init__(self, side: int, channels: int) -> None:
        self.side, self.channels = side, channels
        self.fields = self.truth(0).present()

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Sample:
        return Sample(shown(index, self.side, self.channels).image, self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        return shown(index, self.side, self.channels).truth

    def id(self, index: int) -> str:
        return f"picture {index}"


def pictures_for(system: System) -> Dataset:
    """The pictures, with regions where the system seeks some."""
    side = system.input.size[0] if system.input.size else 64
    return with_regions(declared(Pictures(side, system.input.channels)), system.search)


def losses(system: System, dataset: Dataset, batch: int) -> dict[str, float | None]:
    """The losses, whatever was drawn before."""
    torch.rand(int(torch.randint(1, 50, ())))
    scores = evaluation_of(system, dataset, batch=batch).scores
    return {name: value for name, value in scores.items() if name.split("/")[0] == "loss"}


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_validation_is_a_number(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path))
    system = narrow(name).eval()
    dataset = pictures_for(system)
    first = losses(system, dataset, 2)
    assert {f"loss/{head}/{term}" for head, part in system.each_head() for term in part.terms} < set(first)
    assert first["loss"] > 0
    assert losses(system, dataset, 2) == first
    assert losses(system, dataset, 3) == pytest.approx(first, rel=1e-4, abs=1e-6)
    assert losses(system, Subset(dataset, [2, 0, 1]), 1) == pytest.approx(first, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["classifier", "faster_rcnn"])
def test_what_is_drawn_elsewhere_is_left_alone(name: str) -> None:
    system = narrow(name).eval()
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    evaluation_of(system, pictures_for(system), batch=2)
    assert torch.equal(torch.rand(3), wanted)
