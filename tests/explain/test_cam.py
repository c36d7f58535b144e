"""Grad-CAM against CAM, by hand; frozen weights, 16 bits, layers inside stages, and what is refused."""

from dataclasses import replace

import pytest
import torch
from small_nets import linear_head_net, one_picture

from helpers import tiny_system
from saccade.core.errors import ConfigError, UsageError
from saccade.explain.cam import grad_cam
from saccade.systems.build import build


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
@pytest.mark.parametrize("label", [0, 2])
def test_it_is_cam_where_an_average_and_a_linear_layer_follow(label, loss):
    system = linear_head_net(loss=loss)
    batch = one_picture(system)
    with torch.no_grad():
        maps = system.maps(batch)
        linear = system.heads["label"].body[2]
        cam = torch.einsum("k,bkhw->bhw", linear.weight[label], maps["deep"])
        logit = system.raw(maps)["label"].logits[0, label]
    found, layer = grad_cam(system, batch, label)
    assert layer == "deep"
    assert torch.allclose(found, cam.relu(), atol=1e-6)
    assert bool((found > 0).any())
    assert float(cam.mean() + linear.bias[label].detach()) == pytest.approx(float(logit), abs=1e-5)


def test_frozen_weights_change_nothing_and_weights_get_no_gradient():
    system = linear_head_net()
    batch = one_picture(system)
    free = grad_cam(system, batch, 1).values
    assert all(parameter.grad is None for parameter in system.parameters())
    system.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(grad_cam(system, batch, 1).values, free)


def test_sixteen_bits_are_close():
    system = linear_head_net()
    batch = one_picture(system)
    full = grad_cam(system, batch, 1).values
    short = grad_cam(system.to(torch.bfloat16), replace(batch, images=batch.images.bfloat16()), 1).values
    assert short.dtype == torch.float32
    assert torch.allclose(short, full, atol=0.05 * float(full.max()))


def test_a_layer_inside_a_stage_is_kept_before_a_rectifier_works_in_place():
    system = linear_head_net()
    batch = one_picture(system)
    norm, weight = system.trunk.get_submodule("deep.norm"), system.heads["label"].body[2].weight[0]
    with torch.no_grad():
        first = system.trunk.get_submodule("pool")(system.trunk.get_submodule("first")(batch.images))
        before = norm(system.trunk.get_submodule("deep.conv")(first))
        # The score's gradient at a position before the rectifier is the linear weight where the rectifier is open.
        slopes = weight.view(1, -1, 1, 1) * (before > 0) / before[0, 0].numel()
        expected = (slopes.sum((2, 3), keepdim=True) * before).sum(1).relu()
    assert torch.allclose(grad_cam(system, batch, 0, "trunk.deep.norm").values, expected, atol=1e-6)
    assert not norm._forward_hooks


@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [("alexnet", "conv5", 13), ("resnet18", "layer4", 7), ("vgg11", "conv5_2", 14), ("lenet5", "s4", 5)],
)
def test_real_trunks_have_maps_of_their_deepest_positions(name, layer, side):
    torch.manual_seed(0)
    system = build(name, 3, width=1 / 16).eval()
    found = grad_cam(system, system.batch([torch.rand(system.input.channels, 64, 64)]), 0)
    assert (found.layer, found.values.shape) == (layer, (1, side, side))


def test_what_is_no_layer_is_refused_with_those_that_are():
    system = linear_head_net()
    batch = one_picture(system)
    with pytest.raises(UsageError, match="first, pool, deep"):
        grad_cam(system, batch, 0, "layer9")
    with pytest.raises(UsageError, match="such as deep"):
        grad_cam(system, batch, 0, "heads.label.body.2")
    with pytest.raises(UsageError, match="head"):
        grad_cam(tiny_system(), tiny_system().batch([torch.rand(3, 8, 8)]), 0)


def test_numbers_that_are_not_finite_are_refused():
    system = linear_head_net()
    with torch.no_grad():
        system.trunk.get_submodule("first.conv").weight[0] = float("nan")
    with pytest.raises(ConfigError, match="finite"):
        grad_cam(system, one_picture(system), 0)
