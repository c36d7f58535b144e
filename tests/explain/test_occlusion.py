"""Occlusion against brute force, square by square; and what a probability is for each kind of prediction."""

import pytest
import torch
from small_nets import linear_head_net, one_picture

from helpers import tiny_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.explain.occlusion import occlude, probability_of


@pytest.mark.parametrize("group", [1, 5, 64])
@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_every_probability_is_that_of_the_hidden_picture(group, loss):
    system = linear_head_net(loss=loss)
    batch = one_picture(system)
    found = occlude(system, batch, 1, side=5, stride=3, group=group)
    assert (found.tops, found.lefts) == ((0, 3, 6, 7), (0, 3, 6, 7))
    for row, top in enumerate(found.tops):
        for column, left in enumerate(found.lefts):
            image = batch.images.clone()
            image[0, :, top : top + 5, left : left + 5] = 0
            with torch.no_grad():
                logits = system.heads["label"].body(system.trunk(image)["deep"])[0]
            expected = (logits.softmax(0) if loss == "softmax" else logits.sigmoid())[1]
            assert float(found.probability[row, column]) == pytest.approx(float(expected), abs=1e-6)


def test_the_fall_at_a_pixel_is_the_mean_over_the_squares_that_cover_it():
    system = linear_head_net()
    found = occlude(system, one_picture(system), 0, side=5, stride=3)
    fall = found.fall()
    assert fall.shape == (12, 12)
    for y, x in ((0, 0), (4, 7), (6, 6), (11, 11)):
        rows = [i for i, top in enumerate(found.tops) if top <= y < top + 5]
        columns = [i for i, left in enumerate(found.lefts) if left <= x < left + 5]
        expected = sum(found.whole - float(found.probability[r, c]) for r in rows for c in columns)
        assert float(fall[y, x]) == pytest.approx(expected / len(rows) / len(columns), abs=1e-6)


def test_only_the_place_that_the_network_reads_matters():
    system = linear_head_net()
    with torch.no_grad():  # class 0 is the red of the upper left quarter
        system.trunk.get_submodule("first.conv").weight.zero_()[0, 0, 1, 1] = 1.0
    batch = one_picture(system)
    batch.images[:, :, 6:] = batch.images[:, :, :, 6:] = 0
    fall = occlude(system, batch, 0, side=4, stride=4).fall()
    assert bool((fall[8:, 8:] == 0).all())
    assert bool((fall[:8, :8] != 0).any())


def test_padding_is_never_hidden_and_squares_fit_small_pictures():
    system = linear_head_net()
    found = occlude(system, one_picture(system), 0, side=99)
    assert (found.tops, found.side) == ((0,), 12)
    assert occlude(system, one_picture(system), 0).side == 2


def test_the_probability_of_a_class_is_the_pictures_or_the_surest_objects():
    rows = Instances(labels=torch.tensor([0, 1, 1]), scores=torch.tensor([0.9, 0.2, 0.6]))
    assert probability_of(Annotation(label_scores=torch.tensor([0.25, 0.75])), 0) == 0.25
    assert probability_of(Annotation(instances=rows), 1) == pytest.approx(0.6)
    assert probability_of(Annotation(instances=rows), 2) == 0.0
    assert probability_of(Annotation(), 0) == 0.0


def test_numbers_that_are_not_finite_are_refused_by_occlusion():
    system = tiny_system()
    with torch.no_grad():
        system.heads["tiny"].score.bias.fill_(float("nan"))
    with pytest.raises(ConfigError, match="finite"):
        occlude(system, system.batch([torch.rand(3, 9, 9)]), 0)
