"""SSD's window on a picture: a canvas around it, and crops that overlap an object; boxes, masks and pixels follow."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.core.sample import Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.crop import draw_window
from saccade.data.augment.rng import RandomDraws, generator_for
from saccade.ops.boxes.geometry import iou_matrix

SIZE = (60, 80)
BOXES = torch.tensor([[10.0, 10, 30, 40], [50, 30, 70, 50]])
CROPS = Augmentation(crop_area=(0.3, 1.0), crop_aspect=(0.5, 2.0), crop_overlap=(0.5,))


def truth(boxes: torch.Tensor = BOXES) -> Annotation:
    masks = torch.zeros(len(boxes), *SIZE, dtype=torch.bool)
    for row, (x1, y1, x2, y2) in enumerate(boxes.long().tolist()):
        masks[row, y1:y2, x1:x2] = True
    labels = torch.arange(len(boxes))
    return Annotation(instances=Instances(boxes=boxes, labels=labels, masks=Masks.from_dense(masks)))


def windows(augmentation: Augmentation, shown: Annotation, count: int = 200) -> list[tuple[int, int, int, int]]:
    return [draw_window(augmentation, SIZE, shown, RandomDraws(generator_for(0, 0, i))) for i in range(count)]


def test_half_of_the_pictures_are_laid_on_a_larger_canvas() -> None:
    found = torch.tensor(windows(Augmentation(expand=4), truth())).float()
    sides = found[:, 2:] - found[:, :2]
    ratios = sides[:, 0] / 80
    torch.testing.assert_close(sides[:, 1] / 60, ratios, atol=0.02, rtol=0)
    assert 60 < int((ratios == 1).sum()) < 140
    assert ratios.min() >= 1
    assert 3.5 < ratios.max() <= 4
    # The whole picture lies on each canvas, at other places on other canvases.
    assert (found[:, :2] <= 0).all()
    assert (found[:, 2:] >= torch.tensor([80, 60])).all()
    places = -found[:, 0] / (sides[:, 0] - 80).clamp(min=1)
    assert places[ratios > 1.5].std() > 0.2


@pytest.mark.parametrize("least", [0.1, 0.3, 0.5])
def test_crops_overlap_an_object_as_much_as_is_asked_for(least: float) -> None:
    shown = truth(torch.tensor([[20.0, 10, 60, 50]]))
    found = torch.tensor(windows(Augmentation(crop_area=(0.3, 1), crop_aspect=(0.5, 2), crop_overlap=(least,)), shown))
    assert (iou_matrix(found.float(), shown.get("instances").boxes) >= min(least, 1600 / 4800)).all()
    whole = (found == torch.tensor([0, 0, 80, 60])).all(1)
    assert int(whole.sum()) < 100
    assert len(found.unique(dim=0)) > 50


def test_one_of_several_overlaps_is_drawn() -> None:
    shown = truth(torch.tensor([[20.0, 10, 60, 50]]))
    options = Augmentation(crop_area=(0.3, 1), crop_aspect=(0.5, 2), crop_overlap=(0.0, 0.7, 1.0))
    found = torch.tensor(windows(options, shown)).float()
    overlaps = iou_matrix(found, shown.get("instances").boxes)[:, 0]
    whole = (found == torch.tensor([0.0, 0, 80, 60])).all(1)
    assert 40 < int(whole.sum()) < 150
    assert overlaps[~whole].min() < 0.4
    assert overlaps[~whole].max() > 0.7


def test_a_share_that_cannot_be_had_is_drawn_anew() -> None:
    """No crop of a third of the picture overlaps a speck by half: the share 0 is then as likely as the whole."""
    speck = truth(torch.tensor([[38.0, 28, 42, 32]]))
    options = Augmentation(crop_area=(0.3, 1), crop_aspect=(0.5, 2), crop_overlap=(0.0, 0.3, 0.5, 0.7, 0.9, 1.0))
    found = torch.tensor(windows(options, speck))
    whole = (found == torch.tensor([0, 0, 80, 60])).all(1)
    assert 70 < int(whole.sum()) < 130
    inside = (found[:, :2] <= torch.tensor([40, 30])).all(1) & (found[:, 2:] > torch.tensor([40, 30])).all(1)
    assert inside.all()


def test_where_nothing_fits_the_whole_is_shown() -> None:
    tiny = truth(torch.tensor([[10.0, 10, 14, 14]]))
    assert set(windows(CROPS, tiny, 10)) == {(0, 0, 80, 60)}
    assert len(set(windows(CROPS, Annotation(), 10))) > 5
    assert len(set(windows(CROPS, Annotation(instances=Instances(boxes=torch.zeros(0, 4))), 10))) > 5


def test_objects_stay_whose_centre_does_and_pixels_go_with_them() -> None:
    shown = truth()
    image = torch.zeros(3, *SIZE)
    for row, mask in enumerate(shown.get("instances").masks.dense()):
        image[row, mask] = 1.0
    spec = InputSpec.stretch(64)
    augment = Augment(Augmentation(crop_area=(0.3, 1), crop_aspect=(0.5, 2), crop_overlap=(0.1,), expand=3), spec)
    numbers = set[int]()
    for index in range(60):
        drawn = augment(Sample(image, shown, "a"), generator_for(1, 0, index))
        rows = drawn.truth.get("instances")
        moved = drawn.frame.apply(shown).get("instances").boxes
        centres = (moved[:, :2] + moved[:, 2:]) / 2
        inside = ((centres >= 0) & (centres < 64)).all(1)
        assert set(rows.labels.tolist()) <= set(inside.nonzero()[:, 0].tolist())
        numbers.add(len(rows))
        for label, mask in zip(rows.labels.tolist(), rows.masks.dense(), strict=True):
            bright = drawn.image[label] > 0.9
            assert (bright & mask).sum() >= 0.9 * bright.sum()
    assert numbers == {1, 2}


def test_what_lies_around_the_picture_has_the_mean_s_colour() -> None:
    spec = InputSpec.stretch(40)
    augment = Augment(Augmentation(expand=4), spec)
    expected = torch.tensor(spec.mean)
    corners = [
        augment(Sample(torch.ones(3, *SIZE), truth(), "a"), generator_for(0, 0, index)).image[:, [0, -1], [0, -1]]
        for index in range(20)
    ]
    around = [corner[:, side] for corner in corners for side in (0, 1) if float(corner[0, side]) < 0.9]
    assert len(around) > 10
    for colour in around:
        torch.testing.assert_close(colour, expected)


@pytest.mark.parametrize(
    "values", [{"expand": 0.5}, {"crop_overlap": (0.5,)}, {"crop_overlap": (), "crop_area": (0.3, 1.0)}]
)
def test_what_cannot_be_is_refused(values: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        Augmentation(**values)
