"""Several views of a picture become one prediction, in the picture's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.export import register_dataclass
from torchvision.ops import batched_nms

from helpers import CLASSES, TinyTrunk, tiny_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.network.head import Head
from saccade.network.maps import IMAGE, Maps
from saccade.network.system import System
from saccade.ops.boxes.suppression import Suppression
from saccade.runtime.evaluate.evaluate import evaluate
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.views.merge import Agreement, suppressed
from saccade.runtime.predict.views.multi_scale_flip import SMALLEST, MultiScaleFlip
from saccade.systems.build import build


@dataclass(frozen=True)
class Bright:
    """(B, 5): x1, y1, x2, y2 of the bright pixels, and the share of them that lies left of the picture's middle."""

    found: Tensor


register_dataclass(Bright, serialized_type_name="saccade.tests.Bright")


class BrightHead(Head):
    """The box of all bright pixels, and one of nothing; it scores by how far to the left it is."""

    reads = ("deep",)
    gives = frozenset({"instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"instances.boxes", "instances.labels"})
    terms = ("none",)
    owns_rows = True
    suppression = Suppression()

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, maps: Maps) -> Bright:
        self.shapes.append(tuple(maps[IMAGE].shape))
        rows = []
        for picture, (height, width) in zip(maps[IMAGE], maps.sizes.tolist(), strict=True):
            y, x = (picture[0, :height, :width] > 0.5).nonzero().unbind(1)
            box = [x.min(), y.min(), x.max() + 1, y.max() + 1] if len(x) else [0, 0, 0, 0]
            rows.append(torch.tensor([*box, (x < width / 2).float().mean()]))
        return Bright(torch.stack(rows))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        return {"none": maps["deep"].sum() * 0}

    def decode(self, raw: Bright) -> list[Annotation]:
        rows = (Instances(r[None, :4], torch.tensor([1]), (0.5 + r[4:] / 4)) for r in raw.found)
        return [Annotation(instances=row) for row in rows]


OPTIONS = {
    "ssd300": {},
    "faster_rcnn": {"trunk": "vgg11", "size": 128, "scales": (1.0, 2.0, 4.0)},
    "fast_rcnn": {"trunk": "vgg11", "search": "windows", "proposals": 100, "size": 128},
    "alexnet": {"size": 96},
}


def narrow(name: str) -> System:
    torch.manual_seed(1)
    return build(name, CLASSES, width=1 / 16, **OPTIONS[name]).eval()


def bright_system(rule: str = "native") -> System:
    spec = InputSpec(rule, (64, 64) if rule == "stretch" else None, mean=(0.0,) * 3, std=(1.0,) * 3)
    return System(TinyTrunk(), {"bright": BrightHead()}, classes=CLASSES, input=spec).eval()


def bright_picture(box: tuple[int, int, int, int] = (8, 16, 40, 32), size: tuple[int, int] = (48, 96)) -> Tensor:
    """(3, H, W) black but for a white box."""
    image = torch.zeros(3, *size, dtype=torch.uint8)
    image[:, box[1] : box[3], box[0] : box[2]] = 255
    return image


class BrightData:
    """Two pictures with their boxes."""

    classes, joints = CLASSES, None
    fields = frozenset({"instances.boxes", "instances.labels"})
    boxes = ((8, 16, 40, 32), (60, 4, 90, 20))

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: int) -> Sample:
        return Sample(bright_picture(self.boxes[index]), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        return Annotation(instances=Instances(torch.tensor([self.boxes[index]]).float(), torch.tensor([1])))

    def id(self, index: int) -> str:
        return str(index)


@pytest.mark.parametrize("rule", ["native", "stretch"])
def test_boxes_of_every_view_come_back_to_the_picture_s_own_pixels(rule: str) -> None:
    system = bright_system(rule)
    predictor = Predictor(system, scales=(0.5, 1, 2), flip=True)
    system.heads["bright"].shapes.clear()
    (prediction,) = predictor([bright_picture()])
    height, width = (48, 96) if rule == "native" else (64, 64)
    wanted = [(2, 3, int(height * s), int(width * s)) for s in (0.5, 1, 2)]  # each with its mirrored one
    assert system.heads["bright"].shapes == wanted
    assert len(prediction.instances) == 1  # six views of one object
    torch.testing.assert_close(prediction.instances.boxes[0], torch.tensor([8.0, 16, 40, 32]), atol=1.5, rtol=0)
    assert prediction.instances.scores.tolist() == [0.75]  # the best of the views' scores


def test_a_mirrored_view_is_mirrored_back() -> None:
    head = bright_system()
    seen = Predictor(head, flip=True)
    (left,), (right,) = seen([bright_picture((8, 16, 40, 32))]), seen([bright_picture((56, 16, 88, 32))])
    assert left.instances.boxes.tolist() == [[8, 16, 40, 32]]
    # It scores by its mirrored view, which sees it on the left.
    assert right.instances.boxes.tolist() == [[56, 16, 88, 32]]
    assert left.instances.scores.tolist() == right.instances.scores.tolist() == [0.75]
    (plain,) = Predictor(head)([bright_picture((56, 16, 88, 32))])
    assert plain.instances.scores.tolist() == [0.5]


@pytest.mark.parametrize("name", ["faster_rcnn", "ssd300"])
def test_answers_mirror_with_the_picture(name: str) -> None:
    predictor = Predictor(narrow(name), flip=True)
    picture = torch.rand(3, 70, 90, generator=torch.Generator().manual_seed(0))
    here, there = predictor([picture, picture.flip(-1)])
    assert len(here.instances) == len(there.instances) > 0
    back = there.instances.boxes.clone()
    back[:, [0, 2]] = 90 - there.instances.boxes[:, [2, 0]]
    mirrored = _sorted(there.instances, back)
    torch.testing.assert_close(_sorted(here.instances, here.instances.boxes), mirrored, atol=2e-3, rtol=0)


def agreed(predictions: Sequence[Annotation], suppression: Suppression) -> Annotation:
    """What views of a picture of 100 pixels agree on, each of which the network sees as it is."""
    views = [next(MultiScaleFlip().of((100, 100), InputSpec("native"))) for _ in predictions]
    gathered = Agreement(views, suppression)
    (found,) = (
        one
        for place, prediction in enumerate(predictions)
        if (one := gathered.add(place, prediction, views[place].frame)) is not None
    )
    return found


def _sorted(rows: Instances, boxes: Tensor) -> Tensor:
    """Boxes, scores and labels, in an order that ties of scores leave alone."""
    table = torch.cat([rows.scores[:, None], rows.labels[:, None], boxes], 1)
    keys = sorted(range(len(table)), key=lambda i: [round(value, 3) for value in table[i].tolist()])
    return table[keys]


@pytest.mark.parametrize("name", ["faster_rcnn", "fast_rcnn"])
def test_one_plain_view_is_the_plain_prediction_to_the_bit(name: str) -> None:
    system = narrow(name)
    pictures = [torch.rand(3, 70, 90, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    for plain, seen in zip(Predictor(system)(pictures), Predictor(system, scales=(1,))(pictures), strict=True):
        assert plain.instances.columns().keys() == seen.instances.columns().keys()
        for name, column in plain.instances.columns().items():
            assert torch.equal(column, getattr(seen.instances, name))


def test_merging_is_suppression_by_class_of_all_that_the_views_say() -> None:
    draw = torch.Generator().manual_seed(0)
    corners = torch.rand(3, 40, 2, generator=draw) * 60
    boxes = torch.cat([corners, corners + 10 + 20 * torch.rand(3, 40, 2, generator=draw)], 2)
    scores, labels = torch.rand(3, 40, generator=draw), torch.randint(0, 2, (3, 40), generator=draw)
    views = [Annotation(instances=Instances(*rows)) for rows in zip(boxes, labels, scores, strict=True)]
    found = agreed(views, Suppression(overlap=0.4, limit=25)).instances
    kept = batched_nms(boxes.view(-1, 4), scores.view(-1), labels.view(-1), 0.4)[:25]
    assert 0 < len(kept) < 120
    assert torch.equal(found.boxes, boxes.view(-1, 4)[kept])
    assert torch.equal(found.scores, scores.view(-1)[kept])


def test_views_that_see_nothing_agree_on_nothing() -> None:
    nothing = Annotation(instances=Instances(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0)))
    assert len(agreed([nothing, nothing], Suppression()).instances) == 0


class LabelHead(Head):
    """The class of the picture by what the trunk sees."""

    reads = ("deep",)
    gives = frozenset({"label", "label_scores"})
    needs = frozenset({"label"})
    terms = ("none",)

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(8, 3)

    def forward(self, maps: Maps) -> Bright:
        return Bright(self.score(maps["deep"].mean((2, 3))))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        return {"none": self(maps).found.sum() * 0}

    def decode(self, raw: Bright) -> list[Annotation]:
        return [Annotation(label=row.argmax(), label_scores=row.softmax(0)) for row in raw.found]


def test_scores_of_classes_are_averaged() -> None:
    torch.manual_seed(0)
    system = System(TinyTrunk(), {"label": LabelHead()}, classes=CLASSES, input=InputSpec.stretch(16)).eval()
    image = torch.rand(3, 20, 30)
    plain, other = Predictor(system)([image, image.flip(-1)])
    (found,) = Predictor(system, flip=True)([image])
    mean = (plain.label_scores + other.label_scores) / 2
    torch.testing.assert_close(found.label_scores, mean)
    assert not torch.allclose(mean, plain.label_scores, atol=1e-6)
    assert found.label == mean.argmax()


def test_evaluation_sees_the_views() -> None:
    system = bright_system()
    plain = evaluate(Predictor(system), BrightData())
    seen = evaluate(Predictor(system, scales=(1, 2), flip=True), BrightData(), batch=1)
    assert seen["AP"] == plain["AP"] == 1
    system.heads["bright"].shapes.clear()
    evaluate(Predictor(system, scales=(1, 2), flip=True), BrightData())
    assert system.heads["bright"].shapes == [(4, 3, 48, 96), (4, 3, 96, 192)]  # pictures with their mirrored ones


def test_a_picture_that_cannot_be_read_fails_alone(tmp_path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    found = dict(Predictor(bright_system(), flip=True).stream([tmp_path / "bad.png", bright_picture()]))
    assert isinstance(found[0], DataError)
    assert len(found[1].instances) == 1


@pytest.mark.parametrize("scales", [(), (0.0,), (1, 1), (float("nan"),), (SMALLEST / 2,)])
def test_scales_that_are_none_are_refused(scales: tuple[float, ...]) -> None:
    with pytest.raises(UsageError):
        MultiScaleFlip(scales)


def test_systems_that_views_make_no_sense_for_are_refused() -> None:
    with pytest.raises(ConfigError, match="a few boxes that are not every object"):
        Predictor(tiny_system(), flip=True)
    pose = bright_system()
    pose.heads["bright"].gives = frozenset({"pose"})
    assert Predictor(pose, scales=(0.5, 1)).views.scales == (0.5, 1)
    with pytest.raises(ConfigError, match="pose"):
        Predictor(pose, tile=64)  # a tile shows a part of the person
    pose.heads["bright"].gives = frozenset({"semantic", "person.centre"})
    with pytest.raises(ConfigError, match=r"person\.centre, semantic"):
        Predictor(pose, flip=True)


def test_a_network_of_one_size_is_told_before_anything_is_read() -> None:
    system = narrow("alexnet")
    with pytest.raises(ConfigError, match=r"scale 0\.5"):
        Predictor(system, scales=(0.5, 1))
    assert len(Predictor(system, flip=True)([torch.rand(3, 50, 60)])) == 1


def test_classes_joints_and_columns_agree_by_rules_of_their_own() -> None:
    def said(share: float, box: float) -> Annotation:
        points = torch.tensor([[[box, 1.0]]])
        rows = Instances(
            torch.tensor([[box, 0.0, box + 10, 10.0]]), torch.tensor([0]), torch.tensor([share]), keypoints=points
        )
        scores = torch.tensor([share, 0.4])
        pose, visible = torch.tensor([[box, 2.0]]), torch.tensor([round(share * 2)])
        return Annotation(None, scores, (scores > 0.5).long(), rows, pose=pose, pose_visible=visible)

    found = agreed([said(0.4, 0.0), said(0.9, 1.0)], Suppression())
    assert found.labels.tolist() == [1, 0]  # of .65 and .4
    torch.testing.assert_close(found.label_scores, torch.tensor([0.65, 0.4]))
    assert found.instances.keypoints.tolist() == [[[1.0, 1.0]]]  # they follow the row that stays
    assert found.pose.tolist() == [[0.5, 2.0]]
    assert found.pose_visible.tolist() == [2]
    votes = [Annotation(label=torch.tensor(label), labels=torch.tensor([1, label])) for label in (0, 1, 1)]
    assert agreed(votes, Suppression()).label == 1
    assert agreed(votes, Suppression()).labels.tolist() == [1, 1]


def test_views_that_show_nothing_leave_the_columns_of_no_rows() -> None:
    nothing = Instances(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64), scores=torch.zeros(0))
    view = next(iter(MultiScaleFlip().of((8, 8), InputSpec())))
    found = suppressed([Annotation(instances=nothing)] * 2, [view, view], Suppression())
    assert set(found.columns()) == {"boxes", "labels", "scores"}
    assert len(found) == 0
