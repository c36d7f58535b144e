"""Masks of several classes a pixel in use: views, several networks, drawings, and files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import CLASSES
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.ops import rle
from saccade.runtime.evaluate.gallery import asked
from saccade.runtime.predict.ensemble.members import ensemble
from saccade.runtime.predict.output import as_values, write_maps
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.views.merge import check_large
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip, Tiles
from saccade.runtime.predict.wording import in_words
from saccade.systems.build import build
from saccade.view.drawing.draw import draw
from saccade.view.drawing.palette import class_colour

NAMES = Vocabularies({"semantic": ("a/b", "A?b", "c")})
LAYERS = torch.zeros(3, 40, 60, dtype=torch.bool)
LAYERS[0, 5:20, 5:40], LAYERS[1, 10:30, 20:50] = True, True
SHOWN = Annotation(semantic_masks=Masks.from_dense(LAYERS))


def network(seed: int, size: int = 32) -> Predictor:
    torch.manual_seed(seed)
    system = build("segnet_basic", CLASSES, width=1 / 8, size=size, labels="several")
    with torch.no_grad():
        for path, parameter in system.named_parameters():
            if "heads" in path:
                parameter.normal_()
    return Predictor(system.eval(), keep_scores=True)


@pytest.mark.parametrize("views", [{"flip": True}, {"tile": 32}, {"tile": 32, "flip": True}], ids=str)
def test_views_agree_on_means_of_probabilities(views: dict) -> None:
    one = network(1)
    image = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(0))
    (found,) = Predictor(one.engine.system, keep_scores=True, **views)([image])
    assert found.semantic_mask_scores.shape == (len(CLASSES), 48, 64)
    assert torch.equal(found.semantic_masks.dense(), found.semantic_mask_scores > 0.5)
    assert found.semantic_masks_unknown is None
    if views == {"flip": True}:
        plain, flipped = one([image])[0], one([image.flip(2)])[0]
        mean = (plain.semantic_mask_scores + flipped.semantic_mask_scores.flip(2)) / 2
        torch.testing.assert_close(found.semantic_mask_scores, mean, atol=1e-4, rtol=0)
    (bare,) = Predictor(one.engine.system, **views)([image])
    assert bare.semantic_mask_scores is None
    assert torch.equal(bare.semantic_masks.dense(), found.semantic_masks.dense())


@pytest.mark.parametrize("merge", ["mean", "max", "product"])
def test_networks_are_merged_class_by_class(merge: str) -> None:
    first, second = network(1), network(2, size=48)
    images = [torch.rand(3, 40, 50, generator=torch.Generator().manual_seed(0))]
    (found,) = ensemble([first, second], merge, keep_scores=True)(images)
    a, b = (one(images)[0].semantic_mask_scores for one in (first, second))
    by_hand = {"mean": (a + b) / 2, "max": a.maximum(b), "product": a * b / (a * b + (1 - a) * (1 - b))}[merge]
    torch.testing.assert_close(found.semantic_mask_scores, by_hand, atol=1e-4, rtol=1e-4)
    assert torch.equal(found.semantic_masks.dense(), found.semantic_mask_scores > 0.5)


def test_very_large_pictures_are_refused() -> None:
    with pytest.raises(ConfigError, match="masks of several classes"):
        check_large(network(1).engine, MultiScaleFlip(tiles=Tiles(32, 0.1)), keep_scores=False)


def test_masks_are_written_as_runs_and_as_pictures(tmp_path: Path) -> None:
    scores = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(0))
    told = Annotation(
        semantic_masks=Masks.from_dense(LAYERS),
        semantic_masks_unknown=torch.zeros(40, 60, dtype=torch.bool),
        semantic_mask_scores=scores,
    )
    entry = json.loads(json.dumps(as_values(told, NAMES)))
    assert set(entry) == {"semantic_masks"}
    assert [one["class"] for one in entry["semantic_masks"]] == ["a/b", "A?b", "c"]
    assert entry["semantic_masks"][0]["share"] == pytest.approx(15 * 35 / 2400, abs=1e-6)
    for one, layer in zip(entry["semantic_masks"], LAYERS, strict=True):
        assert torch.equal(rle.decode([one["mask"]["counts"].encode()], (40, 60)).dense()[0], layer)
    written = write_maps(told, tmp_path, "deep/one", NAMES)
    files = written["semantic_mask_files"]
    assert files == [f"semantic_masks/deep/one/{name}.png" for name in ("a_b_0", "A_b_1", "c")]
    for file, layer in zip(files, LAYERS, strict=True):
        assert np.array_equal(np.array(Image.open(tmp_path / file)), layer.numpy() * 255)
    kept = np.load(tmp_path / written["semantic_mask_scores"])
    assert np.array_equal(kept["scores"], scores.half().numpy())
    assert kept["classes"].tolist() == ["a/b", "A?b", "c"]


def test_they_are_told_in_words() -> None:
    assert in_words(SHOWN, NAMES) == "A?b 25%, a/b 22%"
    assert in_words(Annotation(semantic_masks=Masks.empty((4, 4), 3)), NAMES) == "no pixel of its classes"


def test_they_are_drawn_over_each_other_with_rims() -> None:
    grey = torch.full((3, 400, 600), 100, dtype=torch.uint8)
    layers = torch.zeros(3, 400, 600, dtype=torch.bool)
    layers[0, 50:350, 50:400], layers[1, 100:200, 300:500] = True, True
    drawn = np.array(draw(grey, Annotation(semantic_masks=Masks.from_dense(layers)), NAMES)).astype(int)
    first, second = (np.array(class_colour(label)) for label in (0, 1))
    once = 0.6 * 100 + 0.4 * first
    assert np.abs(drawn[300, 100] - once).max() <= 1
    assert np.abs(drawn[190, 320] - (0.6 * once + 0.4 * second)).max() <= 1  # the smaller lies on the larger
    assert (drawn[50, 60] == first).all()
    assert (drawn[20, 20] == 100).all()


def test_a_gallery_shows_masks_beside_masks_alone() -> None:
    both = Annotation(
        semantic=torch.zeros(40, 60), semantic_masks=SHOWN.semantic_masks, semantic_sought=torch.tensor([True])
    )
    several = frozenset({"semantic_masks", "semantic_mask_scores"})
    assert asked(both, several).present() == {"semantic_masks", "semantic_sought"}
    assert asked(both, frozenset({"semantic", "semantic_scores"})).present() == {"semantic", "semantic_sought"}
