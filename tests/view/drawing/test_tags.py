"""Names on a picture: none covers another, however many want the same place; a line leads back to what they name."""

from itertools import combinations

import numpy as np
import pytest
import torch
from PIL import Image

from saccade.core.annotation import Annotation, Instances
from saccade.core.vocabulary import Vocabularies
from saccade.view.drawing.draw import draw
from saccade.view.drawing.names import name_boxes, name_picture, name_regions
from saccade.view.drawing.palette import class_colour
from saccade.view.drawing.tags import Tags, around

SIZE = (640, 480)
CLASSES = ("erythrocyte", "white cell", "platelet")


def apart(fields):
    return all(
        a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for a, b in combinations(fields, 2)
    )  # fmt: skip


def inside(fields, size=SIZE):
    return all(x1 >= 0 and y1 >= 0 and x2 <= size[0] and y2 <= size[1] for x1, y1, x2, y2 in fields)


@pytest.mark.parametrize("seed", range(4))
def test_no_tag_covers_another_however_crowded(seed):
    draws = np.random.default_rng(seed)
    tags = Tags(SIZE)
    for number in range(150):
        x, y = draws.integers(-20, [660, 500])
        box = (int(x), int(y), int(x + draws.integers(4, 200)), int(y + draws.integers(4, 200)))
        text = "cell" * int(draws.integers(1, 4))
        tags.add(text, (9, number, 9), 16, around(box, text, 16, SIZE), box)
    assert len(tags.fields) > 50
    assert apart(tags.fields)
    assert inside(tags.fields)


def test_objects_at_one_place_all_have_names_with_a_line_to_where_they_are():
    tags, box = Tags(SIZE), (300, 200, 330, 230)
    for number in range(12):
        assert tags.add(f"cell {number}", (200, 0, 0), 16, around(box, f"cell {number}", 16, SIZE), box) is not None
    assert len(tags.fields) == 12
    assert apart(tags.fields)
    picture = Image.new("RGB", SIZE, "white")
    tags.draw(picture)
    red = (np.asarray(picture) == (200, 0, 0)).all(-1)
    for x1, y1, x2, y2 in tags.fields:
        red[y1:y2, x1:x2] = False
    assert red.any()  # lines


def test_a_name_without_room_is_left_out():
    tags = Tags((60, 20))
    assert tags.add("cell", (0, 0, 0), 16, [(0, 0)]) is not None
    assert tags.add("a long name", (0, 0, 0), 16, [(0, 0)]) is None
    assert tags.add("", (0, 0, 0), 16, [(0, 0)]) is None


def test_a_name_stands_above_its_box_where_there_is_room():
    field = Tags(SIZE).add("cell", (0, 0, 0), 16, around((100, 100, 200, 200), "cell", 16, SIZE))
    assert (field[0], field[3]) == (100, 100)
    field = Tags(SIZE).add("cell", (0, 0, 0), 16, around((100, 3, 200, 200), "cell", 16, SIZE))
    assert field[:2] == (100, 3)


def test_all_that_is_written_on_a_picture_keeps_apart():
    rows = Instances(
        boxes=torch.tensor([[0.0, 0, 90, 90], [0.0, 0, 95, 95], [2.0, 2, 80, 80]]), labels=torch.tensor([0, 1, 2])
    )
    shown = Annotation(label=torch.tensor(1), instances=rows)
    tags = Tags(SIZE)
    name_picture(tags, shown, CLASSES)
    name_boxes(tags, rows, [(0, 0, 89, 89), (0, 0, 94, 94), (2, 2, 79, 79)], CLASSES, [(0, 0, 0)] * 3)
    name_regions(tags, Annotation(semantic=torch.ones(480, 640, dtype=torch.int64)), CLASSES, 1)
    assert len(tags.fields) == 5
    assert apart(tags.fields)


def test_a_class_has_one_colour_in_truth_and_prediction():
    grey, names = torch.full((3, 400, 400), 100, dtype=torch.uint8), Vocabularies.of(CLASSES)
    box = torch.tensor([[100.0, 100, 300, 300]])
    truth = Annotation(instances=Instances(boxes=box, labels=torch.tensor([2])))
    guess = Annotation(instances=Instances(boxes=box, labels=torch.tensor([2]), scores=torch.tensor([0.9])))
    unlabelled = Annotation(label=torch.tensor(2), instances=Instances(boxes=box))
    framed = draw(grey, guess, names, frames=[(1, 2, 3)])
    for picture in (draw(grey, truth, names), draw(grey, guess, names), draw(grey, unlabelled, names)):
        assert picture.getpixel((299, 299)) == class_colour(2)
    assert framed.getpixel((299, 299)) == (1, 2, 3)
    assert framed.getpixel((200, 295)) == class_colour(2)
