"""R-CNN: the paper's numbers, its stages from one training, and machines that score what they learnt."""

from dataclasses import replace

import pytest
import torch

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.heads.regions import solved_top
from saccade.ops.boxes.geometry import iou_matrix
from saccade.systems.build import build

SMALL = {"trunk": "vgg11", "width": 1 / 16, "size": 32, "search": "windows", "proposals": 20}


def on_meta(**options):
    with torch.device("meta"):
        return build("rcnn", 20, **options)


def test_the_paper_s_numbers():
    system = on_meta()
    head, top = system.heads["regions"], system.heads["regions"].box
    assert (top.pool.rules.side, top.pool.rules.context) == (227, 16)
    assert top.box.in_features == 6 * 6 * 256
    assert tuple(top.machines.weight.shape) == (20, 4096)
    assert top.score.out_features == 21
    assert head.sample.number * system.recipe.batch == 128
    assert int(head.sample.number * head.sample.share) * system.recipe.batch == 32
    mining, ridge = top.solving.mining, top.solving.ridge
    assert (mining.negative, mining.hard, mining.easy, mining.retrain, mining.norm) == (0.3, -1.0001, -1.2, 2000, 20)
    assert (mining.svm.cost, mining.svm.bias_scale, mining.svm.positive_weight) == (1e-3, 10, 2)
    assert (ridge.near, ridge.penalty, top.rules.suppression.overlap) == (0.6, 1000, 0.3)
    assert sum(p.numel() for p in top.body.parameters()) == 9216 * 4096 + 4096 + 4096 * 4096 + 4096


@pytest.mark.parametrize("scores", ["svm", "softmax"])
def test_machines_and_boxes_stand_still_while_the_network_learns(scores):
    system = on_meta(scores=scores, trunk="vgg11", width=1 / 16)
    descent, solution = system.recipe.stages
    system.freeze(descent.freeze)
    learning = {path for path, p in system.named_parameters() if p.requires_grad}
    still = {path.split(".")[-2] for path, _ in system.named_parameters() if path not in learning}
    assert still == ({"box", "machines"} if scores == "svm" else {"box"})
    assert {f"regions/{term}" for term in system.heads["regions"].terms} - set(descent.silent) == {"regions/class"}
    assert (solution.solve, solution.share) == (("regions",), 0)


def squares(count=6):
    """Pictures of one red or green square each, with regions near it and elsewhere."""
    draw = torch.Generator().manual_seed(0)
    images, truths, proposed = list[torch.Tensor](), list[Annotation](), list[torch.Tensor]()
    for label in (number % 2 for number in range(count)):
        left, top = torch.randint(4, 30, (2,), generator=draw).tolist()
        image = torch.rand(3, 60, 60, generator=draw) * 0.2
        image[label, top : top + 24, left : left + 24] += 0.8
        box = torch.tensor([[left, top, left + 24.0, top + 24]])
        shifts = torch.randint(-4, 5, (12, 4), generator=draw)
        corners = torch.rand(30, 2, generator=draw) * 30
        regions = torch.cat([box + shifts, torch.cat([corners, corners + 26], 1)])
        images.append(image)
        truths.append(Annotation(instances=Instances(boxes=box, labels=torch.tensor([label]))))
        proposed.append(regions)
    return images, truths, proposed


def test_machines_and_boxes_find_what_they_were_solved_from():
    torch.manual_seed(0)
    system = build("rcnn", 2, **SMALL, cost=0.1).eval()
    top = system.heads["regions"].box
    top.solving = replace(top.solving, ridge=replace(top.solving.ridge, penalty=1.0))
    batch = system.batch(*squares())
    with torch.no_grad():
        told = system.heads["regions"].solve(lambda: [(system.maps(batch), batch.truth)])
    assert bool(top.solved)
    assert (told["pictures"], told["positives"]) == (6, 6)
    reached, begun = list[float](), list[float]()
    for answer, truth, regions in zip(system.predict(batch), batch.truth, batch.regions, strict=True):
        best = answer.instances[:1]
        assert torch.equal(best.labels, truth.instances.labels)
        assert best.scores.item() > 0.5
        reached.append(iou_matrix(best.boxes, truth.instances.boxes).item())
        begun.append(iou_matrix(regions, truth.instances.boxes)[:12].mean().item())
    assert min(reached) > 0.7
    assert sum(reached) > sum(begun)
    nothing = replace(batch, regions=tuple(torch.zeros(0, 4) for _ in batch.truth))
    assert [len(answer.instances) for answer in system.predict(nothing)] == [0] * 6


def test_one_command_learns_and_solves_and_goes_on_from_what_was_described(tmp_path, monkeypatch):
    seen: list[int] = []
    real = solved_top.compute_region_features

    def compute_region_features(picture, *rest):
        seen.append(1)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(picture, *rest)

    options = SMALL | {"steps": 1, "batch": 1, "workers": 0, "proposals": 10}
    data = sc.open_data("scenes:count=4,size=64", split="train")  # without pictures to validate on, for speed
    monkeypatch.setattr(solved_top, "compute_region_features", compute_region_features)
    with pytest.raises(KeyboardInterrupt):
        sc.train("rcnn", data, out=tmp_path, **options)
    assert len(list((tmp_path / "solving").rglob("*.safetensors"))) == 2
    sc.train("rcnn", data, out=tmp_path, resume=True, **options)
    assert len(seen) == 3 + 2  # two stood on the shelf
    assert not list((tmp_path / "solving").rglob("*.safetensors"))
    assert bool(sc.load(tmp_path, which="last").system.heads["regions"].box.solved)
    (told,) = [line for line in (tmp_path / "metrics.jsonl").read_text().splitlines() if "solve/regions/scale" in line]
    assert '"solve/regions/pictures": 4' in told


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="fully connected"):
        build("rcnn", ("a",), trunk="resnet18")
    with pytest.raises(UsageError, match="search"):
        build("rcnn", ("a",), trunk="vgg11", width=1 / 16, search="nowhere")
