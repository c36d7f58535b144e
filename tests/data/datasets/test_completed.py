"""A user's own data set with the fewest members does all that readers' do."""

import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.sample import Sample
from saccade.data.datasets.picture import classes_of


class Fewest:
    """A length, samples, classes and fields, and nothing else."""

    classes = ("ant", "bee")
    fields = frozenset({"instances.boxes", "instances.labels"})

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Sample:
        boxes = Instances(boxes=torch.tensor([[2.0, 3.0, 20.0, 21.0]]), labels=torch.tensor([index]))
        return Sample(torch.full((3, 32, 40), 9, dtype=torch.uint8), Annotation(instances=boxes), str(index))


class KnowsItsClasses(Fewest):
    """The same, with a quicker way to its classes."""

    def classes_of(self, index: int) -> frozenset[int]:
        return frozenset({1 - index})


def test_what_is_left_out_follows_from_the_samples() -> None:
    data = sc.open_data(Fewest())
    assert [classes_of(data, index) for index in (0, 1)] == [{0}, {1}]
    assert data.truth(1).get("instances").labels.tolist() == [1]
    assert (data.id(1), data.joints, data.vocabularies.main) == ("1", None, ("ant", "bee"))
    assert [classes_of(sc.open_data(KnowsItsClasses()), index) for index in (0, 1)] == [{1}, {0}]


@pytest.mark.parametrize("data", [Fewest(), KnowsItsClasses()], ids=lambda data: type(data).__name__)
def test_it_can_be_learnt_from(data, tmp_path) -> None:
    run = sc.train(
        "retinanet", data, tmp_path / "run", trunk="resnet18", width=0.125, size=32, batch=2, steps=1, workers=0
    )
    assert sc.load(run.path).classes == data.classes
