"""What a tower says of many regions, some at a time in use and all at once where gradients are asked for."""

import torch
from torch import Tensor

from saccade.network.regions import AT_ONCE, Regions


class Tower:
    """Says of each region its corner and its picture, and keeps how many it saw at a time."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, boxes: Tensor, owners: Tensor) -> Tensor:
        self.seen.append(len(boxes))
        return torch.stack([boxes[:, 0] + 1, owners.float()], 1)


def regions(*numbers: int) -> Regions:
    draw = torch.Generator().manual_seed(0)
    return Regions.of([torch.rand(number, 4, generator=draw) for number in numbers])


def test_in_use_few_regions_are_seen_at_a_time_and_the_answer_is_the_same():
    asked, at_once, in_parts = regions(AT_ONCE + 3, 5, 0), Tower(), Tower()
    whole = asked.told(at_once)
    with torch.inference_mode():
        found = asked.told(in_parts)
    assert at_once.seen == [AT_ONCE + 8]
    assert in_parts.seen == [AT_ONCE, 8]
    assert found.equal(whole)
    assert found.shape == (3, AT_ONCE + 3, 2)
    assert found[0, :, 1].eq(0).all()
    assert found[1, :5, 0].equal(asked.boxes[1, :5, 0] + 1)
    assert not found[1, 5:].any()  # padding


def test_without_regions_the_tower_still_says_what_it_says():
    tower = Tower()
    with torch.no_grad():
        assert regions(0, 0).told(tower).shape == (2, 0, 2)
    assert tower.seen == [0]
