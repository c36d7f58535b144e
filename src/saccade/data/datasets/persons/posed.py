"""The pictures that show a person with joints: what is learnt from, and measured on, where nothing else is."""

from collections.abc import Iterable

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.data.datasets.subset import Subset

OF_POSES = frozenset({"pose", "pose_visible"})


class PosedPictures(Subset):
    """The pictures of a data set that are annotated with a pose.

    Args:
        dataset: Pictures, of which some show no person.

    Raises:
        ConfigError: None is annotated so.
    """

    def __init__(self, dataset: Dataset) -> None:
        places = [place for place in range(len(dataset)) if dataset.truth(place).has(*OF_POSES)]
        if not places:
            raise ConfigError("pictures annotated with a pose", f"none of {len(dataset)}")
        super().__init__(dataset, places)
        self._of = len(dataset)

    @property
    def note(self) -> str:
        """What a person should know of how it was made."""
        return f"{len(self)} of {self._of} pictures show a person whose joints are annotated; the others are left out"


def with_poses(dataset: Dataset, needs: Iterable[str]) -> Dataset:
    """The pictures that have a pose, where a pose is all that is needed; the data set itself where all have one."""
    needed = frozenset(needs)
    if not needed or not needed <= OF_POSES or not needed <= dataset.fields:
        return dataset
    found = PosedPictures(dataset)
    return dataset if len(found) == len(dataset) else found
