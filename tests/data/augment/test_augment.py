"""A random map moves picture and fields alike, by chance of the generator alone; no augmentation is the plain way."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from helpers import SIZE_RULES
from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.dataset import Joints
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.core.sample import Framed, Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.crop import draw_window
from saccade.data.augment.rng import RandomDraws, generator_for

EVERYTHING = Augmentation(
    flip=0.5, flip_vertical=0.5, crop_area=(0.3, 1), scale=(0.7, 1.4), rotate=40, translate=0.2, shear=10, pad_crop=3,
    elastic=(1, 12), mosaic=0.5, mixup=0.5, brightness=0.3, contrast=0.3, saturation=0.3, hue=0.1, lighting=0.1,
    blur=1, erase=0.5,
)  # fmt: skip
MAPS = {
    "flip": Augmentation(flip=1),
    "upside down": Augmentation(flip_vertical=1),
    "crop": Augmentation(crop_area=(0.3, 0.9)),
    "scale": Augmentation(scale=(0.5, 2)),
    "turn": Augmentation(rotate=45),
    "shift": Augmentation(translate=0.3),
    "lean": Augmentation(shear=20),
    "pad and crop": Augmentation(pad_crop=6),
    "elastic": Augmentation(elastic=(2, 16)),
    "mosaic": Augmentation(mosaic=1),
    "all": replace(EVERYTHING, mixup=None, brightness=0, contrast=0, saturation=0, hue=0, lighting=0, blur=0, erase=0),
}


def sample(number: int = 0, size: tuple[int, int] = (45, 61)) -> Sample:
    """A red, a green and a blue object on black, classes 1, 2 and 3: the picture itself says what is true."""
    draw = torch.Generator().manual_seed(number)
    classes = torch.zeros(size, dtype=torch.int64)
    for label in (1, 2, 3):
        y, x = (int(torch.randint(0, side - 20, (), generator=draw)) for side in size)
        classes[y : y + 14, x : x + 18] = label
    masks = torch.stack([classes == label for label in (1, 2, 3)])
    rows = Instances(masks=Masks.from_dense(masks), labels=torch.tensor([1, 2, 3]))
    boxes = rows.masks.boxes()
    rows = replace(
        rows,
        boxes=boxes,
        area=rows.masks.areas(),
        keypoints=boxes.view(3, 2, 2) * 0.8 + boxes.view(3, 2, 2).flip(1) * 0.2,
        visible=torch.full((3, 2), 2),
    )
    image = (masks * 255).byte()
    truth = Annotation(
        label=torch.tensor(number % 4), instances=rows[masks.flatten(1).any(1)],
        semantic=classes, contours=masks.float(),
        pose=boxes.view(-1, 2), pose_visible=torch.full((6,), 2), labels=torch.tensor([0, 1, 1, 1]),
    )  # fmt: skip
    return Sample(image, truth, f"{number}")


class Pictures:
    """Ten of them."""

    classes = ("nothing", "red", "green", "blue")
    fields = sample().truth.present()
    joints = Joints(("upper left", "lower right"), pairs=((0, 1),))

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Sample:
        return sample(index, (45, 61) if index % 2 else (52, 40))

    def truth(self, index: int) -> Annotation:
        return self[index].truth

    def id(self, index: int) -> str:
        return str(index)


def drawn(augmentation: Augmentation, spec: InputSpec, number: int = 0, epoch: int = 0) -> Framed:
    return Augment(augmentation, spec, Pictures())(sample(number), generator_for(7, epoch, number))


def leaves(drawn: Framed) -> list[Tensor]:
    return [drawn.image, drawn.frame.matrix, *torch.utils._pytree.tree_leaves(drawn.truth.map(lambda leaf: leaf))]


def same(one: Framed, other: Framed) -> bool:
    pairs = zip(leaves(one), leaves(other), strict=True)
    return all(torch.equal(a, b) if isinstance(a, Tensor) else a == b for a, b in pairs)


@pytest.mark.parametrize("spec", SIZE_RULES.values(), ids=list(SIZE_RULES))
def test_no_augmentation_is_the_very_batch_of_the_spec(spec: InputSpec):
    plain = spec.batch([sample().image], [sample().truth])
    image, frame, truth, _ = drawn(Augmentation(), spec)
    batch = spec.assemble([image], [frame], [truth])
    assert torch.equal(batch.images, plain.images)
    assert torch.equal(batch.truth[0].instances.boxes, plain.truth[0].instances.boxes)
    assert torch.equal(batch.truth[0].semantic, plain.truth[0].semantic)


@pytest.mark.parametrize("spec", SIZE_RULES.values(), ids=list(SIZE_RULES))
def test_the_same_seed_epoch_and_index_give_the_same_picture_and_others_another(spec: InputSpec):
    first = drawn(EVERYTHING, spec)
    torch.manual_seed(99)  # the global generator has no say
    assert same(first, drawn(EVERYTHING, spec))
    assert not same(first, drawn(EVERYTHING, spec, epoch=1))
    assert not torch.equal(first.image, Augment(EVERYTHING, spec, Pictures())(sample(), generator_for(8, 0, 0)).image)


def test_the_global_generator_is_left_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    drawn(EVERYTHING, SIZE_RULES["stretch"])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("rule", SIZE_RULES)
@pytest.mark.parametrize("name", MAPS)
def test_every_field_follows_the_pixels(name: str, rule: str):
    for number in range(3):
        image, frame, truth, _ = drawn(MAPS[name], replace(SIZE_RULES[rule], mean=(0.0,) * 3), number)
        assert tuple(image.shape[-2:]) == frame.target == tuple(truth.semantic.shape)
        painted = image > 127
        masks = truth.instances.masks.dense()
        for mask, box, label, points in zip(
            masks, truth.instances.boxes, truth.instances.labels, truth.instances.keypoints, strict=True
        ):
            channel = int(label) - 1
            assert (mask & (truth.semantic != label)).sum() == 0
            assert (mask & ~painted[channel]).sum() <= 0.25 * mask.sum() + 6, (name, rule, number)
            ys, xs = mask.nonzero().unbind(1)
            hull = torch.stack([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
            assert (hull[:2] >= box[:2] - 1.01).all()
            assert (hull[2:] <= box[2:] + 1.01).all()
            assert points.shape == (2, 2)
        inside = truth.semantic < 4
        for label in (1, 2, 3):
            differ = painted[label - 1] != (truth.semantic == label)
            assert differ[inside].float().mean() < 0.08, (name, rule, number)
        assert (truth.contours[0] >= (truth.semantic == 1).float() - 0.01).float().mean() > 0.99


@pytest.mark.parametrize("name", MAPS)
def test_what_is_kept_is_inside_and_the_columns_stay_together(name: str):
    for number in range(4):
        _, frame, truth, _ = drawn(MAPS[name], SIZE_RULES["stretch"], number)
        rows, (height, width) = truth.instances, frame.target
        assert set(rows.columns()) == set(sample().truth.instances.columns())
        assert {len(column) for column in rows.columns().values()} == {len(rows)}
        low, high = rows.boxes[:, :2], rows.boxes[:, 2:]
        assert (low >= 0).all()
        assert (high <= torch.tensor([width, height])).all()
        assert (high - low >= 1).all()
        seen = rows.keypoints[rows.visible > 0]
        assert ((seen >= 0) & (seen < torch.tensor([width, height]))).all()
        assert (rows.masks.areas() > 0).all()


def test_a_flip_exchanges_pairs_and_mirrors_pixels():
    plain, flipped = (
        drawn(Augmentation(pad_crop=0, scale=(1, 1 + 1e-12)), InputSpec()),
        drawn(MAPS["flip"], InputSpec()),
    )
    assert torch.equal(flipped.image, sample().image.flip(-1))
    assert torch.equal(flipped.truth.semantic, sample().truth.semantic.flip(-1))
    assert torch.equal(flipped.truth.contours, sample().truth.contours.flip(-1))
    there, back = plain.truth.instances.keypoints, flipped.truth.instances.keypoints
    assert torch.allclose(back[:, [1, 0], 0], 61 - there[..., 0])
    assert torch.allclose(back[:, [1, 0], 1], there[..., 1])


def test_a_random_crop_fills_the_whole_size():
    for rule in ("stretch", "crop"):
        image, frame, _, _ = drawn(Augmentation(crop_area=(0.2, 0.3)), SIZE_RULES[rule])
        assert tuple(image.shape[-2:]) == SIZE_RULES[rule].size
        covered = torch.linalg.det(torch.linalg.inv(frame.matrix)) * image.shape[-1] * image.shape[-2] / (45 * 61)
        assert 0.18 < covered < 0.32


def test_crops_around_classes_show_rare_ones():
    semantic = torch.zeros(40, 60, dtype=torch.int64)
    semantic[0, 59], semantic[5, :3] = 1, 255
    truth, crop = Annotation(semantic=semantic), Augmentation(crop_area=(0.02, 0.05))
    rng = RandomDraws(torch.Generator().manual_seed(0))

    def share(augmentation: Augmentation) -> float:
        windows = [draw_window(augmentation, (40, 60), truth, rng) for _ in range(200)]
        assert all(0 <= x1 < x2 <= 60 and 0 <= y1 < y2 <= 40 for x1, y1, x2, y2 in windows)
        return sum(x2 == 60 and y1 == 0 for _, y1, x2, _ in windows) / 200

    # Half of the crops around a class are around the one pixel of the second.
    assert share(crop) < 0.05
    assert share(replace(crop, crop_class=1.0)) == pytest.approx(0.5, abs=0.1)
    assert share(replace(crop, crop_class=0.33)) == pytest.approx(0.17, abs=0.09)
    assert draw_window(replace(crop, crop_class=1.0), (40, 60), Annotation(), rng)


def test_a_crop_keeps_an_object_where_it_must():
    keeping = Augmentation(crop_area=(0.05, 0.2), crop_keeps="object")
    alone = sample(3)
    one = replace(alone, truth=replace(alone.truth, instances=alone.truth.instances[:1]))
    for epoch in range(20):
        truth = Augment(keeping, SIZE_RULES["stretch"])(one, generator_for(0, epoch, 3)).truth
        assert len(truth.instances) == 1


def test_bytes_stay_bytes_until_the_end():
    assert drawn(EVERYTHING, SIZE_RULES["stretch"]).image.dtype == torch.uint8
    floats = replace(sample(), image=sample().image / 255)
    image = Augment(MAPS["turn"], SIZE_RULES["stretch"])(floats, generator_for(0, 0, 0)).image
    assert image.dtype == torch.float32
    assert -1e-6 < image.min() < image.max() < 1 + 1e-6


def test_what_lies_outside_is_the_mean_and_becomes_zero():
    image, frame, truth, _ = drawn(Augmentation(translate=0.0, scale=(0.5, 0.5)), InputSpec())
    batch = InputSpec().assemble([image], [frame], [truth])
    assert batch.images[0, :, 0, 0].abs().max() < 0.02
    assert truth.semantic[0, 0] == 255


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_number_of_channels(channels: int):
    spec = InputSpec.stretch(16, channels=channels)
    dull = replace(EVERYTHING, mosaic=0, mixup=None)
    many = replace(sample(), image=torch.randint(0, 256, (channels, 30, 40), dtype=torch.uint8))
    many = replace(many, truth=Annotation(label=torch.tensor(1)))
    assert Augment(dull, spec)(many, generator_for(0, 0, 0)).image.shape == (channels, 16, 16)
    if channels == 1:  # a colour picture for a grey network
        assert Augment(dull, spec, Pictures())(sample(), generator_for(0, 0, 0)).image.shape == (1, 16, 16)


def test_the_user_s_picture_is_not_written_to():
    original = sample()
    before = original.image.clone()
    for augmentation in (*MAPS.values(), Augmentation(erase=1), Augmentation(lighting=1), Augmentation(brightness=0.5)):
        Augment(augmentation, InputSpec(), Pictures())(original, generator_for(0, 0, 0))
    assert torch.equal(original.image, before)


def test_a_picture_of_nothing_stays_a_picture_of_nothing():
    empty = replace(sample(), truth=Annotation(instances=sample().truth.instances[:0]))
    for augmentation in MAPS.values():
        if not augmentation.mosaic:
            rows = Augment(augmentation, SIZE_RULES["stretch"])(empty, generator_for(0, 0, 0)).truth.instances
            assert rows.boxes.shape == (0, 4)
            assert rows.masks.dense().shape == (0, 32, 32)
    bare = replace(sample(), truth=Annotation())
    assert Augment(EVERYTHING, SIZE_RULES["crop"], Pictures())(bare, generator_for(0, 0, 0)).truth.instances is None


def test_other_pictures_need_a_data_set():
    for augmentation in (Augmentation(mosaic=0.5), Augmentation(mixup=0.2)):
        with pytest.raises(UsageError, match="data set"):
            Augment(augmentation, InputSpec())


def test_the_frame_leads_back():
    image, frame, truth, _ = drawn(Augmentation(flip=1, rotate=20, scale=(0.6, 0.7)), InputSpec(), 2)
    back = frame.undo(truth)
    original = sample(2).truth
    known = back.semantic != 255
    assert known.float().mean() > 0.95
    assert (back.semantic[known] != original.semantic[known]).float().mean() < 0.08
    assert torch.allclose(back.pose, original.pose, atol=1e-3)
    assert image.shape[-2:] == frame.target
