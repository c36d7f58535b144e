"""Mined machines against a solution from all negatives, and ridge regression against scikit-learn's."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import DataError
from saccade.heads.classify.svm_solver import SvmSettings, solve_svm
from saccade.heads.regions.box_ridge import FLOOR, RidgeRules, ridge, solve_boxes, white_ridge
from saccade.heads.regions.hard_negatives import NEVER, MiningRules, mine
from saccade.heads.regions.region_features import (
    PictureRegions,
    RegionFeatures,
    RegionFeatureStore,
    compute_region_features,
)
from saccade.network.maps import Maps
from saccade.ops.boxes.box_coder import DeltaCoder
from svm_objective import objective

SETTINGS = SvmSettings(cost=0.05, loss="hinge", bias_scale=10.0, positive_weight=2.0)
RULES = MiningRules(retrain=15, svm=SETTINGS)


def picture(seed: int, classes: int = 2, regions: int = 60, size: int = 5) -> RegionFeatures:
    """A picture whose first number of a region tells how much it overlaps an object."""
    draw = torch.Generator().manual_seed(seed)
    overlaps = torch.rand(regions, classes, generator=draw) * 0.6
    features = torch.randn(regions, size, generator=draw)
    features[:, :classes] += overlaps * 6
    objects = torch.full((regions,), -1)
    objects[-2:] = torch.tensor([0, 1])
    overlaps[-2:] = torch.eye(2)
    features[-2:, :classes] += 3 * torch.eye(2)
    near = torch.arange(10)
    corners = torch.rand(regions, 2, generator=draw) * 40
    boxes = torch.cat([corners, corners + 10], 1)
    return RegionFeatures(
        boxes=boxes,
        overlaps=overlaps,
        objects=objects,
        features=features,
        lengths=torch.full((regions,), 4.0),
        near=near,
        pooled=torch.randn(10, 7, generator=draw),
        labels=near % classes,
        targets=boxes[:10] + torch.randn(10, 4, generator=draw),
    )


@pytest.fixture(scope="module")
def pictures():
    return [picture(seed) for seed in range(6)]


def examples(pictures, label, factor=1.0):
    """All positives and all negatives of a class."""
    features = torch.cat([p.features for p in pictures]) * factor
    own = torch.cat([p.objects == label for p in pictures])
    far = torch.cat([p.overlaps[:, label] < 0.3 for p in pictures])
    return torch.cat([features[own], features[far]]), torch.arange(int(own.sum() + far.sum())) < int(own.sum())


def test_mining_ends_near_the_machine_that_all_negatives_give(pictures):
    found = mine(pictures, 2, RULES)
    factor = found.facts["scale"]
    for label in (0, 1):
        features, positive = examples(pictures, label, factor)
        weight, bias = solve_svm(features, positive, SETTINGS)
        least = objective(features, positive, weight, bias, SETTINGS)
        reached = objective(features, positive, found.weight[label] / factor, found.bias[label], SETTINGS)
        assert least <= reached < least * 1.02
    assert found.facts["solutions"] > 4
    assert found.facts["negatives"] < sum(len(examples(pictures, label)[0]) for label in (0, 1)) / 2


def test_features_are_brought_to_a_mean_length_of_twenty(pictures):
    longer = [replace(p, features=p.features * 7) for p in pictures]
    found, same = mine(pictures, 2, RULES), mine(longer, 2, RULES)
    assert same.facts["scale"] == pytest.approx(found.facts["scale"] / 7)
    torch.testing.assert_close(same.weight * 7, found.weight, rtol=1e-3, atol=1e-4)
    lengths = torch.cat([p.features for p in pictures]).norm(dim=1) * found.facts["scale"]
    assert lengths.mean().item() == pytest.approx(20, rel=1e-5)


def test_only_distinct_negatives_are_taken(pictures):
    alike = [replace(p, boxes=torch.tensor([[0.0, 0, 10, 10]]).expand(len(p.boxes), 4)) for p in pictures]
    found = mine(alike, 2, replace(RULES, distinct=0.7, easy=-1e9))
    assert found.facts["negatives"] <= 2 * len(pictures)
    assert (
        mine(pictures, 2, replace(RULES, distinct=1.0)).facts["negatives"]
        == mine(pictures, 2, RULES).facts["negatives"]
    )


def test_a_class_that_nothing_shows_is_never_told(pictures):
    assert mine(pictures, 2, RULES).bias.min() > NEVER
    none = [replace(p, objects=torch.where(p.objects == 1, -1, p.objects)) for p in pictures]
    assert mine(none, 2, RULES).bias[1] == NEVER
    assert not mine(none, 2, RULES).weight[1].any()


@pytest.mark.parametrize("count", [6, 40])
def test_ridge_is_scikit_learn_s(count):
    draw = torch.Generator().manual_seed(count)
    features, targets = torch.randn(count, 9, generator=draw), torch.randn(count, 4, generator=draw)
    weight, bias = ridge(features, targets, 3.0)
    # scikit-learn does not penalise its own intercept, so that the bias is a feature here as it is there.
    rows = np.concatenate([features.double().numpy(), np.ones((count, 1))], 1)
    found = Ridge(alpha=3.0, fit_intercept=False).fit(rows, targets.double().numpy()).coef_
    np.testing.assert_allclose(np.concatenate([weight.numpy(), bias.numpy()[:, None]], 1), found, atol=1e-9)


def test_whitened_targets_are_brought_back():
    draw = torch.Generator().manual_seed(2)
    features = torch.randn(30, 5, generator=draw)
    targets = torch.randn(30, 4, generator=draw) @ torch.randn(4, 4, generator=draw) + torch.tensor([5.0, 0, -1, 2])
    weight, bias = white_ridge(features, targets, 10.0)
    wanted = targets.double().numpy()
    mean = wanted.mean(0)
    centred = wanted - mean
    values, axes = np.linalg.eigh(centred.T @ centred / 30)
    white = axes @ np.diag(1 / np.sqrt(values + FLOOR)) @ axes.T
    rows = np.concatenate([features.double().numpy(), np.ones((30, 1))], 1)
    beta = Ridge(alpha=10.0, fit_intercept=False).fit(rows, centred @ white).coef_
    prediction = rows @ beta.T @ np.linalg.inv(white) + mean
    np.testing.assert_allclose((features.double() @ weight.T + bias).numpy(), prediction, atol=1e-8)


def test_boxes_are_solved_a_class_from_what_lies_near_its_objects(pictures):
    weights, biases, counts = solve_boxes(pictures, 3, DeltaCoder(), RidgeRules(penalty=2.0))
    assert counts.tolist() == [30, 30, 0]
    assert not weights[2].any()
    assert not biases[2].any()
    features = torch.cat([p.pooled[p.labels == 1] for p in pictures])
    codes = torch.cat([DeltaCoder().encode(p.targets, p.boxes[p.near])[p.labels == 1] for p in pictures])
    weight, bias = white_ridge(features * 5, codes, 2.0)  # lengths of 4 become 20
    torch.testing.assert_close(weights[1], (weight * 5).float())
    torch.testing.assert_close(biases[1], bias.float())


def seen(objects, labels, crowds=()):
    maps = Maps({"image": torch.zeros(1, 3, 50, 50)}, torch.tensor([[50, 50]]))
    regions = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [30, 30, 40, 40]])
    boxes = torch.tensor([*objects, *crowds]).view(-1, 4)
    labels = torch.tensor([*labels, *[0] * len(crowds)], dtype=torch.int64)
    crowd = torch.arange(len(boxes)) >= len(objects)
    return PictureRegions(maps, regions, Annotation(instances=Instances(boxes=boxes, labels=labels, crowd=crowd)))


def visualize(boxes):
    return boxes * 2, boxes + 1


def test_a_picture_is_described_by_hand_sized_numbers():
    found = compute_region_features(seen([[0.0, 0, 10, 10], [0, 0, 10, 20]], [1, 0]), visualize, 3, 0.6)
    torch.testing.assert_close(found.overlaps[:3], torch.tensor([[0.5, 1, 0], [0.4, 0.8, 0], [0, 0, 0]]))
    assert found.objects.tolist() == [-1, -1, -1, 1, 0]
    assert found.near.tolist() == [0, 1, 3, 4]
    assert found.labels.tolist() == [1, 1, 1, 0]
    assert found.targets[1].tolist() == [0, 0, 10, 10]
    assert torch.equal(found.pooled, found.boxes[found.near] * 2)
    assert torch.equal(found.lengths, (found.boxes * 2).norm(dim=1))


def test_a_picture_without_objects_and_one_with_a_crowd():
    nothing = compute_region_features(seen([], []), visualize, 2, 0.6)
    assert (len(nothing.boxes), len(nothing.near), nothing.overlaps.abs().sum().item()) == (3, 0, 0)
    crowd = compute_region_features(seen([], [], [[25.0, 25, 50, 50]]), visualize, 2, 0.6)
    assert crowd.overlaps.tolist() == [[0, 0], [0, 0], [1, 1]]
    assert mine([nothing], 2, RULES).bias.tolist() == [NEVER, NEVER]


def test_regions_are_no_negatives_of_classes_that_were_not_sought():
    one = seen([[0.0, 0, 10, 10]], [1])
    sought = torch.tensor([True, True, False])
    found = compute_region_features(one._replace(truth=replace(one.truth, sought=sought)), visualize, 3, 0.6)
    plain = compute_region_features(one, visualize, 3, 0.6)
    assert torch.equal(found.overlaps[:, sought], plain.overlaps[:, sought])
    assert (found.overlaps[:, ~sought] == 1).all()
    assert torch.equal(found.objects, plain.objects)


def test_what_is_on_the_shelf_is_not_made_again(tmp_path, pictures):
    first = RegionFeatureStore(tmp_path / "shelf")
    for shown in pictures:
        first.add(lambda shown=shown: shown)

    def fail():
        raise AssertionError("it is there")

    again = RegionFeatureStore(tmp_path / "shelf")
    for _ in pictures:
        again.add(fail)
    assert first.size == again.size > 0
    memory = RegionFeatureStore(None)
    memory.add(lambda: pictures[0])
    assert memory.size == 0
    for shelf in (again, memory):
        assert torch.equal(next(iter(shelf)).features, pictures[0].features)
        assert torch.equal(next(iter(shelf)).near, pictures[0].near)


def test_nothing_to_solve_from_is_told():
    from saccade.systems.detect.rcnn import rcnn

    system = rcnn(("a",), trunk="vgg11", width=1 / 16, size=32, search="windows", proposals=5)
    with pytest.raises(DataError, match="objects"):
        system.heads["regions"].solve(list)
