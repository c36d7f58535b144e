"""What a localizer has without looking."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.metrics.localize.chance import chance


class Pictures:
    """Pictures of one box each."""

    classes = ("a", "b")

    def __init__(self, labels: list[int], boxes: list[list[float]]) -> None:
        self.labels, self.boxes = labels, boxes

    def __len__(self) -> int:
        return len(self.labels)

    def id(self, index: int) -> str:
        return str(index)

    def truth(self, index: int) -> Annotation:
        label = torch.tensor(self.labels[index])
        rows = Instances(boxes=torch.tensor([self.boxes[index]]).float(), labels=label[None])
        return Annotation(label=label, instances=rows)


def test_the_commonest_class_and_the_mean_box() -> None:
    train = Pictures([1, 1, 0], [[0, 0, 8, 10], [0, 0, 12, 10], [0, 0, 10, 10]])
    measured = Pictures([1, 0, 0, 1], [[0, 0, 10, 10], [0, 0, 20, 10], [20, 20, 30, 30], [0, 0, 10, 5]])
    found = chance(train, measured)  # pyright: ignore[reportArgumentType]
    assert found == pytest.approx({"top1": 0.5, "iou": (1 + 0.5 + 0 + 0.5) / 4})
