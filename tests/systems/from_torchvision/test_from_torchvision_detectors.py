"""torchvision's dense detectors as systems: the same boxes, labels and scores in the pictures' own pixels."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import detection as tv
from torchvision.models import vgg16
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG
from torchvision.ops import FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

import saccade as sc
from saccade.core.errors import UsageError
from saccade.systems.build import build

CLASSES = 7
NONE = {"weights": None, "weights_backbone": None}


def filled(module: nn.Module) -> nn.Module:
    """Weights and statistics that let scores and boxes differ from place to place; labelled to some degree."""
    draw = torch.Generator().manual_seed(3)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d | FrozenBatchNorm2d):
            layer.running_var.copy_(torch.rand(layer.running_var.shape, generator=draw) + 1.5)
            layer.running_mean.copy_(torch.randn(layer.running_mean.shape, generator=draw) * 0.1)
    head = module.head
    for tower in (head.classification_head, head.regression_head):
        for layer in tower.modules():
            if isinstance(layer, nn.Conv2d):
                scale = (2 / layer.weight[0].numel()) ** 0.5
                layer.weight.data = torch.randn(layer.weight.shape, generator=draw) * scale
    return module.eval()


def quieted(module: nn.Module, images: Sequence[Tensor]) -> None:
    """Scale the last layers so that scores are neither 0 nor 1, and boxes near their anchors."""
    with torch.no_grad():
        batch, _ = module.transform(images)
        found = module.head(list(module.backbone(batch.tensors).values()))
    scores, boxes = module.head.classification_head, module.head.regression_head
    for part, name, values, spread in (
        (scores, "cls_logits", found["cls_logits"], 2.5),
        (boxes, "bbox_reg", found["bbox_regression"], 0.3),
    ):
        for layer in getattr(part, "module_list", None) or [getattr(part, name)]:
            layer.weight.data *= spread / float(values.std())
            layer.bias.data.fill_(-4.0 if layer is getattr(scores, "cls_logits", None) else 0.0)


@torch.no_grad()
def assert_same_answers(module: nn.Module, images: list[Tensor], *, least: int = 20) -> None:
    """One picture at a time: torchvision's answers change in the company of a larger picture."""
    quieted(module, images[:1])
    system, shift = sc.from_torchvision(module), int(isinstance(module, SSD))
    assert not system.training
    for image in images:
        want = module([image])[0]
        batch = system.batch([image])
        (found,) = batch.undo(system.predict(batch))
        rows = found.instances
        assert len(rows) == len(want["boxes"]) >= least
        torch.testing.assert_close(rows.scores, want["scores"], rtol=1e-3, atol=1e-3)
        # Of equal scores any may come first.
        order, theirs = (s.argsort(descending=True, stable=True) for s in (rows.scores, want["scores"]))
        near = (rows.boxes[order] - want["boxes"][theirs]).abs().amax(1) < 1e-3
        assert int((~near).sum()) <= len(near) // 50
        same = rows.labels[order][near] + shift == want["labels"][theirs][near]
        assert bool(same.all())


def pictures(*sizes: tuple[int, int]) -> list[Tensor]:
    """Smooth noise with values all over 0..1."""
    draw = torch.Generator().manual_seed(4)
    return [
        nn.functional.interpolate(torch.rand(1, 3, 9, 9, generator=draw), size, mode="bicubic")[0].clamp(0, 1)
        for size in sizes
    ]


def small_retinanet(norm: type[nn.Module], **options: object) -> RetinaNet:
    torch.manual_seed(2)
    backbone = resnet_fpn_backbone(
        backbone_name="resnet18",
        weights=None,
        norm_layer=norm,
        trainable_layers=5,
        returned_layers=[2, 3, 4],
        extra_blocks=LastLevelP6P7(256, 256),
    )
    return filled(RetinaNet(backbone, CLASSES, min_size=128, max_size=192, **options))


def test_a_retinanet_answers_as_torchvision_s() -> None:
    # 161 pixels: torchvision's shorter side becomes one less than asked for.
    assert_same_answers(small_retinanet(FrozenBatchNorm2d), pictures((161, 200), (90, 300), (128, 128)))


def test_a_retinanet_is_known_by_the_name_of_ours() -> None:
    module = small_retinanet(FrozenBatchNorm2d, detections_per_img=50)
    for layer in module.modules():
        if isinstance(layer, FrozenBatchNorm2d):
            layer.eps = 0.0
    (image,) = pictures((150, 130))
    quieted(module, [image])
    with torch.no_grad():
        before = module([image])[0]["scores"]
    system = sc.from_torchvision(module)
    assert system.classes == ("__background__", *(f"class {label}" for label in range(1, CLASSES)))
    options = {"trunk": "resnet18", "pyramid": "convs_of_p5", "limit": 50, "norm": "frozen"}
    assert system.origin == {"system": "retinanet", "classes": list(system.classes), "options": options}
    # The network of ours with these weights gives these predictions, whatever the epsilon was.
    again = build("retinanet", system.classes, **options).eval()
    again.load_state_dict(system.state_dict())
    again.input = system.input
    found = again.predict(again.batch([image]))[0].get("instances").scores
    torch.testing.assert_close(found, before, rtol=1e-4, atol=1e-5)


def test_the_second_version_s_towers_are_normalised_by_groups() -> None:
    torch.manual_seed(1)
    module = filled(tv.retinanet_resnet50_fpn_v2(**NONE, num_classes=CLASSES, min_size=256, max_size=400))
    assert any(isinstance(layer, nn.GroupNorm) for layer in sc.from_torchvision(module).heads.modules())
    assert_same_answers(module, pictures((110, 150)))


def small_ssd() -> SSD:
    """`ssd300_vgg16`, put together here so that VGG's large layers, which it does without, are not filled."""
    with torch.device("meta"):
        extractor = SSDFeatureExtractorVGG(vgg16().features, highres=False)
    extractor, draw = extractor.to_empty(device="cpu"), torch.Generator().manual_seed(3)
    for parameter in extractor.parameters():
        fan_in = parameter[0].numel()
        noise = torch.randn(min(parameter.numel(), 9973), generator=draw).repeat(-(-parameter.numel() // 9973))
        parameter.data = noise[: parameter.numel()].view_as(parameter) * (2 / fan_in) ** 0.5 * (parameter.dim() > 1)
    extractor.scale_weight.data.fill_(20.0)
    with torch.device("meta"):
        whole = tv.ssd300_vgg16(**NONE)
    generator = DefaultBoxGenerator(
        whole.anchor_generator.aspect_ratios, scales=whole.anchor_generator.scales, steps=whole.anchor_generator.steps
    )
    means = {"image_mean": whole.transform.image_mean, "image_std": whole.transform.image_std}
    return filled(SSD(extractor, generator, (300, 300), CLASSES, **means))


def test_an_ssd_answers_as_torchvision_s() -> None:
    module = small_ssd()
    assert_same_answers(module, pictures((200, 350)))
    system = sc.from_torchvision(module)
    assert system.classes == tuple(f"class {label}" for label in range(1, CLASSES))
    assert system.input.size == (300, 300)
    assert system.origin is not None
    assert system.origin["options"] == {"variant": "torchvision", "size": 300}
    # A network of ours, however narrow, lays out the same boxes.
    ours = build("ssd300", system.classes, variant="torchvision", width=1 / 16)
    shapes = [(side, side) for side in (38, 19, 10, 5, 3, 1)]
    expected = module.anchor_generator(
        ImageList(torch.zeros(1, 3, 300, 300), [(300, 300)]), [torch.zeros(1, 1, *s) for s in shapes]
    )
    for found in (ours, system):
        torch.testing.assert_close(torch.cat(found.heads["boxes"].anchors(shapes, (300, 300))), expected[0])


def test_coco_s_names_are_known() -> None:
    with torch.device("meta"):
        names = sc.from_torchvision(tv.ssd300_vgg16(**NONE)).classes
    assert (len(names), len(set(names)), names[0], names[-1]) == (90, 90, "person", "toothbrush")
    with torch.device("meta"):
        system = sc.from_torchvision(tv.retinanet_resnet50_fpn(**NONE))
    assert (len(system.classes), system.classes[:2]) == (91, ("__background__", "person"))
    assert (system.input.shorter, system.input.longest, system.input.multiple) == (800, 1333, 32)
    assert not system.input.antialias


def test_other_trunks_are_refused() -> None:
    with torch.device("meta"):
        lite = tv.ssdlite320_mobilenet_v3_large(**NONE)
    with pytest.raises(UsageError, match="VGG-16"):
        sc.from_torchvision(lite)


@pytest.mark.real_data
@pytest.mark.slow
def test_photographs_get_torchvision_s_boxes(data_root) -> None:
    photos = sc.open_data(data_root / "coco128")
    images = [photos[index].image.float() / 255 for index in (0, 1, 2)]
    torch.manual_seed(0)
    assert_same_answers(filled(tv.retinanet_resnet50_fpn(**NONE, min_size=320, max_size=533)), images)
    assert_same_answers(filled(tv.ssd300_vgg16(**NONE)), images)
