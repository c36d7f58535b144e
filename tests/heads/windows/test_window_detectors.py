"""Detectors of windows: dense against one by one, perfect answers, merging, targets, and what is refused."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, UsageError
from saccade.heads.windows.window_predictions import WindowPredictions, codes_of
from saccade.heads.windows.window_scores import WindowScores
from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.boxes.samplers import everything
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.windows.dense import window_grid
from saccade.systems.build import build
from saccade.systems.detect.overfeat_detector import overfeat_detector
from saccade.systems.detect.sliding_window import sliding_window
from saccade.systems.localize.overfeat_localizer import overfeat_localizer
from saccade.training.feed.batch_source import stands_still
from saccade.trunks import trunk as build_trunk
from saccade.trunks.surgery.window_trunk import WindowTrunk, window_by_window

CLASSES = ("a", "b", "c")
SURE = 20.0


def objects(*rows):
    boxes, labels = zip(*rows, strict=True) if rows else ((), ())
    return Annotation(instances=Instances(boxes=torch.tensor(boxes).view(-1, 4), labels=torch.tensor(labels).long()))


def slid(**options):
    torch.manual_seed(0)
    return sliding_window(CLASSES, **({"trunk": "lecture_cnn", "window": 16, "size": 40} | options)).eval()


def detector(**options):
    torch.manual_seed(0)
    few = {"trunk": "lecture_cnn", "window": 20, "hidden": 64, "size": 60, "scales": (1.0, 0.5)}
    return overfeat_detector(CLASSES, **(few | options)).eval()


def both_ways(**options):
    """What windows say densely and one by one, by the same weights."""
    dense, alone = slid(**options), slid(**options, evaluate="windows")
    alone.load_state_dict(dense.state_dict())
    batch = dense.batch([torch.rand(3, 50, 70, generator=torch.Generator().manual_seed(0))])
    with torch.no_grad():
        return [system.forward(batch)["windows"] for system in (dense, alone)]


@pytest.mark.parametrize(("trunk", "window"), [("lecture_cnn", 16), ("lenet5", 32)])
def test_windows_say_the_same_densely_and_one_by_one_where_nothing_pads(trunk, window):
    dense, alone = both_ways(trunk=trunk, window=window, size=2 * window, scales=(1.0, 0.6), ratios=(1.0, 0.8))
    assert len(dense.logits) == 4
    assert dense.logits[0].shape[-2] > 4
    for found, wanted in zip(dense.logits, alone.logits, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["sliding_window", "overfeat_detector"])
def test_a_trunk_may_end_at_a_map_of_a_smaller_stride(name):
    options = {"trunk": "resnet18", "width": 1 / 16, "window": 32, "size": 64, "scales": (1.0,)}
    system = build(name, 2, stride=8, **options).eval()
    assert not any("stage3" in key or "stage4" in key for key in system.trunk.state_dict())
    whole = torch.rand(3, 64, 64)
    with torch.no_grad():
        raw = system.forward(system.batch([whole]))["windows"]
    places = raw.windows[0][0, 0, :, 0]
    assert (places[1:] - places[:-1]).unique().tolist() == [8.0]
    with pytest.raises(UsageError, match="a trunk with maps of strides 7"):
        build(name, 2, stride=7, **options)


@pytest.mark.parametrize("size", [32, 39, 40, 64, 256])
def test_every_scale_that_is_chosen_holds_a_window_at_each_offset(size):
    few = {"trunk": "resnet18", "width": 1 / 16, "window": 32, "stride": 8, "hidden": 8, "scales": (), "size": size}
    system = detector(**few)
    with torch.no_grad():
        raw = system.forward(system.batch([torch.rand(3, size, size)]))["windows"] if size >= 40 else None
    if raw is None:
        assert system.heads["windows"].shape.factors == (1.0,)
    else:
        assert len(raw.logits) == {40: 1, 64: 2, 256: 6}[size]


def test_padding_makes_a_window_alone_another_than_one_in_the_picture():
    dense, alone = both_ways(trunk="resnet20", width=0.25)
    assert [m.shape for m in dense.logits] == [m.shape for m in alone.logits]
    assert not torch.allclose(dense.logits[0], alone.logits[0], atol=1e-4)


def test_windows_of_the_grid_are_pixels_of_the_scaled_picture():
    system = slid(scales=(0.5,), ratios=(4.0,))
    maps = system.maps(system.batch([torch.rand(3, 40, 80)]))
    head = system.heads["windows"]
    raw = head(maps)
    # A ratio of 4 quarters the height and keeps the width, so that 16 pixels stand for 64 down and 16 across.
    assert head.scales.sides((40, 80), 0) == (10, 80)  # which a window of 16 pixels overlooks to the foot
    assert raw.windows[0][0, 0, 1].tolist() == [4, 0, 20, 64]
    assert tuple(raw.logits[0].shape[-2:]) == (1, 17)


def test_full_connections_slide_in_windows_that_they_were_built_for():
    body = WindowTrunk(build_trunk("lenet5", channels=3), 32, [(1.0, 1.0)], 3)
    assert (body.scales.step, body.size) == (4, 84)
    assert body(torch.zeros(1, 3, 32, 36))["scale1"].shape == (1, 84, 1, 2)
    with pytest.raises(UsageError, match="one position"):
        WindowTrunk(build_trunk("lenet5", channels=3), 48, [(1.0, 1.0)], 3)
    with pytest.raises(UsageError, match="fit"):
        WindowTrunk(build_trunk("lenet5", channels=3), 16, [(1.0, 1.0)], 3)


def test_weights_of_a_classifier_fit_by_name():
    classifier = build_trunk("resnet20", width=0.25)
    body = WindowTrunk(classifier, 16, [(1.0, 1.0)], 3)
    assert (
        set(body.state_dict())
        == set(window_by_window(classifier, 16, 3)[0].state_dict())
        == set(classifier.state_dict())
    )


def test_the_trunk_declares_the_maps_that_it_makes():
    body = WindowTrunk(build_trunk("resnet20", width=0.25), 16, [(1.0, 1.0), (0.5, 0.25)], 3).eval()
    with torch.no_grad():
        maps = body(torch.zeros(2, 3, 64, 48))
    step = body.scales.step
    assert {name: (level.channels, level.stride) for name, level in body.levels.items()} == {
        "scale1": (body.size, step),
        "scale2": (body.size, 4 * step),
    }
    assert [tuple(found.shape) for found in maps.values()] == [
        (2, body.size, (64 - 16) // step + 1, (48 - 16) // step + 1),
        (2, body.size, (32 - 16) // step + 1, 1),  # 12 pixels wide, padded to one window
    ]


def test_one_pass_through_the_trunk_serves_loss_and_answers():
    system, seen = slid(), []
    system.trunk.register_forward_hook(lambda *_: seen.append(1))
    first = next(iter(system.trunk.children()))
    first.register_forward_hook(lambda *_: seen.append(2))
    batch = system.batch([torch.rand(3, 40, 40)], [objects(([8.0, 4, 24, 20], 1))])
    with torch.no_grad():
        maps = system.maps(batch)
        system.loss_of(maps, batch.truth)
        system.decode(maps)
    assert seen == [*[2] * len(system.trunk.scales), 1]


@pytest.mark.parametrize("make", [slid, detector])
def test_a_frozen_trunk_s_maps_stand_in_for_the_pictures(make):
    """Nobody reads the picture, so that loss and answers are the same from maps that were kept."""
    system = make(scales=(1.0, 0.6)).freeze(["trunk"])
    assert stands_still(system)
    batch = system.batch([torch.rand(3, 60, 80)] * 2, [objects(([8.0, 4, 34, 30], 1))] * 2)
    with torch.no_grad():
        features = system.trunk(batch.images)
    canvas = (batch.images.shape[-2], batch.images.shape[-1])
    kept = replace(batch, images=batch.images[..., :0, :0], features=features, canvas=canvas)
    for found, wanted in ((system.predict(kept), system.predict(batch)), (chosen(system, kept), chosen(system, batch))):
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def chosen(system, batch):
    """The loss, from one seed of what is drawn."""
    torch.manual_seed(3)
    return system.loss(batch)


def test_what_is_cut_out_for_itself_is_never_kept():
    assert not stands_still(slid(evaluate="windows").freeze(["trunk"]))


def perfect(truth, step=4.0, side=16.0, per_class=False):
    """Windows of 16 pixels, 4 apart; each object is told by the window nearest to it, which gives its box exactly."""
    windows = window_grid((13, 13), (step, step), (side, side))
    logits, codes = (
        torch.zeros(1, 1 + len(CLASSES), 13, 13),
        torch.zeros(1, len(CLASSES) if per_class else 1, 4, 13, 13),
    )
    logits[:, 0] = SURE
    rows = truth.instances
    for box, label in zip(rows.boxes, rows.labels.tolist(), strict=True):
        x, y = ((box[:2] + box[2:]) / 2 - side / 2).div(step).round().long().tolist()
        logits[0, :, y, x] = -SURE
        logits[0, 1 + label, y, x] = SURE
        codes[0, label if per_class else 0, :, y, x] = (box - windows[y, x, :2].repeat(2)) / side
    return WindowScores([logits], [codes.flatten(1, 2)], [windows[None]], torch.tensor([[64, 64]]))


@pytest.mark.parametrize("merge", [None, 0.8])
@pytest.mark.parametrize("per_class", [False, True])
def test_a_perfect_raw_output_decodes_to_the_truth(merge, per_class):
    truth = objects(([4.0, 4, 22, 20], 0), ([30.0, 36, 44, 60], 2), ([40.0, 4, 56, 22], 0))
    suppression = Suppression(score=0.05, first=100, each="class", overlap=0.3)
    (answer,) = WindowPredictions(suppression, merge)(perfect(truth, per_class=per_class))
    order = answer.instances.boxes[:, 0].argsort()
    torch.testing.assert_close(answer.instances.boxes[order], truth.instances.boxes)
    assert answer.instances.labels[order].tolist() == [0, 2, 0]
    assert bool((answer.instances.scores >= (0.99 if merge is None else 0.66)).all())


@pytest.mark.parametrize("merge", [None, 0.8])
def test_nothing_sure_is_no_answer(merge):
    (answer,) = WindowPredictions(Suppression(score=0.05), merge)(perfect(objects()))
    assert answer.instances.boxes.shape == (0, 4)
    assert len(answer.instances.scores) == len(answer.instances.labels) == 0


def test_windows_that_agree_gain_by_each_other():
    """Two windows of probability .6 and .3 whose boxes are two pixels apart."""
    raw = perfect(objects())
    windows = torch.tensor([[[0.0, 0, 10, 10], [2, 0, 12, 10]]])[None]
    logits = torch.tensor([[[0.4, 0.6], [0.7, 0.3]]]).log().transpose(1, 2)[:, :, None]
    itself = torch.tensor([0.0, 0, 1, 1]).view(1, 4, 1, 1).expand(1, 4, 1, 2)
    raw = replace(raw, logits=[logits], codes=[itself], windows=[windows])
    (merged,) = WindowPredictions(Suppression(), merge=0.8)(raw)
    assert merged.instances.boxes.tolist() == [[1, 0, 11, 10]]
    assert merged.instances.scores.tolist() == [pytest.approx(0.9 / 1.4)]
    (kept,) = WindowPredictions(Suppression(overlap=0.3))(raw)
    assert kept.instances.boxes.tolist() == [[0, 0, 10, 10]]
    assert kept.instances.scores.tolist() == [pytest.approx(0.6)]


@pytest.mark.parametrize("make", [slid, detector])
def test_views_show_the_surest_class_scale_by_scale(make):
    system = make(scales=(1.0, 0.6))
    with torch.no_grad():
        maps = system.maps(system.batch([torch.rand(3, 60, 80)]))
        head = system.heads["windows"]
        seen, raw = head.views(maps), head(maps)
    scores = [logits.softmax(1)[0, 1:] for logits in raw.logits]
    best = max(range(len(CLASSES)), key=lambda label: max(float(scale[label].max()) for scale in scores))
    assert seen["scores"].shape == (1, 2, 36, 48)
    for scale, found in zip(scores, seen["scores"][0], strict=True):
        # In the upper left corner only the first window looks.
        torch.testing.assert_close(found[0, 0], scale[best, 0, 0])
    (shown,) = seen["windows"]
    assert shown.instances.labels.tolist() == [best] * len(shown.instances)
    assert float(shown.instances.scores.max()) == pytest.approx(max(float(scale[best].max()) for scale in scores))


def test_of_several_boxes_of_a_window_that_of_its_class_is_taken():
    codes = torch.arange(24.0).view(2, 3, 4)
    assert codes_of(codes, torch.tensor([2, -1])).tolist() == [[8, 9, 10, 11], [12, 13, 14, 15]]
    assert codes_of(codes[:, :1], torch.tensor([2, -1])).tolist() == [[0, 1, 2, 3], [12, 13, 14, 15]]


def test_the_detector_s_windows_learn_class_and_edges():
    system = detector()
    head = system.heads["windows"]
    windows = torch.tensor([[0.0, 0, 20, 20], [10, 0, 30, 20], [40, 0, 60, 20], [40, 40, 60, 60]])
    truth = objects(([2.0, 0, 20, 22], 1), ([43.0, 44, 58, 60], 2))
    found, wanted = head.targets(windows, torch.tensor([[50, 60]]), [truth])
    # The second lies between object and background, the last one's centre on the border of a picture 50 pixels high.
    assert found.rows.tolist() == [[0, -2, -1, -2]]
    assert found.labels.tolist() == [[1, -1, -1, -1]]
    torch.testing.assert_close(wanted[0, 0], torch.tensor([0.1, 0, 1, 1.1]))


def test_an_object_s_best_window_is_one_that_is_read_in_use():
    """The second window lies nearer, but its centre in the padding beside a picture 100 pixels wide."""
    head = detector().heads["windows"]
    windows = torch.tensor([[50.0, 0, 90, 40], [81, 0, 121, 40], [0, 60, 40, 100]])
    found, _ = head.targets(windows, torch.tensor([[100, 100]]), [objects(([81.0, 0, 100, 40], 1))])
    assert found.rows.tolist() == [[0, -2, -1]]


def test_boxes_move_the_trunk_where_all_is_learnt_jointly_alone():
    for order, moved in (("paper", False), ("joint", True)):
        system = detector(order=order)
        batch = system.batch([torch.rand(3, 60, 60)], [objects(([10.0, 12, 34, 30], 1))])
        system.loss(batch)["windows/box"].backward()
        assert any(p.grad is not None and bool(p.grad.any()) for p in system.trunk.parameters()) is moved
        assert all(p.grad is not None for p in system.heads["windows"].box.parameters())


def test_the_loss_is_the_mean_over_windows_that_count():
    system = detector()
    head = system.heads["windows"]
    head.rules = replace(head.rules, sample=everything)
    batch = system.batch([torch.rand(3, 60, 60)], [objects()])
    with torch.no_grad():
        raw = head(system.maps(batch))
        found = head.loss(system.maps(batch), batch.truth)
    background = torch.cat([m.log_softmax(1)[:, 0].flatten() for m in raw.logits])
    torch.testing.assert_close(found["class"], -background.mean())
    assert found["box"] == 0


def test_a_sliding_window_learns_from_the_windows_that_it_scores():
    system = slid(size=40, scales=(1.0,))
    head = system.heads["windows"]
    batch = system.batch([torch.rand(3, 40, 40)], [objects(([8.0, 4, 24, 20], 1))])
    with torch.no_grad():
        head.rules = replace(head.rules, sample=everything)
        raw, found = head(system.maps(batch)), head.loss(system.maps(batch), batch.truth)
    # The object is the window in row 1 and column 2, and overlaps the four beside it by .6: 12 · 16 / (512 - 12 · 16).
    # All others are background, the next best of them, at the corners, by .39.
    says = raw.logits[0][0].log_softmax(0)
    shows = torch.zeros(says.shape[1:], dtype=torch.bool)
    for row, column in ((1, 2), (0, 2), (2, 2), (1, 1), (1, 3)):
        shows[row, column] = True
    torch.testing.assert_close(found["class"], -torch.cat([says[2][shows], says[0][~shows]]).mean())


def test_a_sliding_window_is_trained_as_it_is_used():
    """Where a trunk pads, a window of the grid says something else by itself, and so does the loss."""
    losses = []
    for evaluate in ("dense", "windows"):
        system = slid(trunk="resnet20", width=0.25, size=16, scales=(1.0,), evaluate=evaluate)
        head = system.heads["windows"]
        if evaluate == "dense":
            head.rules = replace(head.rules, sample=everything)
        batch = system.batch([torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))], [objects()])
        losses.append(system.loss(batch)["windows/class"])
        losses[-1].backward()
        assert all(p.grad is not None for p in system.parameters())
    # One window is the whole picture: nothing but zeros is around it either way.
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "window"), [(384, 32), (192, 16)])
def test_every_object_from_a_twelfth_to_two_thirds_of_the_picture_has_a_window(size, window):
    system = slid(trunk="resnet20", width=1 / 16, size=size, window=window)
    head, draw = system.heads["windows"], torch.Generator().manual_seed(0)
    maps = system.maps(system.batch([torch.zeros(3, size, size)]))
    windows = torch.cat([scale[0].reshape(-1, 4) for scale in head(maps).windows])
    side = size * 12 ** -(0.1 + 0.9 * torch.rand(300, 1, generator=draw)) * torch.tensor([1.0, 1.0])
    shape = 1.2 ** (torch.rand(300, 1, generator=draw) * 2 - 1)
    side = side * torch.cat([shape, 1 / shape], 1)
    corner = torch.rand(300, 2, generator=draw) * (size - side)
    best = iou_matrix(torch.cat([corner, corner + side], 1), windows).amax(1)
    assert float((best >= 0.5).float().mean()) > 0.95


def test_windows_that_show_the_same_are_one_in_their_middle():
    suppression = slid().heads["windows"].suppression
    windows = torch.tensor([[[4.0, 0, 20, 16], [0, 0, 16, 16], [0, 40, 16, 56]]])[None]
    logits = torch.tensor([[[0.2, 0.8, 1e-9, 1e-9], [0.6, 0.4, 1e-9, 1e-9], [0.7, 1e-9, 0.3, 1e-9]]]).log()
    itself = torch.tensor([0.0, 0, 1, 1]).view(1, 4, 1, 1).expand(1, 4, 1, 3)
    raw = WindowScores([logits.transpose(1, 2)[:, :, None]], [itself], [windows], torch.tensor([[64, 64]]))
    (answer,) = WindowPredictions(suppression)(raw)
    torch.testing.assert_close(answer.instances.boxes, torch.tensor([[8 / 3, 0, 56 / 3, 16], [0, 40, 16, 56]]))
    torch.testing.assert_close(answer.instances.scores, torch.tensor([0.8, 0.3]))


def test_small_windows_of_another_trunk_have_the_sizes_that_hold_them():
    small = {"trunk": "lecture_cnn", "window": 20, "hidden": 8, "scales": ()}
    assert detector(**small, size=60).heads["windows"].shape.factors == (0.5, 0.7071, 1.0)
    assert detector(**small, size=20).heads["windows"].shape.factors == (1.0,)


@pytest.mark.parametrize(("make", "classes"), [(overfeat_detector, 999), (overfeat_localizer, 1000)])
def test_overfeat_s_windows_have_its_classifier_s_and_box_regressor_s_size(make, classes):
    with torch.device("meta"):
        system = make(tuple(map(str, range(classes))))
    box = sum(p.numel() for p in system.heads["windows"].box.parameters())
    assert box == 109_061_124
    assert sum(p.numel() for p in system.parameters()) - box == 144_656_488
    assert len(system.heads["windows"].shape.factors) == 6


def test_timm_s_trunks_and_unknown_ones_are_refused():
    with pytest.raises(UsageError, match="row"):
        slid(trunk="mobilenetv3_small_050")
    with pytest.raises(UsageError, match="fit"):
        slid(trunk="vgg11", width=1 / 16, window=32, fc=True)
    with pytest.raises(UsageError, match="trunk"):
        detector(trunk="resnet19")


@pytest.mark.parametrize("name", ["sliding_window", "overfeat_detector"])
def test_a_trunk_that_slides_may_be_normalised_by_group(name: str) -> None:
    system = build(name, 2, trunk="resnet20", width=0.25, size=64, norm="group")
    kinds = [type(module) for module in system.trunk.modules()]
    assert nn.GroupNorm in kinds
    assert nn.BatchNorm2d not in kinds


@pytest.mark.parametrize("name", ["overfeat_detector", "overfeat_localizer"])
def test_pictures_that_no_window_fits_into_are_refused(name):
    system = build(name, 3, width=1 / 16)
    system = system.with_input(system.input.resized(128))
    batch = system.batch([torch.rand(3, 128, 128)])
    with pytest.raises(ConfigError, match="pictures that windows of 221 pixels fit into at each scale, found 128x128"):
        system.predict(batch)
