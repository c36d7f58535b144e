"""A training of which nobody names the system."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import saccade as sc
from made import write_coco_persons
from saccade.cli import main
from saccade.command_line import train as command_line
from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.systems import IF_UNSURE
from saccade.training.setup.choice.choose import TASKS, choose
from saccade.training.setup.choice.object_sizes import object_sizes


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image folder of two classes that colours tell apart."""
    root = tmp_path_factory.mktemp("photos")
    for name, colour in (("red", (220, 30, 30)), ("blue", (30, 30, 220))):
        (root / name).mkdir()
        for number in range(10):
            Image.new("RGB", (40, 32), tuple(part + number for part in colour)).save(root / name / f"{number}.png")
    return root


def test_classes_make_a_classifier_that_knows_imagenet(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sc.train(data=photos, out=photos.parent / "run", minutes=0.05)
    told = capsys.readouterr().err
    assert "20 training pictures have a class each (2: blue, red): classifier" in told
    assert "a fifth of the training pictures is" in told
    command = (
        f"saccade train classifier --data {photos} --minutes 0.05 --val 0.2 --trunk efficientnet_lite0 --pretrained"
    )
    assert command in told
    assert sc.load(run.path).system.origin["options"]["trunk"] == "efficientnet_lite0"


@pytest.mark.parametrize(
    ("paces", "side"),
    [
        ({224: 27.0}, 224),
        ({224: 20.0, 192: 27.0}, 192),
        ({224: 20.0, 192: 22.0, 160: 30.0}, 160),
        ({224: 1.0, 160: 2.0}, 160),
    ],
)
def test_the_largest_side_that_is_seen_often_enough_is_found_by_measuring(
    photos: Path, monkeypatch: pytest.MonkeyPatch, paces: dict[int, float], side: int
) -> None:
    # Twenty pictures are to be seen 1200 times in three quarters of a minute: 26.7 pictures a second are needed.
    def pace(system: sc.System, dataset: Dataset, device: torch.device, precision: str) -> float:
        assert len(dataset) == 20
        return paces.pop(system.input.size[0] if system.input.size else 0)

    monkeypatch.setattr("saccade.training.setup.choice.choose.pictures_a_second", pace)
    measured = dict(paces)
    choice = choose(photos, None, {"minutes": 1.0, "val": str(photos)})
    assert choice.options["size"] == side
    assert not paces
    told = f"pictures of {side} pixels, about {measured[side]:.1f}/s here"
    assert choice.reasons[1].endswith(told if side == 224 else f"{told} (224 would be seen too seldom in 1 minutes)")


def test_boxes_make_a_light_detector() -> None:
    choice = choose("scenes:count=8,size=64", "detect", {"epochs": 1})
    assert choice.system == "retinanet"
    wanted = {"trunk": "efficientnet_lite0", "pretrained": True, "norm": "frozen", "neck_channels": 64}
    assert wanted.items() <= choice.options.items()
    assert "minutes" not in choice.options
    system = sc.build(choice.system, 2, **{name: choice.options[name] for name in (*wanted, "size", "finest")})
    assert sum(parameter.numel() for parameter in system.parameters()) < 6_000_000


def test_masks_of_objects_make_a_light_system_of_instances() -> None:
    choice = choose("scenes:count=8,size=64", None, {"epochs": 1})
    assert choice.system == "mask_rcnn"
    assert "have boxes with classes, and masks" in choice.reasons[0]
    words = choice.command("scenes")
    assert float(words[words.index("--scales") + 1]) * 4 == choice.options["scales"][0] * 4 >= 8
    wanted = ("trunk", "pretrained", "norm", "neck_channels", "size", "scales")
    system = sc.build(choice.system, 2, **{name: choice.options[name] for name in wanted})
    assert sum(parameter.numel() for parameter in system.parameters()) < 6_000_000


def test_pixels_make_a_light_segmenter(tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    assert main(["data", "convert", "scenes:count=8,size=64", str(masks), "--to", "masks", "--lossy"]) == 0
    choice = choose(masks, None, {"epochs": 1})
    assert choice.system == IF_UNSURE["segment"]
    assert choice.options["size"] == 160
    assert "have a class for each pixel (10: disc" in choice.reasons[0]
    wanted = {name: choice.options[name] for name in ("trunk", "pretrained", "size")}
    system = sc.build(choice.system, sc.open_data(masks).vocabularies, **wanted)
    assert sum(parameter.numel() for parameter in system.parameters()) < 6_000_000
    assert choose("scenes:count=8,size=64", "segment", {"epochs": 1}).system == choice.system


def test_joints_of_persons_make_a_light_row_of_hourglasses(tmp_path: Path) -> None:
    root = write_coco_persons(tmp_path)
    choice = choose(root, "pose", {"epochs": 1})
    assert (choice.system, choice.options["size"]) == ("hourglass", 256)
    assert "2 training pictures have the joints of a person (3: helmet, left_hand, right_hand)" in choice.reasons[0]
    options = {name: choice.options[name] for name in ("stacks", "width", "size")}
    system = sc.build(choice.system, {"joints": ("a", "b", "c")}, **options)
    assert sum(parameter.numel() for parameter in system.parameters()) < 1_000_000
    assert "--stacks 2 --width 0.25" in " ".join(choice.command(root))
    assert choose(root, None, {"epochs": 1}).system == IF_UNSURE["detect"]  # Boxes come first where nobody asks.


def test_joints_of_objects_are_learnt_with_their_boxes_where_that_is_asked(tmp_path: Path) -> None:
    choice = choose(write_coco_persons(tmp_path), "keypoints", {"epochs": 1})
    assert choice.system == "keypoint_rcnn"
    wanted = ("trunk", "pretrained", "norm", "neck_channels", "size", "scales", "samples")
    system = sc.build(choice.system, ("worker",), joints=3, **{name: choice.options[name] for name in wanted})
    assert sum(parameter.numel() for parameter in system.parameters()) < 8_000_000


def test_words_of_the_command_are_read_back() -> None:
    choice = choose("scenes:count=8,size=64", "classify", {"steps": 3, "lr": 0.5, "augment": "none"})
    words = choice.command("scenes:count=8,size=64")
    assert words[:3] == ["saccade", "train", "classifier"]
    assert " ".join(words).endswith(
        "--steps 3 --lr 0.5 --augment none --trunk efficientnet_lite0 --pretrained --size 224"
    )


@pytest.mark.parametrize(
    ("task", "options", "error", "match"),
    [
        ("guess", {}, UsageError, "detect, classify, multilabel, localize, segment"),
        (None, {"trunk": "resnet18"}, UsageError, "name a system"),
    ],
)
def test_what_cannot_be_chosen_is_said(task: str | None, options: dict[str, Any], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        choose("scenes:count=8,size=64", task, options)


def test_data_that_no_system_learns_from_is_refused(photos: Path) -> None:
    with pytest.raises(ConfigError, match=r"instances\.boxes"):
        choose(photos, "detect", {})


def test_a_run_goes_on_by_its_own_command(photos: Path) -> None:
    with pytest.raises(UsageError, match="repeat the command"):
        sc.train(data=photos, resume=True)


class Boxes:
    """Pictures of 100 × 200 pixels, the first with squares of 10, the second of 40 pixels."""

    classes, joints, fields = ("thing",), None, frozenset({"instances.boxes", "instances.labels"})

    def __len__(self) -> int:
        return 2

    def truth(self, index: int) -> Annotation:
        side = (10.0, 40.0)[index]
        return Annotation(
            instances=Instances(boxes=torch.tensor([[0.0, 0, side, side]] * 5), labels=torch.zeros(5).long())
        )

    def size(self, index: int, channels: int | None = None) -> tuple[int, int]:
        return 100, 200


def test_sizes_of_objects_are_shares_of_the_shorter_side() -> None:
    found = object_sizes(Boxes())  # pyright: ignore[reportArgumentType]
    assert found == pytest.approx((0.1, 0.1, 0.25, 100.0))


def test_the_command_offers_every_task() -> None:
    """It lists them where torch is not loaded, and so by itself."""
    assert tuple(TASKS) == command_line.TASKS
