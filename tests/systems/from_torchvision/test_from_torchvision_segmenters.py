"""torchvision's segmenters as systems."""

import pytest
import torch
from torchvision.models.segmentation import FCN_ResNet50_Weights, fcn_resnet50, lraspp_mobilenet_v3_large
from torchvision.transforms.v2.functional import normalize

import saccade as sc
from saccade.core.errors import UsageError
from saccade.core.input.channels import IMAGENET_MEAN, IMAGENET_STD
from torchvision_models import model_of

PRESET = FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1


@pytest.mark.parametrize("name", ["fcn_resnet50", "deeplabv3_resnet50"])
def test_a_segmenter_answers_the_same(name: str) -> None:
    module = model_of(name, weights_backbone=None, aux_loss=True, num_classes=5)
    system = sc.from_torchvision(module)
    pictures = torch.rand(2, 3, 56, 75)
    with torch.no_grad():
        said, wanted = system.forward(system.batch(list(pictures))), module(_normal(pictures))
    assert system.input.rule == "native"
    least = 1e-4 * float(wanted["out"].abs().max())
    torch.testing.assert_close(said["pixels"].logits, wanted["out"], rtol=1e-4, atol=least)
    torch.testing.assert_close(said["auxiliary"].logits, wanted["aux"], rtol=1e-4, atol=least)
    (first, _) = system.predict(system.batch(list(pictures)))
    assert torch.equal(first.semantic, wanted["out"][0].argmax(0))
    assert (system.silent, system.loss_weights) == (("auxiliary",), {"auxiliary": 0.5})


def test_names_and_preprocessing_are_those_of_the_weights() -> None:
    with torch.device("meta"):
        module = fcn_resnet50(weights=None, weights_backbone=None, aux_loss=True)
        system = sc.from_torchvision(module, weights=PRESET)
        plain = sc.from_torchvision(module)
    assert system.classes == plain.classes == tuple(PRESET.meta["categories"])
    assert system.classes[0] == "__background__"
    picture = (torch.rand(3, 600, 700) * 255).to(torch.uint8)
    # A few pixels lie half-way between two bytes, and are rounded either way.
    apart = (system.input.batch([picture]).images[0] - PRESET.transforms()(picture)).abs()
    assert (apart > 1e-5).float().mean() < 1e-4
    assert apart.max() < 0.02
    assert plain.input.batch([picture]).images.shape[-2:] == (600, 700)
    assert set(system.heads) == {"pixels", "auxiliary"}


def test_trunks_without_residual_blocks_are_refused() -> None:
    with torch.device("meta"), pytest.raises(UsageError, match="LRASPP"):
        sc.from_torchvision(lraspp_mobilenet_v3_large(weights=None, weights_backbone=None))


def _normal(pictures: torch.Tensor) -> torch.Tensor:
    return normalize(pictures, list(IMAGENET_MEAN), list(IMAGENET_STD))
