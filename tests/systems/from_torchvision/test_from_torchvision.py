"""torchvision's models as systems: same layers, same predictions, same way in."""

import pytest
import torch
import torchvision.models as tv
from torch import Tensor, nn

import saccade as sc
from saccade.core.errors import UsageError
from saccade.network.system import System
from saccade.systems.build import build
from torchvision_models import as_batch, model_of

CLASSES = 5
# Side of a small picture that each takes.
SIDES = {
    **dict.fromkeys(("alexnet", "vgg11", "vgg13_bn", "resnet18", "resnet50", "resnext50_32x4d"), 64),
    **{"googlenet": 64, "inception_v3": 128},
}


def module_of(name: str, **options: object) -> nn.Module:
    """torchvision's network for few classes."""
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return model_of(name, num_classes=CLASSES, **extra, **options)


def same(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("name", SIDES)
@torch.no_grad()
def test_answers_are_torchvision_s(name: str) -> None:
    module = module_of(name)
    system = sc.from_torchvision(module)
    images = torch.rand(2, 3, SIDES[name], SIDES[name], generator=torch.Generator().manual_seed(0))
    same(system.forward(as_batch(images))["label"].logits, module(images))
    assert {id(p) for p in system.parameters()} == {id(p) for p in module.parameters()}
    assert not system.training
    assert system.classes == tuple(f"class {i}" for i in range(CLASSES))


@torch.no_grad()
def test_auxiliary_heads_are_torchvision_s() -> None:
    for name, side in (("googlenet", 64), ("googlenet", 224), ("inception_v3", 299)):
        module = module_of(name)
        system = sc.from_torchvision(module)
        maps = system.maps(as_batch(torch.rand(1, 3, side, side)))
        theirs = {"aux": "AuxLogits", "aux1": "aux1", "aux2": "aux2"}
        assert system.silent
        for head in system.silent:
            expected = module.get_submodule(theirs[head])(maps[system.heads[head].reads[0]])
            same(system.heads[head](maps).logits, expected)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
@torch.no_grad()
def test_a_moved_normalisation_is_part_of_the_way_in(name: str) -> None:
    module = module_of(name, transform_input=True, aux_logits=False)
    system = sc.from_torchvision(module)
    assert system.input.mean == system.input.std == (0.5, 0.5, 0.5)
    assert list(system.heads) == ["label"]
    assert prepared_as_torchvision(system, module, tv.get_model_weights(name)["IMAGENET1K_V1"])


@torch.no_grad()
def test_pictures_get_in_as_torchvision_s_preset_says() -> None:
    module = module_of("resnet18")
    assert prepared_as_torchvision(sc.from_torchvision(module), module, tv.ResNet18_Weights.IMAGENET1K_V1)


@pytest.mark.parametrize("shape", [(267, 400), (400, 361)])
@torch.no_grad()
def test_bytes_of_odd_sizes_get_the_very_answers(shape: tuple[int, int]) -> None:
    module = module_of("resnet18")
    picture = torch.randint(0, 256, (3, *shape), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    expected = module(tv.ResNet18_Weights.IMAGENET1K_V1.transforms()(picture)[None]).softmax(1)[0]
    found = sc.Predictor(sc.from_torchvision(module), precision="32")([picture])[0].get("label_scores")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def prepared_as_torchvision(system: System, module: nn.Module, weights: tv.WeightsEnum) -> bool:
    """Whether a raw picture larger than the crop gets the probabilities that torchvision's preset and model give."""
    picture = torch.rand(3, 400, 361, generator=torch.Generator().manual_seed(1))
    expected = module(weights.transforms()(picture)[None]).softmax(1)[0]
    found = system.predict(system.batch([picture]))[0].get("label_scores")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    return int(found.argmax()) == int(expected.argmax())


def test_names_and_preprocessing_are_those_of_the_weights() -> None:
    with torch.device("meta"):
        module = tv.resnet50()
    first, second = sc.from_torchvision(module), sc.from_torchvision(module, weights=tv.ResNet50_Weights.IMAGENET1K_V2)
    assert first.classes[:2] == second.classes[:2] == ("tench", "goldfish")
    assert (first.input.shorter, second.input.shorter) == (256, 232)
    assert first.input.size == second.input.size == (224, 224)


@pytest.mark.parametrize(
    ("name", "expected", "options"),
    [
        ("alexnet", "alexnet", {"variant": "torchvision"}),
        ("vgg13", "vgg13", {}),
        ("resnet34", "resnet34", {}),
        ("resnet50", "resnet50", {}),
        ("googlenet", "googlenet", {"variant": "torchvision", "auxiliary": True}),
        ("inception_v3", "inception_v3", {"auxiliary": True}),
    ],
)
def test_a_network_of_ours_is_known_by_its_name(name: str, expected: str, options: dict[str, object]) -> None:
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        system = sc.from_torchvision(tv.get_model(name, num_classes=3, **extra))
        again = build(expected, system.classes, **options)
    assert system.origin == {"system": expected, "classes": list(system.classes), "options": options}
    assert list(again.state_dict()) == list(system.state_dict())


@pytest.mark.parametrize("name", ["vgg11_bn", "wide_resnet50_2"])
def test_other_networks_of_the_families_have_no_name(name: str) -> None:
    with torch.device("meta"):
        assert sc.from_torchvision(tv.get_model(name, num_classes=3)).origin is None


def test_other_modules_are_refused() -> None:
    with pytest.raises(UsageError, match=r"AlexNet.*found Linear"):
        sc.from_torchvision(nn.Linear(2, 2))
    with torch.device("meta"):
        module = tv.vgg11()
    module.classifier = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(UsageError, match="three fully connected"):
        sc.from_torchvision(module)
    with pytest.raises(UsageError, match="weights of a classifier"):
        sc.from_torchvision(tv.resnet18(num_classes=2), weights=tv.segmentation.FCN_ResNet50_Weights.DEFAULT)
