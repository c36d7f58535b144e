"""Average precision of masks that must agree along their borders too.

Source: Cheng et al. 2021, Boundary IoU: improving object-centric image segmentation evaluation, arXiv 2103.16562: the
overlap of two masks is the lesser of that of all their pixels and that of their pixels near the border, within .02 of
the picture's diagonal.
"""

from collections.abc import Iterable, Sequence

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.detect.coco_rows import as_results, as_truth
from saccade.metrics.detect.coco_scores import summary, tables_of, uncollected
from saccade.metrics.detect.overlaps import Overlaps, Picture, picture_of
from saccade.metrics.headline import Headline


class BoundaryDetection:
    """Scores ``boundary_AP`` and ``boundary_AP50``, by COCO's rules.

    Args:
        classes: C names.
    """

    needs = frozenset({"instances.boxes", "instances.labels", "instances.masks"})
    reads = needs | {"instances.scores"}

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._pictures: list[Picture] = []

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture."""
        given, shown = prediction.instances or Instances(), truth.instances or Instances()
        self._pictures.append(picture_of(given, shown, sought=truth.sought, shape="mask"))
        return None

    def result(self) -> dict[str, float | None]:
        """The scores; None where undefined."""
        of = Overlaps.of(self._pictures)
        with uncollected():
            rows = as_truth(of, len(self._pictures), self.classes), as_results(of)
            found = summary(tables_of(*rows, "boundary"))
        return {f"boundary_{name}": found[name] for name in ("AP", "AP50")}

    def headline(self) -> Headline:
        """``boundary_AP``."""
        return Headline(("boundary_AP",))

    def state(self) -> list[Picture]:
        """Predictions and objects of each picture."""
        return self._pictures

    def merge(self, states: Iterable[list[Picture]]) -> None:
        """Adds the pictures of other processes."""
        for pictures in states:
            self._pictures.extend(pictures)
