"""The loss of a stage asks the heads that learn in it, and no other."""

import pytest
import torch

from saccade.core.annotation import Annotation
from saccade.systems.build import build
from saccade.training.step.train_state import LossModule


def test_a_silent_head_is_not_asked_for_its_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    system = build("hourglass", 2, stacks=2, width=1 / 64, size=64)
    truth = {"pose": torch.tensor([[9.0, 9.0], [30.0, 40.0]]), "pose_visible": torch.tensor([2, 2])}
    batch = system.batch([torch.rand(3, 64, 64)] * 2, [Annotation(**truth)] * 2)
    module = LossModule(system)
    assert set(module(lambda: batch)) == {"stack1/maps", "stack2/maps"}
    asked: list[str] = []
    for name, head in system.each_head():
        loss = head.loss
        monkeypatch.setattr(head, "loss", lambda *given, name=name, loss=loss: asked.append(name) or loss(*given))
    module.silent = ("stack1",)
    assert set(module(lambda: batch)) == {"stack2/maps"}
    assert asked == ["stack2"]
