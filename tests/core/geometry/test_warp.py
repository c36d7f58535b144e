"""Every field moves by its own kernel, exactly: hand-sized pictures, properties, and agreement between fields."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label as components
from torch import Tensor
from torch.nn import functional

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.geometry import warp
from saccade.core.geometry.affine import about, mirror, rotation, scaling, shear, translation, upside_down
from saccade.core.masks import Masks

PICTURE = torch.arange(16, dtype=torch.uint8).view(1, 4, 4)
QUARTER = translation(4, 0) @ rotation(90)

MAPS = {
    "nothing": torch.eye(3, dtype=torch.float64),
    "flip": mirror(40),
    "upside down": upside_down(30),
    "crop": translation(-5, -7),
    "shrink": scaling(0.5, 0.6),
    "grow": scaling(1.7, 2.0),
    "odd": translation(0.3, -2.6) @ scaling(0.83, 1.21),
    "quarter": translation(30, 0) @ rotation(90),
    "turn": about(rotation(25), 20, 15),
    "lean": shear(15) @ scaling(0.7, 0.7),
    "all": translation(3, 2) @ about(rotation(-160), 20, 15) @ mirror(40) @ scaling(1.2, 0.8),
}


@pytest.fixture(autouse=True)
def _same_numbers_every_time():
    torch.manual_seed(0)


def each_map(function):
    return pytest.mark.parametrize("matrix", MAPS.values(), ids=list(MAPS))(function)


def test_flips_crops_and_quarter_turns_only_move_pixels():
    for interpolation in ("bilinear", "bicubic", "nearest"):

        def moved(matrix: Tensor, size: tuple[int, int] = (4, 4), kind: str = interpolation) -> Tensor:
            return warp.image(PICTURE, matrix, size, kind, fill=99)

        assert torch.equal(moved(mirror(4)), PICTURE.flip(-1))
        assert torch.equal(moved(upside_down(4)), PICTURE.flip(-2))
        assert torch.equal(moved(QUARTER), PICTURE.rot90(-1, (1, 2)))
        assert torch.equal(moved(rotation(180) @ translation(-4, -4)), PICTURE.flip(-1, -2))
        assert torch.equal(moved(translation(-1, -2), (2, 3)), PICTURE[:, 2:4, 1:4])
        shifted = moved(translation(1, -2))
        assert torch.equal(shifted[:, :2, 1:], PICTURE[:, 2:, :3])
        assert (shifted[:, 2:] == 99).all()
        assert (shifted[:, :, 0] == 99).all()


def test_doubling_repeats_the_nearest_pixel_and_halving_averages():
    doubled = warp.image(PICTURE, scaling(2, 2), (8, 8), "nearest")
    assert torch.equal(doubled, PICTURE.repeat_interleave(2, 1).repeat_interleave(2, 2))
    step = torch.tensor([[[0.0, 1.0]]])
    assert torch.allclose(warp.image(step, scaling(2, 1), (1, 4)), torch.tensor([[[0, 0.25, 0.75, 1]]]))
    halved = warp.image(torch.tensor([[[0.0, 2, 4, 6]]]), scaling(0.5, 1), (1, 2))
    assert torch.allclose(halved, torch.tensor([[[10 / 7, 32 / 7]]]))  # weights 3, 3, 1 of the pixels 0, 2, 4


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_the_general_way_equals_the_fast_way(interpolation: str):
    smooth = functional.interpolate(torch.rand(1, 3, 5, 5), (40, 60), mode="bicubic")[0]
    nearly = torch.tensor([[1.0, 2e-6, 0], [2e-6, 1.0, 0], [0, 0, 1]], dtype=torch.float64)  # too skewed to be upright
    for matrix, size in ((scaling(1.5, 1.5), (60, 90)), (mirror(60), (40, 60)), (translation(-7, -3), (20, 20))):
        fast = warp.image(smooth, matrix, size, interpolation)
        slow = warp.image(smooth, nearly @ matrix, size, interpolation)
        # torch's antialiased bicubic kernel is another one than its plain one
        assert (fast - slow).abs().max() < (2e-3 if interpolation == "bilinear" else 2e-2)


def test_shrinking_by_any_map_averages_what_it_covers():
    noise = torch.rand(1, 200, 200)
    tenth = scaling(0.1, 0.1)
    for matrix in (tenth, translation(0.37, 0.21) @ tenth, about(rotation(30), 10, 10) @ tenth):
        assert warp.image(noise, matrix, (20, 20), antialias=True)[:, 6:14, 6:14].std() < 0.06
        assert warp.image(noise, matrix, (20, 20), antialias=False)[:, 6:14, 6:14].std() > 0.1


def test_a_channel_each_has_its_own_fill_and_types_stay():
    picture = torch.zeros(2, 4, 4, dtype=torch.uint8)
    moved = warp.image(picture, about(rotation(45), 2, 2), (4, 4), fill=(7, 9))
    assert moved.dtype == torch.uint8
    assert moved[:, 0, 0].tolist() == [7, 9]
    assert moved[:, 2, 2].tolist() == [0, 0]
    assert warp.image(picture.float(), translation(9, 9), (4, 4), fill=0.5).unique().tolist() == [0.5]


@each_map
def test_one_bright_pixel_goes_where_its_centre_goes(matrix: Tensor):
    picture = torch.zeros(1, 30, 40)
    picture[0, 11:14, 17:20] = 1
    place = warp.points(torch.tensor([18.5, 12.5]), matrix)
    moved = warp.image(picture, matrix, (60, 70))
    ys, xs = torch.meshgrid(torch.arange(60) + 0.5, torch.arange(70) + 0.5, indexing="ij")
    centroid = torch.stack([(moved[0] * xs).sum(), (moved[0] * ys).sum()]) / moved.sum()
    inside = bool((place > 4).all() and (place < 56).all())
    assert moved.sum() == 0 or not inside or (centroid - place).abs().max() < 0.35


@each_map
def test_boxes_follow_the_pixels_that_they_enclose(matrix: Tensor):
    picture = torch.zeros(1, 30, 40)
    picture[0, 8:20, 10:30] = 1
    shifted = translation(30, 30) @ matrix
    (box,) = warp.boxes(torch.tensor([[10.0, 8.0, 30.0, 20.0]]), shifted)
    painted = Masks.from_dense(warp.image(picture, shifted, (150, 150)) > 0.5).boxes()[0]
    assert (box - painted).abs().max() < 1.5
    assert (painted[:2] >= box[:2] - 0.51).all()
    assert (painted[2:] <= box[2:] + 0.51).all()


@each_map
def test_masks_classes_and_nearest_pictures_agree_to_the_pixel(matrix: Tensor):
    classes = torch.randint(0, 4, (30, 40), generator=torch.Generator().manual_seed(3))
    dense = torch.stack([classes == c for c in range(4)])
    size = (33, 37)
    labels = warp.labels(classes, matrix, size)
    masks = warp.annotation(Annotation(instances=Instances(masks=Masks.from_dense(dense))), matrix, size)
    assert labels.dtype == torch.int64
    assert torch.equal(masks.instances.masks.dense(), torch.stack([labels == c for c in range(4)]))
    assert torch.equal(warp.image(classes[None].float(), matrix, size, "nearest", fill=255)[0].long(), labels)


def test_outside_is_255_for_classes_and_0_for_all_others():
    truth = Annotation(
        semantic=torch.ones(4, 4, dtype=torch.int64),
        semantic_scores=torch.ones(2, 4, 4),
        contours=torch.ones(1, 4, 4),
        instances=Instances(masks=Masks.from_dense(torch.ones(1, 4, 4))),
    )
    moved = warp.annotation(truth, translation(2, 0), (4, 4))
    assert moved.semantic.tolist() == [[255, 255, 1, 1]] * 4
    for maps in (moved.semantic_scores, moved.contours, moved.instances.masks.dense()):
        assert (maps[..., :2] == 0).all()
        assert (maps[..., 2:] == 1).all()


def circle(size: int = 256) -> Tensor:
    ys, xs = torch.meshgrid(torch.arange(size) - size / 2, torch.arange(size) - size / 2, indexing="ij")
    disc = functional.pad(((xs**2 + ys**2).sqrt() < 90).float()[None, None], (1, 1, 1, 1))
    return (disc - (-functional.max_pool2d(-disc, 3, 1, 1)))[0, :, 1:-1, 1:-1].clamp(0, 1)


@pytest.mark.parametrize(
    ("matrix", "size"),
    [
        (scaling(100 / 256, 100 / 256), (100, 100)),
        (scaling(0.37, 0.61), (157, 95)),
        (about(rotation(33), 128, 128), (256, 256)),
        (scaling(0.4, 0.4) @ about(rotation(71), 128, 128), (103, 103)),
        (translation(0.5, 0.5), (256, 256)),
        (scaling(2, 2), (512, 512)),
    ],
)
def test_a_line_one_pixel_wide_survives_whole(matrix: Tensor, size: tuple[int, int]):
    line = circle()
    assert components(line[0].numpy(), torch.ones(3, 3).numpy())[1] == 1
    moved = warp.annotation(Annotation(contours=line), matrix, size).contours
    assert moved.unique().tolist() == [0, 1]
    assert components(moved[0].numpy(), torch.ones(3, 3).numpy())[1] == 1
    growth = torch.linalg.det(matrix[:2, :2]).abs().sqrt()
    length = line.sum() * growth
    assert length * 0.7 < moved.sum() < length * max(float(growth), 1) * 2.1


def test_boundary_probabilities_are_interpolated():
    moved = warp.lines(torch.tensor([[[0.0, 0.8]]]), scaling(2, 1), (1, 4))
    assert torch.allclose(moved, torch.tensor([[[0, 0.2, 0.6, 0.8]]]))


def test_keypoints_and_boxes_agree_under_flips():
    box = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    corners = box.view(1, 2, 2)
    for matrix in (mirror(10), upside_down(7)):
        moved = warp.points(corners, matrix)
        assert torch.equal(torch.cat([moved.amin(1), moved.amax(1)], 1), warp.boxes(box, matrix))
    assert warp.points(torch.tensor([0.5, 0.5]), mirror(10)).tolist() == [9.5, 0.5]


def test_the_person_and_annotated_areas_grow_with_the_map():
    truth = Annotation(
        instances=Instances(area=torch.tensor([12.0])),
        person=Person(torch.tensor([4.0, 2.0]), torch.tensor(1.5), torch.tensor(30.0)),
    )
    moved = warp.annotation(truth, scaling(2, 2), (8, 8))
    assert moved.instances.area.tolist() == [48]
    assert moved.person.centre.tolist() == [8, 4]
    assert (moved.person.scale, moved.person.head_size) == (3, 60)


def test_joints_change_places_by_pairs():
    truth = Annotation(
        instances=Instances(keypoints=torch.arange(6.0).view(1, 3, 2), visible=torch.tensor([[0, 1, 2]])),
        pose=torch.arange(6.0).view(3, 2),
        pose_visible=torch.tensor([0, 1, 2]),
    )
    swapped = warp.swap_joints(truth, ((0, 2),))
    assert swapped.pose.tolist() == [[4, 5], [2, 3], [0, 1]]
    assert swapped.pose_visible.tolist() == [2, 1, 0]
    assert swapped.instances.keypoints.tolist() == [[[4, 5], [2, 3], [0, 1]]]
    assert swapped.instances.visible.tolist() == [[2, 1, 0]]


@each_map
def test_nothing_there_stays_nothing_there(matrix: Tensor):
    empty = Instances(
        boxes=torch.zeros(0, 4),
        labels=torch.zeros(0, dtype=torch.int64),
        masks=Masks.empty((30, 40)),
        keypoints=torch.zeros(0, 3, 2),
        visible=torch.zeros(0, 3, dtype=torch.int64),
        area=torch.zeros(0),
    )
    truth = Annotation(instances=empty, contours=torch.zeros(0, 30, 40))
    assert warp.annotation(truth, matrix, (33, 37)).contours.shape == (0, 33, 37)
    moved = warp.annotation(truth, matrix, (33, 37)).instances
    assert len(moved) == 0
    assert moved.boxes.shape == (0, 4)
    assert moved.masks.dense().shape == (0, 33, 37)
    assert moved.keypoints.shape == (0, 3, 2)


def bent(size: tuple[int, int] = (60, 80), strength: float = 3.0) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return strength * functional.interpolate(torch.randn(1, 2, 5, 6, generator=draw), size, mode="bicubic")[0]


def test_elastic_points_follow_their_pixels():
    field, matrix = bent(strength=1.5), scaling(1.2, 1.1)
    for x, y in ((20, 20), (33, 27), (50, 40)):
        picture = torch.zeros(1, 54, 66)
        picture[0, y - 1 : y + 2, x - 1 : x + 2] = 1
        moved = warp.image(picture, matrix, (60, 80), displacement=field)[0]
        ys, xs = torch.meshgrid(torch.arange(60) + 0.5, torch.arange(80) + 0.5, indexing="ij")
        centroid = torch.stack([(moved * xs).sum(), (moved * ys).sum()]) / moved.sum()
        place = warp.points(torch.tensor([x + 0.5, y + 0.5]), matrix, field)
        assert (place - torch.tensor([x + 0.5, y + 0.5]) * torch.tensor([1.2, 1.1])).abs().max() > 0.3
        assert (centroid - place).abs().max() < 0.3


def test_elastic_masks_classes_and_boxes_agree():
    classes = torch.zeros(54, 66, dtype=torch.int64)
    classes[20:36, 20:45] = 1
    field, matrix = bent(), scaling(1.2, 1.1)
    truth = Annotation(
        semantic=classes,
        instances=Instances(boxes=torch.tensor([[20.0, 20, 45, 36]]), masks=Masks.from_dense(classes[None] == 1)),
    )
    moved = warp.annotation(truth, matrix, (60, 80), field)
    assert torch.equal(moved.instances.masks.dense()[0], moved.semantic == 1)
    assert (moved.instances.boxes - moved.instances.masks.boxes()).abs().max() < 1.0


numbers = st.floats(-2, 2, allow_nan=False)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.tuples(numbers, numbers, numbers, numbers), st.floats(-50, 50), st.floats(-50, 50))
def test_points_come_back_from_any_map(linear: tuple[float, ...], x: float, y: float):
    matrix = torch.eye(3, dtype=torch.float64)
    matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1] = linear
    if torch.linalg.det(matrix).abs() < 0.1:
        return
    matrix = translation(x, y) @ matrix
    points = torch.tensor([[0.0, 0.0], [10.0, 3.0], [-4.0, 7.5]])
    back = warp.points(warp.points(points, matrix), torch.linalg.inv(matrix))
    assert (back - points).abs().max() < 1e-3
