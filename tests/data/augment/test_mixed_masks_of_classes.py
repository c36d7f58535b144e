"""Masks of several classes a pixel under mosaic, mixup, paste, and crops around a class."""

import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.masks import Masks
from saccade.data.augment.crop import draw_window
from saccade.data.augment.mixing import mixup, mosaic, quarters
from saccade.data.augment.paste import paste
from saccade.data.augment.rng import RandomDraws, generator_for

DRAW = torch.Generator().manual_seed(0)


def layers(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=DRAW) > 0.5


def truth(dense: torch.Tensor, **more) -> Annotation:
    return Annotation(semantic_masks=Masks.from_dense(dense), **more)


def test_a_mosaic_has_them_side_by_side_and_who_lacks_them_is_unknown() -> None:
    places = quarters((6, 4), (10, 12))
    sizes = [(y2 - y1, x2 - x1) for x1, y1, x2, y2 in places]
    dense = [layers(*size) for size in sizes]
    marks = torch.zeros(sizes[1], dtype=torch.bool)
    marks[0, 0] = True
    truths = [truth(dense[0]), truth(dense[1], semantic_masks_unknown=marks), Annotation(), truth(dense[3])]
    truths[3] = truth(dense[3], semantic_sought=torch.tensor([True, False, True]))
    images = [torch.zeros(3, *size) for size in sizes]
    _, found = mosaic(images, truths, places, (10, 12), 3)
    expected, unknown = torch.zeros(3, 10, 12, dtype=torch.bool), torch.zeros(10, 12, dtype=torch.bool)
    for number in (0, 1, 3):
        x1, y1, x2, y2 = places[number]
        expected[:, y1:y2, x1:x2] = dense[number]
    x1, y1, x2, y2 = places[2]
    unknown[y1:y2, x1:x2] = True
    unknown[0, 6] = True
    assert torch.equal(found.semantic_masks.dense(), expected)
    assert torch.equal(found.semantic_masks_unknown, unknown)
    assert found.semantic_sought.tolist() == [True, False, True]
    whole = [truth(one) for one in dense]
    assert mosaic(images, whole, places, (10, 12), 3)[1].semantic_masks_unknown is None


def test_a_blend_has_those_of_the_first() -> None:
    first, second = layers(4, 5), layers(4, 5)
    _, found = mixup((torch.zeros(3, 4, 5),) * 2, (truth(first), truth(second)), 0.7, 3)
    assert torch.equal(found.semantic_masks.dense(), first)


def test_what_is_laid_over_brings_its_own() -> None:
    over = torch.zeros(1, 6, 8, dtype=torch.bool)
    over[0, 1:4, 2:6] = True
    rows = Instances(masks=Masks.from_dense(over), boxes=torch.tensor([[2.0, 1, 6, 4]]), labels=torch.tensor([0]))
    below, above = layers(6, 8), layers(6, 8)
    images = (torch.zeros(3, 6, 8), torch.ones(3, 6, 8))
    none = Instances(masks=Masks.empty((6, 8)), boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
    truths = (truth(below, instances=none), truth(above, instances=rows))
    _, found = paste(images, truths, torch.tensor([True]))
    assert torch.equal(found.semantic_masks.dense(), torch.where(over, above, below))
    assert found.semantic_masks_unknown is None
    _, found = paste(images, (truths[0], Annotation(instances=rows)), torch.tensor([True]))
    assert torch.equal(found.semantic_masks_unknown, over[0])


def test_a_crop_shows_a_class_that_is_rare() -> None:
    dense = torch.zeros(2, 64, 64, dtype=torch.bool)
    dense[1, 50:52, 9:11] = True
    augmentation = Augmentation(crop_area=(0.04, 0.05), crop_class=1.0)
    for number in range(20):
        rng = RandomDraws(generator_for(0, 0, number))
        x1, y1, x2, y2 = draw_window(augmentation, (64, 64), truth(dense), rng)
        assert bool(dense[1, y1:y2, x1:x2].any())
