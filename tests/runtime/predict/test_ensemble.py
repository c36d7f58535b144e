"""Several networks that predict as one: scores are merged class by class, in the picture's own pixels."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import saccade as sc
from helpers import save_picture
from saccade import cli
from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.masks import Masks
from saccade.metrics.segment.segmentation import overlaps, pixel_counts
from saccade.network.system import System
from saccade.ops.boxes.nms import nms
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.boxes.weighted_fusion import fuse_boxes
from saccade.runtime.predict.ensemble import members
from saccade.runtime.predict.ensemble.members import ensemble
from saccade.runtime.predict.ensemble.objects import merged_objects
from saccade.runtime.predict.ensemble.rules import MERGES, Merge, merged_presences, merged_shares
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems.build import build

NAMES = ("ant", "bee", "fly", "moth")
FCN: dict[str, Any] = {"trunk": "vgg11", "width": 1 / 16, "padding": 0, "size": 64}
EVERY_MERGE = pytest.mark.parametrize("merge", MERGES)


def begun(system: System, seed: int) -> System:
    """The system with weights that tell pixels apart; score layers begin at 0."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for path, parameter in system.named_parameters():
            if "score" in path or "heads" in path:
                parameter.copy_(torch.randn(parameter.shape, generator=draw))
    return system.eval()


def fcn(seed: int, classes: tuple[str, ...] = NAMES) -> Predictor:
    torch.manual_seed(seed)
    return Predictor(begun(build("fcn8s", classes, **FCN), seed), keep_scores=True)


def segnet(seed: int, classes: tuple[str, ...] = NAMES) -> Predictor:
    """Another network, which takes pictures in another size."""
    torch.manual_seed(seed)
    return Predictor(begun(build("segnet_basic", classes, width=1 / 8, size=48), seed), keep_scores=True)


def detector(seed: int) -> Predictor:
    """A detector that takes half of its anchors for objects."""
    torch.manual_seed(seed)
    system = build("retinanet", NAMES, trunk="resnet18", width=1 / 16, size=64).eval()
    with torch.no_grad():
        for parameter in system.heads.parameters():
            if parameter.dim() == 1:
                parameter.zero_()
    return Predictor(system)


def classifier(seed: int, classes: tuple[str, ...] = NAMES, loss: str = "softmax") -> Predictor:
    torch.manual_seed(seed)
    options = {} if loss == "softmax" else {"many": True}
    return Predictor(build("classifier", classes, trunk="resnet18", width=1 / 16, size=32, **options).eval())


def pictures(count: int = 3) -> list[Tensor]:
    draw = torch.Generator().manual_seed(1)
    return [torch.rand(3, 50 + 9 * number, 70, generator=draw) for number in range(count)]


def share(one: Annotation) -> Tensor:
    scores = one.semantic_scores
    assert scores is not None
    return scores


@EVERY_MERGE
def test_a_network_beside_itself_says_the_same(merge: Merge) -> None:
    alone = fcn(1)
    both = ensemble([alone, alone], merge, keep_scores=True)
    for one, two in zip(alone(pictures()), both(pictures()), strict=True):
        assert torch.equal(one.get("semantic"), two.get("semantic"))
        expected = share(one) if merge != "product" else share(one) ** 2 / (share(one) ** 2).sum(0)
        torch.testing.assert_close(share(two), expected, atol=2e-6, rtol=1e-4)


@EVERY_MERGE
def test_networks_of_unlike_sizes_are_merged_in_the_pictures_own_pixels(merge: Merge) -> None:
    first, second = fcn(1), segnet(2)
    both = ensemble([first, second], merge, keep_scores=True)
    for one, two, found in zip(first(pictures()), second(pictures()), both(pictures()), strict=True):
        a, b = share(one), share(two)
        by_hand = {"mean": (a + b) / 2, "max": a.maximum(b), "product": a * b}[merge]
        by_hand = by_hand / by_hand.sum(0)
        torch.testing.assert_close(share(found), by_hand, atol=2e-6, rtol=1e-4)
        assert torch.equal(found.get("semantic"), share(found).argmax(0))
        assert not torch.equal(found.get("semantic"), one.get("semantic"))
    assert ensemble([first, second], merge)(pictures(1)[0]).semantic_scores is None


@EVERY_MERGE
def test_classes_of_pictures_are_merged(merge: Merge) -> None:
    first, second = classifier(1), classifier(2)
    both = ensemble([first, second], merge)
    for one, two, found in zip(first(pictures()), second(pictures()), both(pictures()), strict=True):
        a, b = one.get("label_scores"), two.get("label_scores")
        by_hand = {"mean": (a + b) / 2, "max": a.maximum(b), "product": a * b}[merge]
        torch.testing.assert_close(found.get("label_scores"), by_hand / by_hand.sum())
        assert int(found.get("label")) == int(by_hand.argmax())


def test_the_product_of_two_softmaxes_is_the_softmax_of_the_summed_logits() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, 3, 4, generator=draw) * 40  # so unlike that plain products vanish
    found = merged_shares(logits.double().softmax(1), "product")
    torch.testing.assert_close(found, logits.double().sum(0).softmax(0))
    certain = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert bool(merged_shares(certain, "product").isfinite().all())


def test_rules_by_hand() -> None:
    scores = torch.tensor([[0.6, 0.4, 0.0], [0.2, 0.3, 0.5]])
    torch.testing.assert_close(merged_shares(scores, "mean"), torch.tensor([0.4, 0.35, 0.25]))
    torch.testing.assert_close(merged_shares(scores, "max"), torch.tensor([0.6, 0.4, 0.5]) / 1.5)
    torch.testing.assert_close(merged_shares(scores, "product"), torch.tensor([0.5, 0.5, 0.0]))
    many = torch.tensor([[0.9, 0.5], [0.8, 0.2]])
    torch.testing.assert_close(merged_presences(many, "mean"), torch.tensor([0.85, 0.35]))
    torch.testing.assert_close(merged_presences(many, "max"), torch.tensor([0.9, 0.5]))
    torch.testing.assert_close(merged_presences(many, "product"), torch.tensor([0.72 / 0.74, 0.2]))


@EVERY_MERGE
def test_who_says_nothing_of_a_pixel_counts_for_nothing_there(merge: Merge) -> None:
    scores = torch.tensor([[[0.7, 0.0, 0.7], [0.3, 0.0, 0.3]], [[0.2, 0.2, 0.0], [0.8, 0.8, 0.0]]])
    said = torch.tensor([[True, False, True], [True, True, False]])
    found = merged_shares(scores, merge, said)
    torch.testing.assert_close(found[:, 1], torch.tensor([0.2, 0.8]))
    torch.testing.assert_close(found[:, 2], torch.tensor([0.7, 0.3]))
    nobody = merged_shares(scores, merge, torch.zeros(2, 3, dtype=torch.bool))
    assert not bool(nobody.any())


def test_classes_in_another_order_are_matched_by_name() -> None:
    other = ("moth", "ant", "bee", "fly")
    first, second = fcn(1), segnet(2, other)
    found = ensemble([first, second], keep_scores=True)(pictures(1)[0])
    a, b = share(first(pictures(1)[0])), share(second(pictures(1)[0]))
    torch.testing.assert_close(share(found), (a + b[[other.index(name) for name in NAMES]]) / 2)
    one, two = classifier(3), classifier(4, other)
    merged = ensemble([one, two])
    scores = two(pictures(1)[0]).get("label_scores")[[other.index(name) for name in NAMES]]
    expected = (one(pictures(1)[0]).get("label_scores") + scores) / 2
    torch.testing.assert_close(merged(pictures(1)[0]).get("label_scores"), expected)
    assert merged.classes == NAMES


def test_other_classes_are_refused_with_a_diff() -> None:
    with pytest.raises(ConfigError, match="'moth' expected, 'wasp' found"):
        ensemble([fcn(1), fcn(2, ("ant", "bee", "fly", "wasp"))])
    with pytest.raises(ConfigError, match="4 classes"):
        ensemble([fcn(1), fcn(2, NAMES[:3])])


def test_what_cannot_be_merged_is_refused() -> None:
    with pytest.raises(ConfigError, match="give the same"):
        ensemble([fcn(1), classifier(1)])
    with pytest.raises(UsageError, match="two networks or more"):
        ensemble([fcn(1)])
    with pytest.raises(UsageError, match="mean, max, product"):
        ensemble([fcn(1), fcn(1)], "median")  # pyright: ignore[reportArgumentType]
    boxes = detector(1)
    with pytest.raises(ConfigError, match="--merge mean, or --merge max"):
        ensemble([boxes, boxes], "product")
    localizer = Predictor(build("localizer", NAMES, trunk="resnet18", width=1 / 16, size=64).eval())
    with pytest.raises(ConfigError, match="boxes"):
        ensemble([localizer, localizer], "max")
    two_channels = build("fcn8s", NAMES, **FCN, channels=2).eval()
    with pytest.raises(ConfigError, match="3 channels"):
        ensemble([fcn(1), Predictor(two_channels)])


def test_boxes_of_two_detectors_suppress_each_other_as_those_of_views_do() -> None:
    predictors = [detector(seed) for seed in range(2)]
    picture = pictures(1)[0]
    found = ensemble(predictors, "max")(picture).instances
    rows = [one(picture).instances for one in predictors]
    boxes, scores, labels = (torch.cat([getattr(one, name) for one in rows]) for name in ("boxes", "scores", "labels"))
    kept = nms(boxes, scores, labels, 0.5, 100)
    assert found is not None
    assert len(found) > 0
    assert torch.equal(found.boxes, boxes[kept])
    assert torch.equal(found.labels, labels[kept])
    alone = ensemble([predictors[0], predictors[0]], "max")(picture).instances
    assert alone is not None
    assert torch.equal(alone.scores, rows[0].scores)


def test_boxes_of_two_detectors_are_fused_by_their_mean() -> None:
    predictors = [detector(seed) for seed in range(2)]
    picture = pictures(1)[0]
    both = ensemble(predictors)
    found = both(picture).instances
    rows = [one(picture).instances for one in predictors]
    boxes, scores, labels = (torch.cat([getattr(one, name) for one in rows]) for name in ("boxes", "scores", "labels"))
    fused, told, surest = fuse_boxes(boxes, scores, labels, 2)
    assert found is not None
    assert len(fused) > 100
    assert torch.equal(found.boxes, fused[:100])
    assert torch.equal(found.scores, told[:100])
    assert torch.equal(found.labels, labels[surest[:100]])
    # The threshold is one of merged scores: what each network says below it still counts.
    middle = float(told[50])
    strong = both(picture, threshold=middle).instances
    assert strong is not None
    assert torch.equal(strong.scores, told[:100][told[:100] >= middle])
    assert both.members is not None
    assert both.members.best_seen == pytest.approx(float(told[0]))


def test_a_fused_object_keeps_the_mask_of_the_surest_and_its_box() -> None:
    mask = Masks.from_dense(torch.zeros(1, 20, 20, dtype=torch.bool))
    first, second = (
        Instances(torch.tensor([[0.0, 0, 10, height]]), torch.tensor([1]), torch.tensor([score]), mask)
        for height, score in ((10.0, 0.4), (11.0, 0.8))
    )
    found = merged_objects([Annotation(instances=one) for one in (first, second)], (20, 20), Suppression(), "mean")
    assert found.boxes is not None
    assert found.scores is not None
    assert found.boxes.tolist() == [[0, 0, 10, 11]]
    assert found.scores.tolist() == pytest.approx([0.6])
    plain = [Annotation(instances=replace(one, masks=None)) for one in (first, second)]
    alone = merged_objects(plain, (20, 20), Suppression(), "mean")
    assert alone.boxes is not None
    assert alone.boxes[0, 3].item() == pytest.approx(10 + 2 / 3)
    nothing = Annotation(instances=first[torch.zeros(1, dtype=torch.bool)])
    assert len(merged_objects([nothing, nothing], (20, 20), Suppression(), "mean")) == 0


def test_several_views_are_merged_first() -> None:
    seen = {"scales": (1.0, 1.5), "flip": True, "keep_scores": True}
    first, second = (Predictor(one.system, **seen) for one in (fcn(1), segnet(2)))
    found = ensemble([first, second], keep_scores=True)(pictures(1)[0])
    torch.testing.assert_close(share(found), (share(first(pictures(1)[0])) + share(second(pictures(1)[0]))) / 2)


def test_deconvnet_by_proposals_and_fcn_are_averaged_as_in_the_paper() -> None:
    """Noh et al. 2015, section 4.3: the mean of the score maps, DeconvNet's being gathered from proposals."""
    torch.manual_seed(5)
    options: dict[str, Any] = {"trunk": "vgg11_bn", "width": 1 / 16, "size": 32, "sees": "proposals"}
    system = begun(build("deconvnet", NAMES, **options, search="windows", proposals=8), 5)
    first, second = Predictor(system, keep_scores=True), fcn(1)
    picture = pictures(1)[0]
    found = ensemble([first, second], keep_scores=True)(picture)
    expected = (share(first(picture)) + share(second(picture))) / 2
    torch.testing.assert_close(share(found), expected)
    assert torch.equal(found.get("semantic"), expected.argmax(0))


def test_few_pictures_scores_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ensemble([fcn(1), segnet(2)])
    expected = both(pictures())
    monkeypatch.setattr(members, "MOST", 1)
    assert all(
        torch.equal(a.get("semantic"), b.get("semantic")) for a, b in zip(both(pictures()), expected, strict=True)
    )


def test_an_ensemble_takes_pictures_alone_and_has_no_layers() -> None:
    both = ensemble([fcn(1), segnet(2)])
    assert both.engine.name == "fcn8s + segnet_basic"
    with pytest.raises(ConfigError, match="only predicts"):
        _ = both.system
    with pytest.raises(ConfigError, match="a batch of one network"):
        both.raw(fcn(1).system.batch(pictures(1)))
    other = ensemble([fcn(1), segnet(2)], "max")
    assert both.engine.digest() == ensemble([fcn(1), segnet(2)]).engine.digest() != other.engine.digest()


@EVERY_MERGE
def test_scores_are_those_of_maps_merged_by_hand(merge: Merge) -> None:
    data: Dataset = sc.open_data("scenes:count=4,size=60")
    names = data.vocabularies.names("semantic")
    first, second = fcn(1, names), segnet(2, names)
    scores = sc.evaluate(ensemble([first, second], merge), data, batch=2)
    each: list[Tensor] = []
    for place in range(len(data)):
        a, b = share(first(data[place].image)), share(second(data[place].image))
        by_hand = {"mean": a + b, "max": a.maximum(b), "product": a * b}[merge]
        each.append(pixel_counts(by_hand.argmax(0), data[place].truth.get("semantic"), len(names)))
    counts = torch.stack(each).sum(0)
    own = [value for value in overlaps(counts) if value is not None]
    assert scores["miou"] == pytest.approx(sum(own) / len(own), abs=1e-6)
    assert scores["miou"] != pytest.approx(sc.evaluate(first, data)["miou"], abs=1e-3)
    assert not any(name.startswith("loss") for name in scores)


def written(folder: Path, predictor: Predictor, options: dict[str, Any]) -> str:
    """A run's folder that holds a network."""
    run, name = RunFolder(folder), predictor.engine.name
    run.path.mkdir()
    config = {"system": {"name": name, "options": options}, "classes": {"semantic": list(predictor.classes)}}
    data = {"data": "scenes:count=3,size=60", "val": "scenes:count=2,size=60"}
    run.write_config(config | data | {"input": predictor.engine.input.as_dict(), "precision": "32"})
    run.write_classes(predictor.classes)
    checkpoint.save(run.checkpoints, "step-1", predictor.system.state_dict(), None, {"step": 1})
    checkpoint.point(run.checkpoints, "last", "step-1")
    return str(folder)


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Two runs, of networks of unlike sizes."""
    names = sc.open_data("scenes:count=1").vocabularies.names("semantic")
    segnet_options = {"width": 1 / 8, "size": 48}
    return [
        written(tmp_path / "fcn", fcn(1, names), FCN),
        written(tmp_path / "segnet", segnet(2, names), segnet_options),
    ]


def test_runs_are_loaded_together(runs: list[str]) -> None:
    picture = pictures(1)[0]
    both = sc.load(runs, merge="product", keep_scores=True)
    first, second = (sc.load(run, keep_scores=True)(picture) for run in runs)
    product = share(first) * share(second)
    torch.testing.assert_close(share(both(picture)), product / product.sum(0), atol=2e-6, rtol=1e-4)
    assert torch.equal(sc.load(runs)(picture).get("semantic"), (share(first) + share(second)).argmax(0))
    with pytest.raises(UsageError, match="several runs to merge"):
        sc.load(runs[0], merge="mean")
    with pytest.raises(UsageError, match="a system beside them"):
        sc.load(runs, fcn(1).system)
    with pytest.raises((ConfigError, DataError)):
        sc.load([runs[0], runs[0] + "gone"])


def test_the_commands_take_a_second_run(runs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_picture(tmp_path / "a.png", 1)
    out = tmp_path / "out"
    words = ["predict", runs[0], str(tmp_path / "a.png"), "--with", runs[1], "--out", str(out), "--keep-scores"]
    assert cli.main([*words, "--merge", "max"]) == 0, capsys.readouterr().err
    scores = np.load(next((out / "semantic_scores").iterdir()))["scores"]
    first, second = (share(sc.load(run, keep_scores=True)(tmp_path / "a.png")) for run in runs)
    greatest = first.maximum(second)
    np.testing.assert_allclose(scores, (greatest / greatest.sum(0)).numpy(), atol=2e-3)
    assert cli.main([*words, "--merge", "mean"]) == 1  # what is there was merged otherwise
    assert "another --out" in capsys.readouterr().err
    assert cli.main(["evaluate", runs[0], "--with", runs[1], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "miou" in told
    assert "loss" not in told
    assert cli.main(["evaluate", runs[0], "--merge", "mean"]) == 2
    assert "--with" in capsys.readouterr().err


@pytest.mark.slow
def test_a_report_shows_what_they_say_together(runs: list[str], tmp_path: Path) -> None:
    both = sc.load(runs)
    sc.evaluate(both, sc.open_data("scenes:count=3,size=60"), out=tmp_path)
    assert "fcn8s + segnet_basic" in (tmp_path / "report.html").read_text()
    disturbed = sc.disturb(both, sc.open_data("scenes:count=2,size=60"), kinds=["noise"], strengths=[0.5])
    assert "miou" in disturbed["noise"]["scores"]
