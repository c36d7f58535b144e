"""One trunk and any set of heads: which are built, which are chosen, and how they learn together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, UsageError
from saccade.core.sample import Sample
from saccade.core.vocabulary import UNTOLD_CONTOURS, Vocabularies
from saccade.ops.regions.inside import mean_inside
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems import SYSTEMS
from saccade.systems.build import build
from saccade.systems.many.heads import BUILDERS, NEEDS
from saccade.training.loop import finish
from small_runs import CrashAt, PowerCutError, lines, same_weights, short_report

NARROW: dict[str, Any] = {"trunk": "resnet18", "width": 1 / 16, "size": 64, "finest": 12.0}
SETTINGS: dict[str, Any] = {**NARROW, "steps": 2, "batch": 4, "workers": 0, "threads": 1, "val": 0.34, "seed": 3}
DATA = "scenes:count=6,size=64"
ALL = frozenset({*("label", "labels", "semantic", "semantic_masks", "contours"), "instances.boxes", "instances.labels"})


class Partly:
    """The built-in pictures, of which some fields alone are annotated."""

    joints = None

    def __init__(self, *fields: str, data: str = DATA) -> None:
        self._scenes = sc.open_data(data)
        self.fields = frozenset(fields)
        self.vocabularies = self._scenes.vocabularies
        self.classes = self.vocabularies.main

    def __len__(self) -> int:
        return len(self._scenes)

    def __getitem__(self, index: int) -> Sample:
        whole = self._scenes[index]
        return Sample(whole.image, self.truth(index), whole.id)

    def truth(self, index: int) -> Annotation:
        whole = self._scenes.truth(index)
        roots = {name.partition(".")[0] for name in self.fields}
        return Annotation(**{root: getattr(whole, root) for root in roots})

    def id(self, index: int) -> str:
        return f"{sorted(self.fields)[0]}/{self._scenes.id(index)}"


@pytest.fixture(autouse=True)
def _short_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "report", short_report)


def steps(out: Path) -> list[dict[str, float]]:
    """What is told of each step."""
    return [line for line in lines(out) if "step" in line]


def train(out: Path, data: Any = DATA, **options: Any) -> Path:
    return sc.train("many", data, out, **{**SETTINGS, **options}).path


def test_every_head_has_a_builder() -> None:
    assert list(NEEDS) == list(BUILDERS)


@pytest.mark.parametrize("name", NEEDS)
def test_each_head_alone_learns_from_what_the_table_says(name: str) -> None:
    system = build("many", 3, heads=(name,), **NARROW)
    assert [one for one, _ in system.each_head()] == [name]
    assert system.learns_from == set(NEEDS[name].needs) == set(SYSTEMS["many"].card.learns_from({"heads": (name,)}))
    assert all(parameter.requires_grad for parameter in system.parameters())


def test_masks_have_boxes_too() -> None:
    system = build("many", 3, heads=("boxes", "masks"), **NARROW)
    assert [name for name, _ in system.each_head()] == ["masks"]
    assert {"instances.boxes", "instances.masks"} <= system.gives


@pytest.mark.parametrize(
    ("annotated", "heads"),
    [
        (ALL, ("label", "boxes", "pixels", "contours")),
        (ALL | {"pose", "pose_visible"}, ("label", "boxes", "pixels", "contours", "pose")),
        (ALL | {"instances.masks"}, ("label", "masks", "pixels", "contours")),
        ({"labels", "semantic_masks"}, ("labels", "layers")),
        ({"contours"}, ("contours",)),
    ],
)
def test_data_ask_for_a_head_for_each_kind_of_annotation(annotated: set[str], heads: tuple[str, ...]) -> None:
    assert SYSTEMS["many"].card.heads_for(annotated) == heads


@pytest.mark.parametrize("heads", [("lable",), (), ("label", "labels"), ("pixels", "layers")])
def test_heads_that_there_are_not_are_refused(heads: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="heads"):
        build("many", 3, heads=heads, **NARROW)


def test_classes_of_objects_and_of_pixels_may_differ() -> None:
    system = build("many", {"instances": ["cat"], "semantic": ["sky", "cat"]}, heads=("boxes", "pixels"), **NARROW)
    assert system.vocabularies.names("semantic") == ("sky", "cat")
    with pytest.raises(ConfigError, match="semantic"):
        build("many", {"instances": ["cat"]}, heads=("boxes", "pixels"), **NARROW)


def test_padding_changes_no_class() -> None:
    torch.manual_seed(0)
    system = build("many", 3, heads=("label",), **NARROW).eval()
    pictures = [torch.rand(3, 64, 64), torch.rand(3, 64, 106)]
    alone, beside = system.batch(pictures[:1]), system.batch(pictures)
    assert beside.images.shape[-1] > alone.images.shape[-1]
    scores = [system.predict(one)[0].get("label_scores") for one in (alone, beside)]
    torch.testing.assert_close(scores[0], scores[1], rtol=0.05, atol=0.05)  # a deep map's rim sees the padding
    map, sizes = torch.rand(1, 2, 2, 4), torch.tensor([[64, 64]])
    torch.testing.assert_close(mean_inside(map, sizes, (64, 128))[..., 0, 0], map[..., :2].mean((2, 3)))


def test_half_labelled_sets_are_learnt_from_together(tmp_path: Path) -> None:
    """Each head learns from the pictures that are annotated for it, and each family of scores counts those alone."""
    parts = [Partly("label"), Partly("semantic"), Partly("instances.boxes", "instances.labels")]
    path = train(tmp_path / "run", parts, steps=3, batch=6)
    heads = RunFolder.open(path).read_config()["system"]["options"]["heads"]
    assert heads == ["label", "boxes", "pixels"]
    terms = steps(path)
    for name in ("loss/label/class", "loss/boxes/class", "loss/pixels/class"):
        assert any(one[name] > 0 for one in terms), name
    scores = sc.evaluate(path, parts)
    assert {"top1", "AP", "miou"} <= {name for name, value in scores.items() if value is not None}


def test_a_named_head_without_truth_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="for the head 'contours'"):
        train(tmp_path / "run", Partly("label"), heads=("label", "contours"))
    with pytest.raises(ConfigError, match="annotated for one of label"):
        train(tmp_path / "run", Partly("person"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three heads."""
    return train(tmp_path_factory.mktemp("base") / "run", heads=("label", "boxes", "pixels"))


def answers(run: Path) -> Sequence[Annotation]:
    predictor = sc.load(run, precision="32", device="cpu")
    data = sc.open_data(DATA)
    return predictor([data[index].image for index in range(2)])


def test_a_further_head_leaves_what_the_others_say_as_it_was_to_the_bit(base: Path, tmp_path: Path) -> None:
    lines = Partly("contours")
    more = {"heads": ("label", "boxes", "pixels", "contours"), "init": str(base), "freeze": ("init",)}
    path = train(tmp_path / "more", lines, **more, steps=3)
    for old, new in zip(answers(base), answers(path), strict=True):
        assert new.contours is not None
        assert old.contours is None
        for field in ("label", "label_scores", "semantic", "instances.boxes", "instances.scores", "instances.labels"):
            assert torch.equal(old.get(field), new.get(field)), field
    assert len({line["loss/contours/fuse"] for line in steps(path)}) == 3


class Lines(Partly):
    """Pictures whose data know nothing but lines, of no class."""

    def __init__(self) -> None:
        super().__init__("contours")
        self.vocabularies = Vocabularies.of({"contours": UNTOLD_CONTOURS})
        self.classes = self.vocabularies.main


def test_a_run_keeps_the_classes_that_its_data_do_not_know(base: Path, tmp_path: Path) -> None:
    more = {"heads": ("label", "boxes", "pixels", "contours"), "init": str(base), "freeze": ("init",)}
    path = train(tmp_path / "more", Lines(), **more)
    first, second = sc.load(base), sc.load(path)
    assert dict(second.vocabularies) == {**first.vocabularies, "contours": UNTOLD_CONTOURS}
    assert RunFolder.open(path).read_classes() == first.classes
    assert sc.evaluate(path, Partly("instances.boxes", "instances.labels"))["AP"] is not None


def test_init_is_frozen_where_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="freeze init"):
        train(tmp_path / "run", freeze=("init",))


@pytest.mark.parametrize("kind", ["uncertainty", "gradnorm"])
def test_learnt_weights_of_losses_go_on_to_the_bit(kind: str, tmp_path: Path) -> None:
    own = {"heads": ("label", "pixels"), "loss_weights": kind, "steps": 4, "save_every": 1, "augment": "none"}
    train(tmp_path / "whole", **own)
    with pytest.raises(PowerCutError):
        train(tmp_path / "broken", **own, callbacks=[CrashAt(step=2)])
    train(tmp_path / "broken", **own, resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    told = steps(tmp_path / "whole")
    assert told == steps(tmp_path / "broken")
    weights = [[v for name, v in line.items() if name.startswith("loss_weight/")] for line in told]
    assert len(weights[0]) == 2
    assert weights[0] != weights[-1]


def test_fixed_weights_of_losses_are_the_system_s(tmp_path: Path) -> None:
    own = {"heads": ("label", "pixels"), "steps": 1, "augment": "none"}
    plain = steps(train(tmp_path / "plain", **own))[0]
    half = steps(train(tmp_path / "half", **own, loss_weights={"pixels": 0.5}))[0]
    assert half["loss/pixels/class"] == pytest.approx(plain["loss/pixels/class"] / 2)
    assert half["loss/label/class"] == plain["loss/label/class"]
    with pytest.raises(UsageError, match="boxes"):
        train(tmp_path / "none", **own, loss_weights="boxes=1")


def test_a_teacher_s_classes_stay_beside_new_ones(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classes = sc.open_data(DATA).vocabularies["instances"]
    more = {"heads": ("label", "boxes"), "init": str(base), "teacher": str(base), "class_subset": classes[-1:]}
    path = train(tmp_path / "more", **more)
    assert sc.load(path).vocabularies["instances"] == classes
    assert "what they do not annotate" in capsys.readouterr().err
    assert set(sc.evaluate(path)) == set(sc.evaluate(path, DATA))
    assert f"do not annotate {classes[0]}" in capsys.readouterr().err
