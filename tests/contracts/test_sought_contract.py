"""What every detector promises of classes that were not sought: as background, none of them is pushed down."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from contract_cases import CLASSES, DEEPER, batch_of, narrow, total
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.heads.dense.grid_boxes import GridBoxHead
from saccade.heads.regions.solved_top import SolvedTop
from saccade.losses.scores import FocalScores, ScoreLoss, SigmoidScores, SoftmaxScores
from saccade.network.system import System
from saccade.systems import SYSTEMS

DETECTORS = sorted(name for name in SYSTEMS if SYSTEMS[name].card.task in ("detect", "instances"))
QUICK = [pytest.param(name, marks=pytest.mark.slow) if name in DEEPER else name for name in DETECTORS]
SOUGHT = torch.arange(CLASSES) < CLASSES // 2  # all that the pictures show are among them


@dataclass(frozen=True)
class Scored:
    """Logits (n, channels) that were paid for, and their targets (n,)."""

    loss: ScoreLoss
    logits: Tensor
    target: Tensor

    @property
    def background(self) -> Tensor:
        """(k, channels) gradients of the logits where nothing is."""
        assert self.logits.grad is not None
        return self.logits.grad.flatten(0, -2)[self.target.flatten() == -1]


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Scored]]:
    """While it is entered, all that is paid for, of whichever score loss."""
    seen: list[Scored] = []
    with monkeypatch.context() as patch:
        for kind in (SoftmaxScores, SigmoidScores, FocalScores):
            patch.setattr(kind, "cost", _watching(kind.cost, seen))
        yield seen


def _watching(cost: Any, seen: list[Scored]) -> Any:
    def watch(self: ScoreLoss, logits: Tensor, target: Tensor, sought: Tensor | None = None) -> Tensor:
        logits = logits.clone()
        logits.retain_grad()
        seen.append(Scored(self, logits, target))
        return cost(self, logits, target, sought)

    return watch


def batch_with(system: System, sought: Tensor | None) -> Batch:
    batch = batch_of(system, [0, 1])
    return replace(batch, truth=tuple(replace(shown, sought=sought) for shown in batch.truth or ()))


def loss_with(system: System, sought: Tensor | None) -> dict[str, Tensor]:
    torch.manual_seed(3)
    return system.loss(batch_with(system, sought))


@pytest.mark.parametrize("name", QUICK)
def test_as_background_no_class_is_pushed_down_that_was_not_sought(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system = narrow(name)
    with watched(monkeypatch) as seen:
        total(loss_with(system, SOUGHT)).backward()
    assert seen or any(isinstance(head, GridBoxHead) for _, head in system.each_head())
    for scored in seen:
        rows = scored.background
        assert rows.any()
        softmax = isinstance(scored.loss, SoftmaxScores)
        if rows.shape[1] <= 2:  # boxes without a class
            known = scored.loss.scores(scored.logits.detach()).flatten()[scored.target.flatten() == -1] < 0.5
            assert not rows[~known].any()
        elif softmax:
            assert (rows[:, 1:][:, ~SOUGHT] <= 0).all()
            assert (rows[:, 1:][:, SOUGHT] >= 0).all()
        else:
            assert not rows[:, ~SOUGHT].any()
            assert (rows[:, SOUGHT] >= 0).all()


@pytest.mark.parametrize("name", QUICK)
def test_that_every_class_was_sought_is_what_nothing_says(name: str) -> None:
    system = narrow(name)
    nothing, everything, half = (loss_with(system, s) for s in (None, torch.ones_like(SOUGHT), SOUGHT))
    assert all(torch.equal(nothing[term], everything[term]) for term in nothing)
    assert any(not torch.equal(nothing[term], half[term]) for term in nothing)


def test_masks_are_learnt_of_the_objects_that_there_are() -> None:
    """No mask competes with background: without objects there is nothing to learn, whatever was sought."""
    system = narrow("mask_rcnn")
    batch = batch_with(system, SOUGHT)
    empty = [replace(shown, instances=shown.get("instances")[[]]) for shown in batch.truth or ()]
    assert loss_with(system, SOUGHT)["regions/mask"] > 0
    assert system.loss(replace(batch, truth=tuple(empty)))["regions/mask"] == 0


def test_machines_learn_nothing_of_background_from_classes_that_were_not_sought() -> None:
    system = narrow("spp_net", scores="svm")
    (top,) = (module for module in system.modules() if isinstance(module, SolvedTop))
    batch = batch_with(system, SOUGHT)
    rows = [replace(shown, instances=shown.get("instances")[[]]) for shown in batch.truth or ()]
    system.loss(replace(batch, truth=tuple(rows)))["regions/margin"].backward()
    assert top.machines is not None
    assert top.machines.bias.grad is not None
    assert top.machines.bias.grad.ne(0).tolist() == SOUGHT.tolist()


def test_k_boxes_without_an_object_are_background_of_the_sought_alone() -> None:
    system = narrow("localizer", objects=3)
    terms = [loss_with(system, sought) for sought in (None, torch.ones_like(SOUGHT), SOUGHT)]
    assert torch.equal(terms[0]["box/class"], terms[1]["box/class"])
    assert terms[2]["box/class"] < terms[0]["box/class"]
    assert torch.equal(terms[2]["box/box"], terms[0]["box/box"])


def test_pictures_of_one_batch_each_have_their_own() -> None:
    system = narrow("retinanet").eval()
    batch = batch_of(system, [0, 1])
    first, second = batch.truth or (Annotation(), Annotation())
    both = replace(batch, truth=(replace(first, sought=SOUGHT), second))
    costs = [system.loss(b)["boxes/class"] for b in (both, batch, batch_with(system, SOUGHT))]
    assert costs[2] < costs[0] < costs[1]
