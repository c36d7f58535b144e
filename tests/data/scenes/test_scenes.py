import math
import pickle
from functools import cache

import numpy as np
import pytest
import torch

from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.core.sample import Sample
from saccade.data.scenes import Scenes, scenes_split
from saccade.data.scenes.figure import FIGURE_AREA, around, draw_pose, figure_layers
from saccade.data.scenes.shapes import SHAPES
from saccade.data.scenes.stage import set_stage
from saccade.data.scenes.texture import oklab, srgb

FIGURE = Scenes().classes.index("figure")


@cache
def some(size: int = 96, count: int = 54) -> list[Sample]:
    scenes = Scenes(count=count, size=size, seed=3)
    return [scenes[i] for i in range(count)]


def same(first: Sample, second: Sample) -> bool:
    if first.id != second.id or first.truth.present() != second.truth.present():
        return False
    pairs = [(first.image, second.image)]
    for name in first.truth.present():
        both = (first.truth.get(name), second.truth.get(name))
        pairs.append(both if isinstance(both[0], torch.Tensor) else (both[0].dense(), both[1].dense()))
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_scene_is_a_function_of_seed_and_place_alone():
    whole = Scenes(count=20, size=64, seed=5)
    backwards = {i: whole[i] for i in reversed(range(20))}
    other, tail = pickle.loads(pickle.dumps(Scenes(20, 64, 5))), Scenes(5, 64, 5, start=15)
    assert all(same(other[i], backwards[i]) for i in range(20))
    assert all(same(tail[i], backwards[15 + i]) for i in range(5))
    assert not torch.equal(whole[0].image, Scenes(20, 64, 6)[0].image)
    assert not torch.equal(whole[0].image, whole[1].image)


def test_truth_alone_is_the_truth_of_the_picture():
    scenes = Scenes(count=9, size=64, seed=3)
    for i in range(9):
        sample = scenes[i]
        assert same(Sample(sample.image, scenes.truth(i), scenes.id(i)), sample)


def test_it_is_a_data_set():
    scenes = Scenes(count=30, size=48)
    assert isinstance(scenes, Dataset)
    assert len(scenes) == 30
    assert len(pickle.dumps(scenes)) < 300
    assert scenes.size(29) == (48, 48)
    assert scenes.id(7) == "scenes-1-00007"
    assert len(scenes.joints.names) == 16
    assert scenes.vocabularies["semantic"] == (*scenes.classes, "background")
    assert frozenset().union(*(scenes.truth(i).present() for i in range(30))) == scenes.fields
    with pytest.raises(IndexError):
        scenes[30]
    with pytest.raises(IndexError):
        scenes[-1]


@pytest.mark.parametrize("size", [16, 32, 97, 200])
def test_every_size(size):
    for i in range(9):
        sample = Scenes(count=9, size=size, seed=2)[i]
        assert sample.image.shape == (3, size, size)
        assert sample.image.dtype == torch.uint8
        assert sample.truth.semantic.shape == (size, size)
        assert sample.truth.contours.shape == (1, size, size)
        assert len(sample.truth.instances) >= 1
        assert sample.truth.instances.area.min() >= 12


def test_a_larger_picture_shows_the_same_scene():
    small, large = Scenes(5, 64, seed=4), Scenes(5, 256, seed=4)
    for i in range(5):
        one, four = small.truth(i), large.truth(i)
        assert one.label == four.label
        assert torch.allclose(one.instances.boxes[0] * 4, four.instances.boxes[0], atol=8)


def test_masks_are_disjoint_and_boxes_tight():
    for sample in some():
        rows = sample.truth.instances
        dense = rows.masks.dense()
        assert dense.sum(0).max() == 1
        assert torch.equal(rows.boxes, rows.masks.boxes())
        assert torch.equal(rows.area, dense.sum((1, 2)).float())
        assert not rows.crowd.any()


def test_pixels_agree_with_masks():
    for sample in some():
        rows = sample.truth.instances
        painted = torch.full_like(sample.truth.semantic, 9)
        for label, mask in zip(rows.labels, rows.masks.dense(), strict=True):
            painted[mask] = label
        assert torch.equal(painted, sample.truth.semantic)


def test_the_label_is_the_class_of_the_largest():
    for sample in some():
        rows = sample.truth.instances
        assert sample.truth.label == rows.labels[rows.area.argmax()]
        assert torch.equal(sample.truth.labels.nonzero()[:, 0], rows.labels.unique())
        assert sample.truth.label.dtype == torch.int64


def test_contours_are_thin_and_part_the_things():
    for sample in some()[:10]:
        line = sample.truth.contours[0].bool()
        owner = torch.zeros(line.shape, dtype=torch.int64)
        for row, mask in enumerate(sample.truth.instances.masks.dense()):
            owner[mask] = row + 1
        parted = owner[:, 1:] != owner[:, :-1]
        assert ((line[:, 1:] | line[:, :-1]) >= parted).all()
        assert (owner[line] > 0).all()  # a contour belongs to the nearer thing, never to the background
        assert 0 < line.float().mean() < 0.15


def test_keypoints():
    inside = []
    for sample in some():
        rows = sample.truth.instances
        figures = rows.labels == FIGURE
        assert ((rows.visible > 0).all(1) == figures).all()
        assert (rows.keypoints[~figures] == 0).all()
        assert (rows.visible[~figures] == 0).all()
        assert rows.keypoints.min() >= 0
        assert rows.keypoints.max() < 96
        for mask, points, seen in zip(rows.masks.dense(), rows.keypoints, rows.visible, strict=True):
            shown = points[seen == 2].long()
            inside += mask[shown[:, 1], shown[:, 0]].tolist()
            hidden = points[seen == 1].long()
            assert not mask[hidden[:, 1], hidden[:, 0]].any()
    assert np.mean(inside) > 0.98


def test_the_pose_is_that_of_the_largest_figure():
    posed = 0
    for sample in some():
        truth = sample.truth
        figures = (truth.instances.labels == FIGURE).nonzero()[:, 0]
        if not len(figures):
            assert truth.pose is truth.pose_visible is truth.person is None
            continue
        posed += 1
        largest = figures[truth.instances.area[figures].argmax()]
        assert torch.equal(truth.pose, truth.instances.keypoints[largest])
        assert torch.equal(truth.pose_visible, truth.instances.visible[largest])
        height = float(truth.person.scale) * 200
        assert (truth.pose[:, 1].max() - truth.pose[:, 1].min()) < height <= 96
        head = float(torch.dist(truth.pose[9], truth.pose[8]))
        assert 0.5 * head < float(truth.person.head_size) < 1.7 * head
        assert torch.allclose(truth.person.centre, truth.pose.mean(0), atol=0.3 * height)
    assert posed > 9


def test_left_is_left_before_and_after_a_flip():
    joints = Scenes().joints
    sides = [{joints.names[a][0], joints.names[b][0]} for a, b in joints.pairs]
    assert sides == [{"r", "l"}] * 6
    assert all(joints.names[a][1:] == joints.names[b][1:] for a, b in joints.pairs)
    pose = next(s.truth.pose for s in some() if s.truth.label == FIGURE)
    assert pose[2, 0] < pose[3, 0]  # the figure faces us: its right hip is on the picture's left


def test_scenes_are_not_trivial():
    things = [(stage, k) for i in range(150) for stage in [set_stage(1, i, 128)] for k in range(len(stage.placed))]
    shown = np.array([stage.visible(k).sum() / stage.placed[k].area for stage, k in things])
    sizes = np.array([math.sqrt(stage.visible(k).sum()) / 128 for stage, k in things])
    assert len(things) / 150 >= 3
    assert 0.2 < (shown < 0.97).mean() < 0.35
    assert shown.min() > 0.2
    assert np.quantile(sizes, 0.95) > 4 * np.quantile(sizes, 0.05)


def test_any_nine_neighbours_from_a_multiple_of_nine_show_each_class_once():
    scenes = Scenes(count=27, size=16)
    labels = [int(scenes.truth(i).label) for i in range(27)]
    assert all(sorted(labels[start : start + 9]) == list(range(9)) for start in (0, 9, 18))
    assert labels[:9] != labels[9:18]


def test_size_tells_nothing_of_the_class():
    sides = {label: [] for label in range(9)}
    for i in range(360):
        rows = Scenes(count=360, size=64).truth(i).instances
        sides[int(rows.labels[0])].append(math.sqrt(rows.area[0]) / 64)
    means = [np.mean(values) for values in sides.values()]
    assert max(means) / min(means) < 1.15


def test_the_splits_share_no_picture():
    train, val = (scenes_split({"count": 300, "size": 32, "seed": 2}, split) for split in ("train", "val"))
    assert (len(train), len(val)) == (300, 60)
    assert len(scenes_split({"count": 10}, "val")) == 50
    names = {train.id(i) for i in range(300)} | {val.id(i) for i in range(60)}
    assert len(names) == 360
    assert not torch.equal(train[0].image, val[0].image)


@pytest.mark.parametrize(
    ("options", "split", "told"),
    [
        ({"sise": 64}, "train", "sise"),
        ({"size": 4}, "train", "found 4"),
        ({"seed": -1}, "val", "seed"),
        ({}, "test", "found 'test'"),
    ],
)
def test_wrong_options_are_refused(options, split, told):
    with pytest.raises(UsageError, match=told):
        scenes_split(options, split)


@pytest.mark.parametrize("name", SHAPES)
def test_outlines_have_the_area_and_reach_they_claim(name):
    shape, step = SHAPES[name], 0.01
    axis = np.arange(-2, 2, step, dtype=np.float32)
    distance = shape.distance(axis[None], axis[:, None])
    inside = distance < 0
    assert inside.sum() * step**2 == pytest.approx(shape.area, rel=0.02)
    farthest = np.hypot(axis[None], axis[:, None])[inside].max()
    assert shape.reach * 0.95 < farthest < shape.reach + 2 * step
    down, right = np.gradient(distance, step)
    assert np.median(np.hypot(down, right)[np.abs(distance) < 0.1]) == pytest.approx(1, abs=0.02)


def test_figures_have_about_the_area_they_claim():
    step = 0.01
    axis = np.arange(-0.8, 0.8, step, dtype=np.float32)
    areas = []
    for seed in range(30):
        joints = draw_pose(np.random.default_rng(seed))
        distances = [layer.distance for layer in figure_layers(joints, axis[None], axis[:, None])]
        inside = np.minimum.reduce(distances) < 0
        areas.append(inside.sum() * step**2)
        columns, rows = axis[inside.any(0)], axis[inside.any(1)]
        points = around(joints)
        assert (points.min(0) - step < (columns[0], rows[0])).all()
        assert (points.max(0) + step > (columns[-1], rows[-1])).all()
    assert np.mean(areas) == pytest.approx(FIGURE_AREA, rel=0.1)


def test_colours_go_there_and_back():
    assert np.allclose(oklab(np.ones((1, 3))), [[1, 0, 0]], atol=1e-4)
    red = oklab(np.array([1.0, 0.0, 0.0]))
    assert np.allclose(red, [0.628, 0.2249, 0.1258], atol=1e-3)  # OKLab's published value of sRGB red
    colours = np.random.default_rng(0).random((50, 3))
    assert np.allclose(srgb(oklab(colours)), colours, atol=1e-4)


@pytest.mark.slow
def test_thumbnails_do_not_tell_the_class_to_a_linear_classifier():
    from sklearn.linear_model import LogisticRegression

    scenes = Scenes(count=2000, size=64)
    samples = [scenes[i] for i in range(2000)]
    small = torch.stack([torch.nn.functional.adaptive_avg_pool2d(s.image.float() / 255, 16).flatten() for s in samples])
    labels = np.array([int(s.truth.label) for s in samples])
    pictures = (small - small.mean(0)).numpy()
    model = LogisticRegression(C=0.01, max_iter=2000).fit(pictures[:1500], labels[:1500])
    assert model.score(pictures[1500:], labels[1500:]) < 0.45


def test_masks_of_classes_show_hidden_parts_too_and_overlap() -> None:
    overlaps = 0
    for sample in some():
        truth = sample.truth
        layers = truth.semantic_masks.dense()
        assert layers.shape == (10, 96, 96)
        for label, layer in enumerate(layers):
            assert bool(layer[truth.semantic == label].all())  # what shows is part of the whole
        assert torch.equal(layers[9], truth.semantic == 9)
        assert not bool((layers[:9].any(0) & layers[9]).any())
        overlaps += int((layers.sum(0) > 1).sum())
    assert overlaps > 100
