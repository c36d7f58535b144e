import numpy as np
import pytest
import torch
from PIL import Image

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Joints
from saccade.core.errors import UsageError
from saccade.core.masks import Masks
from saccade.data.scenes import Scenes
from saccade.view.drawing.draw import draw, to_picture
from saccade.view.drawing.lettering import fitted, font
from saccade.view.drawing.palette import class_colour, ink
from saccade.view.drawing.sheet import sheet

GREY = torch.full((3, 400, 600), 100, dtype=torch.uint8)
CLASSES = ("cat", "dog")
LINE = Joints(("a", "b"), pairs=((0, 1),), bones=((0, 1),))


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


def changed(picture: Image.Image) -> np.ndarray:
    """(H, W) where a drawing over GREY differs from it."""
    return (pixels(picture) != 100).any(-1)


def one_box(label: int = 1, **columns: torch.Tensor) -> Annotation:
    rows = Instances(boxes=torch.tensor([[100.0, 150.0, 300.0, 350.0]]), labels=torch.tensor([label]), **columns)
    return Annotation(instances=rows)


@pytest.mark.parametrize(
    "nothing",
    [
        Annotation(),
        Annotation(instances=Instances()),
        Annotation(instances=Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))),
        Annotation(instances=Instances(keypoints=torch.zeros(0, 2, 2), masks=Masks.empty((400, 600)))),
        Annotation(labels=torch.tensor([0, -1]), semantic=torch.full((400, 600), 255)),
        Annotation(contours=torch.zeros(2, 400, 600), pose=torch.ones(2, 2), pose_visible=torch.zeros(2)),
    ],
)
def test_nothing_leaves_the_pixels_alone(nothing):
    assert not changed(draw(GREY, nothing, CLASSES, LINE)).any()


def test_a_box_has_its_class_colour_on_its_outermost_pixels():
    drawn = pixels(draw(GREY, one_box(), CLASSES))
    for y, x in ((200, 100), (200, 299), (349, 200), (150, 280)):
        assert tuple(drawn[y, x]) == class_colour(1)
    for y, x in ((200, 99), (200, 300), (350, 200), (250, 200)):
        assert tuple(drawn[y, x]) == (100, 100, 100)


def test_small_pictures_are_enlarged_by_a_whole_number():
    small = torch.full((3, 90, 100), 100, dtype=torch.uint8)
    drawn = draw(small, Annotation(instances=Instances(boxes=torch.tensor([[10.0, 20.0, 90.0, 80.0]]))), CLASSES)
    assert drawn.size == (400, 360)
    rows, columns = np.nonzero(changed(drawn))
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (40, 80, 360, 320)


def test_guesses_below_the_threshold_are_left_out():
    prediction = one_box(scores=torch.tensor([0.4]))
    assert changed(draw(GREY, prediction, CLASSES, threshold=0.4)).any()
    assert not changed(draw(GREY, prediction, CLASSES, threshold=0.41)).any()
    assert changed(draw(GREY, one_box(), CLASSES, threshold=0.9)).any()  # truth has no scores


@pytest.mark.parametrize("box", [[-50.0, -50.0, 900.0, 900.0], [590.0, 390.0, 700.0, 500.0], [0.0, 0.0, 5.0, 5.0]])
def test_boxes_and_tags_stay_inside(box):
    rows = Instances(boxes=torch.tensor([box]), labels=torch.tensor([0]))
    drawn = draw(GREY, Annotation(instances=rows), ["a very long name of a class " * 5, "dog"])
    assert drawn.size == (600, 400)
    assert (pixels(drawn) == class_colour(0)).all(-1).sum() > 200


@pytest.mark.parametrize("box", [[700.0, 10.0, 800.0, 20.0], [10.0, 10.0, 10.0, 10.0], [float("nan")] * 4])
def test_boxes_without_a_pixel_are_not_drawn(box):
    rows = Instances(boxes=torch.tensor([box]), labels=torch.tensor([0]))
    assert not changed(draw(GREY, Annotation(instances=rows), CLASSES)).any()


def test_masks_are_translucent_with_a_full_rim():
    mask = torch.zeros(1, 400, 600, dtype=torch.bool)
    mask[0, 100:200, 100:300] = True
    drawn = pixels(draw(GREY, Annotation(instances=Instances(masks=Masks.from_dense(mask))), CLASSES))
    colour = np.array(class_colour(0))
    assert (drawn[100, 200] == colour).all()
    assert np.abs(drawn[150, 200] - (0.6 * 100 + 0.4 * colour)).max() <= 1
    assert (drawn[99, 200] == 100).all()


def test_where_a_class_ends_its_colour_is_stronger_unless_masks_lie_over_it() -> None:
    semantic = torch.zeros(400, 600, dtype=torch.int64)
    semantic[:, 300:] = 1
    drawn = pixels(draw(GREY, Annotation(semantic=semantic), CLASSES))[200]
    for label, inside, end in ((0, 100, 299), (1, 500, 300)):
        colour = np.array(class_colour(label))
        np.testing.assert_allclose(drawn[inside], (100 + colour) / 2, atol=1)
        np.testing.assert_allclose(drawn[end], 10 + 0.9 * colour, atol=1)
    np.testing.assert_array_equal(drawn[298], drawn[290])
    masks = Masks.from_dense(torch.zeros(1, 400, 600, dtype=torch.bool))
    covered = Annotation(semantic=semantic, instances=Instances(labels=torch.tensor([0]), masks=masks))
    row = pixels(draw(GREY, covered, CLASSES))[200]
    np.testing.assert_array_equal(row[299], row[290])


def test_pixels_are_coloured_by_class_and_255_is_left():
    semantic = torch.full((400, 600), 255)
    semantic[:, :100] = 1
    semantic[:, 500:] = 7  # no such class
    drawn = pixels(draw(GREY, Annotation(semantic=semantic), CLASSES))
    assert np.abs(drawn[5, 5] - (50 + 0.5 * np.array(class_colour(1)))).max() <= 1
    assert (drawn[200, 50:80] == class_colour(1)).all(-1).any()  # its name, in the middle of its pixels
    assert (drawn[:, 100:] == 100).all()


def test_contours_are_the_stronger_the_surer():
    contours = torch.zeros(1, 400, 600)
    contours[0, 50], contours[0, 60] = 0.5, 1.0
    drawn = pixels(draw(GREY, Annotation(contours=contours), CLASSES))
    faint, strong = np.abs(drawn[50, 9] - 100).sum(), np.abs(drawn[60, 9] - 100).sum()
    assert strong > 1.8 * faint > 0
    assert (drawn[55] == 100).all()


def test_bones_join_given_joints_only():
    points = torch.tensor([[100.0, 200.0], [300.0, 200.0]])
    both = changed(draw(GREY, Annotation(pose=points, pose_visible=torch.tensor([2, 1])), CLASSES, LINE))
    one = changed(draw(GREY, Annotation(pose=points, pose_visible=torch.tensor([2, 0])), CLASSES, LINE))
    dots = changed(draw(GREY, Annotation(pose=points, pose_visible=torch.tensor([2, 2])), CLASSES))
    assert [view[200, 200] for view in (both, one, dots)] == [True, False, False]
    assert [view[200, 100] for view in (both, one, dots)] == [True, True, True]
    assert [view[200, 300] for view in (both, one, dots)] == [True, False, True]


def test_hidden_joints_are_hollow():
    points = torch.tensor([[[100.0, 200.0], [300.0, 200.0]]])
    rows = Instances(keypoints=points, visible=torch.tensor([[2, 1]]))
    drawn = pixels(draw(GREY, Annotation(instances=rows), CLASSES, LINE))
    assert drawn[200, 100].max() > 200
    assert drawn[200, 300].max() < 60


@pytest.mark.parametrize("points", [[[-500.0, 10.0], [-400.0, 10.0]], [[float("nan"), 1.0], [2.0, float("inf")]]])
def test_joints_outside_are_no_trouble(points):
    pose = Annotation(pose=torch.tensor(points))
    assert not changed(draw(GREY, pose, CLASSES, LINE)).any()


def test_the_banner_names_the_class_in_the_upper_left_corner():
    one = changed(draw(GREY, Annotation(label=torch.tensor(1)), CLASSES))
    scored = draw(GREY, Annotation(label=torch.tensor(1), label_scores=torch.tensor([0.1, 0.9])), CLASSES)
    several = draw(GREY, Annotation(labels=torch.tensor([1, 1])), CLASSES)
    assert one[0, 0]
    assert not one[60:].any()
    assert one.sum() < changed(scored).sum()
    assert one.sum() < changed(several).sum()


@pytest.mark.parametrize("name", ["", "köttur", "<b>&\n\x00", "名前", "\ud800", "x" * 5000])
def test_any_name_can_be_drawn(name):
    assert draw(GREY, one_box(label=0), [name]).size == (600, 400)
    assert draw(GREY, Annotation(label=torch.tensor(0)), [name]).size == (600, 400)


def test_labels_beyond_the_classes_are_numbers():
    assert changed(draw(GREY, one_box(label=12), CLASSES)).any()


@pytest.mark.parametrize(("channels", "shown"), [(1, (0, 0, 0)), (2, (0, 0, 0)), (3, (0, 1, 2)), (7, (0, 1, 2))])
def test_other_numbers_of_channels(channels, shown):
    image = torch.arange(channels, dtype=torch.uint8)[:, None, None].expand(-1, 4, 5) * 30
    assert tuple(np.asarray(to_picture(image))[0, 0]) == tuple(30 * channel for channel in shown)


def test_float_pictures():
    image = torch.tensor([0.0, 0.5, 1.5])[:, None, None].expand(-1, 4, 5)
    assert tuple(np.asarray(to_picture(image))[3, 4]) == (0, 128, 255)
    assert tuple(np.asarray(to_picture(image * float("nan")))[0, 0]) == (0, 0, 0)


def test_everything_at_once():
    scenes = Scenes(count=9, size=64)
    before = scenes[0]
    drawn = draw(before.image, before.truth, scenes.classes, scenes.joints)
    assert drawn.size == (320, 320)
    assert torch.equal(before.image, scenes[0].image)  # the picture itself is not drawn upon


def test_the_colours_of_classes_differ():
    colours = np.array([class_colour(index) for index in range(40)])
    apart = np.abs(colours[:, None] - colours[None]).sum(-1) + 999 * np.eye(40)
    assert apart.min() > 10
    assert apart[:10, :10].min() > 60


def test_ink_reads_on_its_ground():
    assert ink((240, 228, 66)) == (0, 0, 0)
    assert ink((0, 0, 90)) == (255, 255, 255)


def test_text_is_cut_to_its_room():
    assert fitted("cat", 100, 14) == "cat"
    cut = fitted("a long name of a class", 60, 14)
    assert cut.endswith("…")
    assert font(14).getlength(cut) <= 60
    assert fitted("cat", 2, 14) == ""
    assert len(fitted("x" * 10**6, 10**6, 14)) == 300


def test_a_sheet_holds_all_pictures_in_rows():
    images = [Image.new("RGB", (20 + i, 30), (i, 0, 0)) for i in range(5)]
    page = sheet(images, [f"picture {i}" for i in range(5)], columns=2)
    plain = sheet(images, columns=2)
    assert page.width == plain.width == 2 * 24 + 3 * 10
    assert plain.height == 3 * 30 + 4 * 10
    assert page.height > plain.height
    found = {tuple(colour) for colour in np.asarray(plain).reshape(-1, 3)}
    assert {(i, 0, 0) for i in range(5)} <= found
    assert sheet([]).size == (20, 10)
    assert sheet(images[:1], columns=9).width == 20 + 20


def test_a_sheet_wants_a_caption_for_each_picture():
    with pytest.raises(UsageError, match="2 captions"):
        sheet([Image.new("RGB", (9, 9))], ["a", "b"])
