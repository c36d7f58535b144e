"""Masks of several classes a pixel, on their way: cut, joined, moved, and led back."""

import torch

from saccade.core.annotation import Annotation
from saccade.core.frame import Frame
from saccade.core.geometry.affine import mirror, scaling, translation
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies, key_of

DRAW = torch.Generator().manual_seed(0)
LAYERS = torch.rand(4, 20, 30, generator=DRAW) > 0.6
LAYERS[2] = False


def test_cut_and_joined() -> None:
    masks = Masks.from_dense(LAYERS)
    assert torch.equal(masks.cut((12, 7)).dense(), LAYERS[:, :12, :7])
    assert masks.cut((20, 30)) is masks
    joined = masks.joined([[0, 1], [], [2], [3]])
    assert torch.equal(joined.dense(), torch.stack([LAYERS[0] | LAYERS[1], LAYERS[2], LAYERS[2], LAYERS[3]]))
    assert len(Masks.empty((5, 6)).joined([])) == 0


def test_fields_stand_in_the_vocabulary_of_pixels() -> None:
    fields = ("semantic_masks", "semantic_mask_scores", "semantic_sought")
    assert [key_of(field) for field in fields] == ["semantic"] * 3
    assert Vocabularies.of(["a"], {"semantic_masks"}) == Vocabularies({"semantic": ("a",)})


def test_what_a_shift_brings_in_is_unknown() -> None:
    truth = Annotation(semantic_masks=Masks.from_dense(LAYERS))
    moved = Frame(translation(5, 0), (20, 30), (20, 30)).apply(truth)
    assert torch.equal(moved.semantic_masks.dense()[:, :, 5:], LAYERS[:, :, :-5])
    assert not bool(moved.semantic_masks.dense()[:, :, :5].any())
    assert bool(moved.semantic_masks_unknown[:, :5].all())
    assert not bool(moved.semantic_masks_unknown[:, 5:].any())
    assert moved.present() == {"semantic_masks"}
    flipped = Frame(mirror(30), (20, 30), (20, 30)).apply(truth)
    assert torch.equal(flipped.semantic_masks.dense(), LAYERS.flip(2))
    assert flipped.semantic_masks_unknown is None


def test_unknown_pixels_move_with_the_masks() -> None:
    unknown = torch.zeros(20, 30, dtype=torch.bool)
    unknown[3:6, 4:9] = True
    truth = Annotation(semantic_masks=Masks.from_dense(LAYERS), semantic_masks_unknown=unknown)
    moved = Frame(scaling(2, 2), (20, 30), (40, 60)).apply(truth)
    assert torch.equal(moved.semantic_masks_unknown, unknown.repeat_interleave(2, 0).repeat_interleave(2, 1))


def test_undo_of_masks_alone_is_the_truth() -> None:
    truth = Annotation(semantic_masks=Masks.from_dense(LAYERS))
    for matrix, size in ((mirror(30), (20, 30)), (scaling(2, 2), (40, 60)), (translation(3, 2), (22, 33))):
        frame = Frame(matrix, (20, 30), size)
        back = frame.undo(frame.apply(truth))
        assert torch.equal(back.semantic_masks.dense(), LAYERS)
        assert back.semantic_masks_unknown is None


def test_undo_decides_by_scores_in_the_pictures_own_pixels() -> None:
    frame = Frame(scaling(0.5, 0.5) @ translation(-4, 0), (20, 30), (10, 13))
    scores = torch.rand(3, 10, 13, generator=DRAW)
    padded = torch.nn.functional.pad(scores, (0, 3, 0, 2), value=1.0)
    shown = Annotation(semantic_masks=Masks.from_dense(padded > 0.5), semantic_mask_scores=padded)
    kept, told = frame.undo(shown), frame.undo(shown, keep_scores=False)
    assert torch.equal(kept.semantic_masks.dense(), kept.semantic_mask_scores > 0.5)
    assert torch.equal(told.semantic_masks.dense(), kept.semantic_masks.dense())
    assert told.semantic_mask_scores is None
    assert bool(kept.semantic_masks_unknown[:, :4].all())
    assert not bool(kept.semantic_masks_unknown[:, 4:].any())
    assert not bool(kept.semantic_mask_scores[:, :, :4].any())
