"""Oddities of the box heads."""

import pytest
import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation, Instances
from saccade.heads.locate.box_form import BoxForm, absolute, relative
from saccade.heads.locate.locate import LocatedBoxes, LocateHead
from saccade.heads.locate.locate_many import LocateManyHead, assign
from saccade.heads.locate.main_object import box_of_label, main_object
from saccade.network.maps import Maps

# A picture 100 pixels wide and 200 high, and the lecture's box (.2, .1, .5, .7): x, y, height, width.
SIZE = torch.tensor([200, 100])
BOX = torch.tensor([[20.0, 20.0, 90.0, 120.0]])


class Constant(nn.Module):
    """A body that gives the same values for every picture."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = nn.Parameter(values)

    def forward(self, maps: Tensor) -> Tensor:
        return self.values.expand(len(maps), -1)


def maps(pictures: int) -> Maps:
    return Maps({"map": torch.zeros(pictures, 1, 1, 1)}, SIZE.expand(pictures, 2))


def objects(*boxes: list[float], **columns: list[int]) -> Annotation:
    rows = {name: torch.tensor(values) for name, values in columns.items() if name not in ("label", "crowd")}
    crowd = torch.tensor(columns["crowd"]).bool() if "crowd" in columns else None
    label = torch.tensor(columns["label"][0]) if "label" in columns else None
    shaped = torch.tensor(boxes, dtype=torch.float32).view(-1, 4)
    return Annotation(label=label, instances=Instances(boxes=shaped, crowd=crowd, **rows))


def test_the_lecture_s_box_is_x_y_height_width() -> None:
    code = BoxForm("corner", "mse_sigmoid").encode(relative(BOX, SIZE))
    torch.testing.assert_close(code, torch.tensor([[0.2, 0.1, 0.5, 0.7]]))
    centre = BoxForm("centre", "l2").encode(relative(BOX, SIZE))
    torch.testing.assert_close(centre, torch.tensor([[0.55, 0.35, 0.7, 0.5]]))


@pytest.mark.parametrize("box", ["corner", "centre"])
def test_forms_lead_back(box: str) -> None:
    form = BoxForm(box, "l2")
    torch.testing.assert_close(absolute(form.decode(form.encode(relative(BOX, SIZE))), SIZE), BOX)


def test_negative_sides_and_what_leaves_the_picture_are_cut() -> None:
    boxes = absolute(BoxForm("corner", "l2").decode(torch.tensor([[0.5, 0.5, -1.0, 2.0]])), SIZE)
    assert boxes.tolist() == [[50.0, 100.0, 100.0, 100.0]]


def test_the_loss_of_the_lecture_by_hand() -> None:
    """1/(2N) times the sum of squares, of sigmoids; a picture that shows nothing is not counted."""
    values = torch.tensor([0.1, -0.2, 0.3, 0.4])
    head = LocateHead("map", Constant(values), BoxForm("corner", "mse_sigmoid"))
    truth = [objects(BOX[0].tolist()), objects([0.0, 0.0, 100.0, 200.0]), objects()]
    targets = torch.tensor([[0.2, 0.1, 0.5, 0.7], [0.0, 0.0, 1.0, 1.0]])
    expected = (values.sigmoid() - targets).square().sum() / (2 * 2)
    torch.testing.assert_close(head.loss(maps(3), truth)["box"], expected)


def test_the_true_class_s_box_alone_learns() -> None:
    body = Constant(torch.zeros(3 * 4))
    head = LocateHead("map", body, BoxForm("corner", "l2"), per_class=True)
    head.loss(maps(1), [objects(BOX[0].tolist(), label=[1])])["box"].backward()
    assert body.values.grad.view(3, 4).any(1).tolist() == [False, True, False]


def test_the_main_object_is_the_largest_of_the_picture_s_class() -> None:
    small, large, crowd = [0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 50.0, 50.0], [0.0, 0.0, 90.0, 90.0]
    rows = {"labels": [1, 0, 1], "crowd": [0, 0, 1]}
    assert main_object(objects(small, large, crowd, **rows)).tolist() == large
    assert main_object(objects(small, large, crowd, **rows, label=[1])).tolist() == small
    assert main_object(objects(small, large, crowd, **rows, label=[2])).tolist() == large
    assert main_object(objects(small, large)).tolist() == large
    assert main_object(objects()) is None
    assert main_object(objects([5.0, 5.0, 5.0, 9.0])) is None
    assert main_object(Annotation()) is None


def test_the_answer_s_box_is_the_guessed_class_s() -> None:
    scores = torch.tensor([0.1, 0.7, 0.2])
    boxes = torch.arange(12.0).view(3, 4)
    told = {"label": torch.tensor(1), "label_scores": scores}
    each = box_of_label(Annotation(**told, instances=Instances(boxes=boxes, labels=torch.arange(3))))
    assert (each.instances.boxes.tolist(), each.instances.labels.tolist()) == ([[4.0, 5.0, 6.0, 7.0]], [1])
    assert each.instances.scores.tolist() == pytest.approx([0.7])
    one = box_of_label(Annotation(**told, instances=Instances(boxes=boxes[:1])))
    assert (one.instances.labels.tolist(), one.instances.boxes.tolist()) == ([1], [[0.0, 1.0, 2.0, 3.0]])


def test_rows_of_each_class_have_their_labels() -> None:
    head = LocateHead("map", Constant(torch.zeros(8)), BoxForm(), per_class=True)
    rows = head.decode(LocatedBoxes(torch.zeros(1, 2, 4), SIZE[None]))[0].instances
    assert rows.labels.tolist() == [0, 1]


def test_boxes_are_assigned_at_the_least_cost() -> None:
    codes = torch.tensor([[0.0, 0, 1, 1], [0.5, 0.5, 0.1, 0.1], [0.9, 0, 0.1, 0.1]])
    wanted = torch.tensor([[0.88, 0, 0.1, 0.1], [0.1, 0, 1, 1]])
    slots, found = assign(codes, torch.zeros(3, 2), wanted, torch.tensor([0, 1]))
    assert dict(zip(slots.tolist(), found.tolist(), strict=True)) == {2: 0, 0: 1}


def test_equal_boxes_are_assigned_by_their_class() -> None:
    codes, logits = torch.zeros(2, 4), torch.tensor([[4.0, -4.0], [-4.0, 4.0]])
    slots, found = assign(codes, logits, torch.ones(2, 4), torch.tensor([1, 0]))
    assert dict(zip(slots.tolist(), found.tolist(), strict=True)) == {0: 1, 1: 0}


def test_more_objects_than_boxes_leave_some_unlearnt() -> None:
    head = LocateManyHead("map", Constant(torch.zeros(6)), BoxForm("corner", "l2"), objects=1)
    truth = objects([0.0, 0.0, 10.0, 20.0], [0.0, 0.0, 100.0, 200.0], labels=[0, 1])
    loss = head.loss(maps(1), [truth])
    assert loss["box"].item() == pytest.approx(0.5 * (0.1**2 + 0.1**2), rel=1e-5)
    assert loss["class"].item() == pytest.approx(2 * torch.log(torch.tensor(2.0)).item(), rel=1e-5)


def test_boxes_that_match_nothing_learn_low_scores_alone() -> None:
    body = Constant(torch.zeros(2 * 6))
    head = LocateManyHead("map", body, BoxForm("corner", "l2"), objects=2)
    loss = head.loss(maps(1), [Annotation(instances=Instances(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)))])
    torch.stack(list(loss.values())).sum().backward()
    assert loss["box"].item() == 0
    gradient = body.values.grad.view(2, 6)
    assert bool((gradient[:, 4:] > 0).all())
    assert not gradient[:, :4].any()
