"""What segmenters show of their own: probabilities, doubt, what the coarsest map alone says, and a decoder's steps."""

from typing import Any

import pytest
import torch

import saccade as sc
from saccade.network.views import Inspectable


@pytest.mark.parametrize("name", ["fcn8s", "segnet_basic", "unet"])
def test_a_segmenter_shows_what_it_is_unsure_of(name: str) -> None:
    torch.manual_seed(0)
    options: dict[str, Any] = {"trunk": "resnet18"} if name == "fcn8s" else {}
    system = sc.build(name, ["sky", "tree", "road"], width=0.125, size=48, **options).eval()
    for parameter in system.heads.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    image = torch.randint(0, 256, (3, 48, 64), dtype=torch.uint8)
    found = sc.look(system, image)
    assert {"pixels/probabilities", "pixels/doubt"} <= found.keys()
    batch = system.batch([image])
    with torch.no_grad():
        maps = system.maps(batch)
        head = system.heads["pixels"]
        assert isinstance(head, Inspectable)
        shown: Any = head.views(maps)
        (answer,) = system.decode(maps)
    height, width = batch.sizes[0].tolist()
    torch.testing.assert_close(shown["probabilities"][0, :, :height, :width], answer.get("semantic_scores"))
    assert float(shown["doubt"].max()) <= 2 / 3 + 1e-6
    if name == "fcn8s":
        assert "pixels/coarse" in found
        assert bool((shown["coarse"][0].semantic != answer.get("semantic")).any())
    else:
        assert "neck/steps" in found


def test_each_step_of_a_decoder_is_shown_by_what_fires_most() -> None:
    torch.manual_seed(0)
    system = sc.build("segnet_basic", ["sky", "tree"], width=0.125, size=48).eval()
    batch = system.batch([torch.randint(0, 256, (3, 48, 64), dtype=torch.uint8) for _ in range(2)])
    with torch.no_grad():
        maps = system.maps(batch)
    assert isinstance(system.neck, Inspectable)
    steps: Any = system.neck.views(maps)["steps"]
    assert steps.shape == (2, 4, *maps["up1"].shape[-2:])
    fired = maps["up1"].clamp(min=0)
    for picture in range(2):
        best = int(fired[picture].mean((1, 2)).argmax())
        torch.testing.assert_close(steps[picture, 3], fired[picture, best])
