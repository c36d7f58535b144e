"""What every head promises. A new head is tested here by a case in `head_cases`."""

from dataclasses import replace

import pytest
import torch
from contract_cases import begun, shown, tensors_of, total
from head_cases import HEADS, PITCH, HeadCase
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.network.head import Head, annotated_loss, full_precision
from saccade.network.maps import Maps

SIDE = 64
EVERY = sorted(HEADS)


def built(case: HeadCase) -> Head:
    torch.manual_seed(3)
    return begun(case.make().eval())


def maps_of(case: HeadCase, pictures: int = 2) -> Maps:
    torch.manual_seed(4)
    tensor = torch.randn(pictures, *case.maps, requires_grad=True)
    images = torch.zeros(pictures, 3, SIDE, SIDE)
    return Maps({"image": images, "map": tensor}, torch.tensor([[SIDE, SIDE]] * pictures))


def truths(count: int = 2) -> list[Annotation]:
    return [shown(index, SIDE).truth for index in range(count)]


def found(prediction: Annotation, truth: Annotation, field: str) -> bool:
    """Whether a field's truth stands in the prediction; rows may stand in another order, and unsure ones among them."""
    value, wanted = prediction.get(field), truth.get(field)
    if field == "label_scores":
        return bool(((value > 0.5) == (truth.labels > 0)).all()) or int(value.argmax()) == int(truth.label)
    if field == "semantic_scores":
        return torch.equal(value.argmax(0), truth.get("semantic"))
    if field == "contours":
        return torch.equal((value > 0.5).float(), wanted if len(value) == len(wanted) else wanted.amax(0, keepdim=True))
    if field in ("semantic_masks", "semantic_mask_scores"):
        layers = value.dense() if field == "semantic_masks" else value > 0.5
        return torch.equal(layers, truth.get("semantic_masks").dense())
    if field == "pose":
        return bool(((value - wanted).abs() <= PITCH / 2).all())  # the middle of a cell stands for all of it
    if field == "pose_scores":
        return bool((value > 0.9).all())
    if not field.startswith("instances."):
        return torch.equal(value, wanted)
    if field == "instances.scores":
        return bool(((value > 0.99) | (value < 0.01)).all())
    first = wanted[:1].float()
    return (
        bool((value.float() - first).abs().flatten(1).sum(1).min() < 1e-3)
        if value.dim() > 1
        else bool((value == first).any())
    )


@pytest.mark.parametrize("name", EVERY)
def test_a_perfect_raw_output_decodes_to_the_truth(name: str) -> None:
    case = HEADS[name]
    head, truth = built(case), truths()
    sizes = torch.tensor([[SIDE, SIDE]] * 2)
    predictions = head.decode(case.perfect(truth, sizes))
    assert len(predictions) == 2
    for prediction, shown_truth in zip(predictions, truth, strict=True):
        assert prediction.present() == head.gives
        assert [field for field in sorted(head.gives) if not found(prediction, shown_truth, field)] == []


@pytest.mark.parametrize("name", EVERY)
def test_the_loss_has_the_declared_terms_and_reaches_every_parameter(name: str) -> None:
    head, maps = built(HEADS[name]), maps_of(HEADS[name])
    losses = head.loss(maps, truths())
    assert tuple(losses) == head.terms
    assert all(value.dim() == 0 and value > 0 for value in losses.values())
    total(losses).backward()
    reached = [maps["map"].grad, *(p.grad for p in head.parameters())]
    assert all(gradient is not None and bool(gradient.any()) for gradient in reached)


@pytest.mark.parametrize("name", EVERY)
def test_missing_truth_gives_zeros_that_reach_every_parameter(name: str) -> None:
    head, maps = built(HEADS[name]), maps_of(HEADS[name])
    losses = annotated_loss(head, maps, [Annotation(), Annotation()])
    assert {term: value.item() for term, value in losses.items()} == dict.fromkeys(head.terms, 0.0)
    total(losses).backward()
    assert all(p.grad is not None and not bool(p.grad.any()) for p in head.parameters())


@pytest.mark.parametrize("name", EVERY)
def test_no_objects_give_a_finite_loss(name: str) -> None:
    head, maps = built(HEADS[name]), maps_of(HEADS[name])
    nothing = Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
    loss = total(head.loss(maps, [replace(truth, instances=nothing) for truth in truths()]))
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in head.parameters())


@pytest.mark.parametrize("name", EVERY)
def test_the_order_of_objects_leaves_the_loss(name: str) -> None:
    head, maps = built(HEADS[name]), maps_of(HEADS[name])
    turned = [replace(truth, instances=truth.instances[[1, 0]]) for truth in truths()]
    torch.testing.assert_close(head.loss(maps, turned), head.loss(maps, truths()))


@pytest.mark.parametrize("name", EVERY)
def test_pictures_do_not_meet(name: str) -> None:
    head, maps = built(HEADS[name]), maps_of(HEADS[name], 3)
    alone = tensors_of(head(maps.pick([1])))
    for many, one in zip(tensors_of(head(maps)), alone, strict=True):
        torch.testing.assert_close(many[1:2], one)


@pytest.mark.parametrize("name", EVERY)
def test_the_raw_output_is_a_tree_of_tensors_that_decodes_from_bfloat16(name: str) -> None:
    head, maps = built(HEADS[name]), maps_of(HEADS[name])
    raw = head(maps)
    leaves = tensors_of(raw)
    assert leaves
    assert all(isinstance(leaf, Tensor) and len(leaf) == 2 for leaf in leaves)
    short = torch.utils._pytree.tree_map(lambda t: t.bfloat16() if t.is_floating_point() else t, raw)
    assert len(head.decode(full_precision(short))) == 2
