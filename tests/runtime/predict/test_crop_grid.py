"""A grid of crops at several scales, as VGG's authors classify: what each shows, and the mean of what is said."""

import pytest
import torch
import torch.nn.functional as F

import saccade as sc
from saccade.core.errors import ConfigError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip, viewing

SPEC = InputSpec("crop", (8, 8), shorter=10, mean=(0.0,), std=(1.0,))


def test_vgg_s_150_crops() -> None:
    spec = InputSpec("crop", (224, 224), shorter=256)
    views = list(viewing(scales=(1, 1.5, 2), flip=True, crops=5).of((300, 400), spec))
    assert len(views) == 3 * 25 * 2
    assert {view.frame.target for view in views} == {(224, 224)}


def test_crops_are_spread_from_corner_to_corner() -> None:
    image = torch.rand(1, 10, 14, generator=torch.Generator().manual_seed(0))
    seen = [view.visualize(image, SPEC) for view in MultiScaleFlip(crops=3).of((10, 14), SPEC)]
    expected = [image[:, top : top + 8, left : left + 8] for top in (0, 1, 2) for left in (0, 3, 6)]
    assert all(torch.equal(one, other) for one, other in zip(seen, expected, strict=True))
    (alone,) = MultiScaleFlip(crops=1).of((10, 14), SPEC)
    assert torch.equal(alone.visualize(image, SPEC), SPEC.resize(image)[0])


def test_a_classifier_says_the_mean_over_its_crops() -> None:
    torch.manual_seed(0)
    system = sc.build("resnet18", ["ant", "bee"], width=0.125, size=32)
    image = torch.randint(0, 256, (3, 50, 70), dtype=torch.uint8)
    found = sc.Predictor(system, device="cpu", crops=2, flip=True)(image)
    spec, views = system.input, list(viewing(flip=True, crops=2).of((50, 70), system.input))
    with torch.no_grad():
        batches = [spec.assemble([view.visualize(image, spec)], [view.frame]) for view in views]
        logits = [system.eval()(batch)["label"].logits[0] for batch in batches]
    assert len(views) == 8
    assert F.softmax(torch.stack(logits), 1).mean(0).tolist() == pytest.approx(found.label_scores.tolist(), abs=1e-5)


def test_what_has_no_crops_is_refused() -> None:
    detector = sc.build("retinanet", ["ant"], trunk="resnet18", width=0.125, size=64)
    with pytest.raises(ConfigError, match="classifier that sees the centre"):
        sc.Predictor(detector, device="cpu", crops=2)
    with pytest.raises(UsageError, match="no tiles"):
        viewing(tile=64, crops=2)
