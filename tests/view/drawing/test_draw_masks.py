"""Masks are drawn one by one, in their windows, and look as if they were drawn whole."""

import numpy as np
import pytest
import torch
from PIL import Image

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.data.scenes import Scenes
from saccade.view.drawing.draw import draw
from saccade.view.drawing.overlay import lay_mask
from saccade.view.drawing.palette import class_colour


def test_a_window_looks_as_the_whole_picture() -> None:
    scenes = Scenes(count=3, size=400)
    for index in range(3):
        sample = scenes[index]
        rows = sample.truth.instances
        assert rows is not None
        alone = Annotation(instances=Instances(labels=rows.labels, masks=rows.masks))
        canvas = sample.image.permute(1, 2, 0).float().numpy()
        for mask, label in zip(rows.masks.dense(), rows.labels.tolist(), strict=True):
            lay_mask(canvas, mask.numpy(), class_colour(label), width=max(400 // 140, 2))
        drawn = np.asarray(draw(sample.image, alone, scenes.classes))
        assert np.array_equal(drawn, canvas.round().astype(np.uint8))


def test_a_mask_at_the_edge_has_no_rim_there() -> None:
    grey = torch.full((3, 400, 400), 100, dtype=torch.uint8)
    mask = torch.zeros(1, 400, 400, dtype=torch.bool)
    mask[0, :200] = True
    rows = Instances(labels=torch.tensor([0]), masks=Masks.from_dense(mask))
    drawn = np.asarray(draw(grey, Annotation(instances=rows), ("cat",)))
    assert tuple(drawn[0, 0]) == tuple(drawn[100, 200]) != class_colour(0)
    assert tuple(drawn[199, 200]) == class_colour(0)
    assert tuple(drawn[200, 200]) == (100, 100, 100)


def test_masks_are_never_dense_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Masks) -> None:
        raise AssertionError("dense")

    monkeypatch.setattr(Masks, "dense", refuse)
    masks = Masks.from_crops([torch.ones(2, 3, dtype=torch.bool)] * 50, [(5, 5)] * 50, (40, 60))
    rows = Instances(labels=torch.zeros(50, dtype=torch.int64), masks=masks)
    assert draw(torch.zeros(3, 40, 60, dtype=torch.uint8), Annotation(instances=rows), ("cat",)).width == 360


def test_crowds_and_difficult_objects_say_so() -> None:
    grey = torch.full((3, 400, 600), 100, dtype=torch.uint8)
    boxes = torch.tensor([[100.0, 150.0, 300.0, 350.0]])

    def tag(**marks: bool) -> Image.Image:
        columns = {name: torch.tensor([value]) for name, value in marks.items()}
        return draw(grey, Annotation(instances=Instances(boxes=boxes, labels=torch.tensor([0]), **columns)), ("cat",))

    plain = np.asarray(tag())
    assert np.array_equal(plain, np.asarray(tag(crowd=False, difficult=False)))
    assert not np.array_equal(plain, np.asarray(tag(crowd=True)))
    assert not np.array_equal(np.asarray(tag(crowd=True)), np.asarray(tag(difficult=True)))
