"""Answers come in order, in each picture's own pixels, whatever the company; what cannot be read is said."""

import copy

import numpy as np
import pytest
import torch

from helpers import CLASSES, TinyHead, picture, save_picture, tiny_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, DataError, ResourceError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.predict.buckets import ahead, buckets
from saccade.runtime.predict.engine import finish
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.views import batched_views

SPECS = [
    InputSpec.stretch(16),
    InputSpec("letterbox", (16, 16)),
    InputSpec("native", multiple=4),
    InputSpec("shorter", shorter=9, multiple=8),
]


def assert_same(a: Annotation, b: Annotation) -> None:
    assert torch.allclose(a.label_scores, b.label_scores, atol=1e-5)
    assert torch.allclose(a.instances.boxes, b.instances.boxes, atol=1e-4)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.rule)
@pytest.mark.parametrize("batch", [1, 3, 16])
def test_company_never_changes_an_answer_and_order_is_kept(spec, batch):
    predictor = Predictor(tiny_system(input=spec))
    pictures = [picture(i) for i in range(7)]
    together = predictor(pictures, batch=batch)
    assert len(together) == 7
    for image, prediction in zip(pictures, together, strict=True):
        assert_same(prediction, predictor([image])[0])


def test_boxes_are_in_the_pictures_own_pixels_and_fall_by_score():
    image = picture(0)
    rows = Predictor(tiny_system(input=InputSpec("letterbox", (32, 40))))([image])[0].instances
    height, width = image.shape[1:]
    assert torch.allclose(rows.boxes[1], torch.tensor([0.0, 0, width, height]), atol=1e-3)
    assert torch.allclose(
        rows.boxes[0], torch.tensor([0.25, 0.25, 0.75, 0.75]) * rows.boxes[1, [2, 3, 2, 3]], atol=1e-3
    )
    assert rows.scores[0] > rows.scores[1]


def test_the_threshold_drops_rows_alone():
    predictor = Predictor(tiny_system())
    full, best, none = (predictor([picture(0)], threshold=t)[0] for t in (0.0, 0.3, 1.1))
    assert [len(a.instances) for a in (full, best, none)] == [2, 1, 0]
    assert none.instances.boxes.shape == (0, 4)
    assert torch.equal(none.label_scores, full.label_scores)


def test_files_and_arrays_answer_alike(tmp_path):
    save_picture(tmp_path / "a.png", 4)
    image = picture(4)
    predictor = Predictor(tiny_system())
    path, tensor, array, floats = predictor([tmp_path / "a.png", image, image.numpy(), image.float() / 255])
    for other in (tensor, array, floats):
        assert_same(path, other)
    assert_same(path, predictor([str(tmp_path / "a.png")])[0])


def test_no_pictures_have_no_answers():
    assert Predictor(tiny_system())([]) == []


def test_a_bad_picture_raises_and_names_itself(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DataError) as caught:
        Predictor(tiny_system())([picture(0), tmp_path / "bad.png"])
    assert caught.value.path == str(tmp_path / "bad.png")


def test_in_a_stream_a_bad_picture_fails_alone():
    bad = [torch.zeros(3, 0, 4), np.zeros((8, 9, 4), np.uint8), picture(0).long(), picture(0).float(), picture(0)[0]]
    found = dict(Predictor(tiny_system()).stream([picture(0), *bad, picture(1)], batch=2))
    assert sorted(found) == list(range(7))
    assert all(isinstance(found[i], DataError) for i in range(1, 6))
    assert "array[..., :3]" in found[2].cure
    assert found[5].cure == "give a grey picture as array[None]"
    assert isinstance(found[0], Annotation)
    assert isinstance(found[6], Annotation)


def test_a_picture_with_other_channels_is_refused():
    found = dict(Predictor(tiny_system()).stream([torch.zeros(5, 8, 8)]))
    assert isinstance(found[0], ConfigError)


def test_a_stream_is_of_several_pictures():
    with pytest.raises(UsageError):
        next(Predictor(tiny_system()).stream("a.jpg"))
    with pytest.raises(UsageError, match="found int"):
        Predictor(tiny_system())(3)


def test_what_does_not_fit_together_goes_one_by_one_and_fails_alone(monkeypatch):
    predictor = Predictor(tiny_system(input=InputSpec("native")))
    true_predictions = predictor.network_predictions
    tried = []

    def network_predictions(batch, threshold=0.0):
        tried.append(len(batch))
        if len(batch) > 1 or batch.images.shape[-1] > 30:
            raise torch.OutOfMemoryError("stub")
        return true_predictions(batch, threshold)

    monkeypatch.setattr(predictor, "network_predictions", network_predictions)
    small = torch.zeros(3, 8, 8, dtype=torch.uint8)
    found = dict(predictor.stream([small, small, torch.zeros(3, 8, 40)]))
    assert tried == [2, 1, 1, 1]
    assert isinstance(found[2], ResourceError)
    assert "8x40" in found[2].what
    assert isinstance(found[1], Annotation)


def test_other_errors_are_not_swallowed(monkeypatch):
    def broken(self, raw):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(TinyHead, "decode", broken)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        Predictor(tiny_system())([picture(0)])


def test_modes_are_restored_and_weights_untouched():
    system = tiny_system().train()
    system.trunk.body[3].eval()
    before = copy.deepcopy(system.state_dict())
    Predictor(system)([picture(0)])
    assert system.training
    assert not system.trunk.body[3].training
    assert all(torch.equal(v, before[k]) for k, v in system.state_dict().items())


def test_bf16_casts_a_copy_and_answers_in_float32():
    system = tiny_system(input=InputSpec("native"))
    predictor = Predictor(system, precision="bf16")
    assert next(system.parameters()).dtype == torch.float32
    assert next(predictor.system.parameters()).dtype == torch.bfloat16
    image = torch.zeros(3, 300, 517, dtype=torch.uint8)
    prediction = predictor([image])[0]
    assert prediction.label_scores.dtype == prediction.instances.boxes.dtype == torch.float32
    # 517 is no bfloat16: it stays whole only where decoding is done in float32.
    assert torch.allclose(prediction.instances.boxes[1], torch.tensor([0.0, 0, 517, 300]))
    assert torch.allclose(prediction.label_scores, Predictor(system)([image])[0].label_scores, atol=0.05)


def test_raw_is_the_heads_output():
    predictor = Predictor(tiny_system())
    batch = predictor.system.batch([picture(0), picture(1)])
    assert predictor.raw(batch)["tiny"].logits.shape == (2, len(CLASSES))


def test_finish_keeps_unscored_rows_and_integers():
    prediction = Annotation(label=torch.tensor(3), instances=Instances(boxes=torch.ones(2, 4, dtype=torch.bfloat16)))
    done = finish(prediction, 0.9)
    assert done.label.dtype == torch.int64
    assert done.instances.boxes.dtype == torch.float32
    assert len(done.instances) == 2


def test_buckets_give_each_item_once_in_equal_company():
    items = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9]
    found = list(buckets(items, lambda n: n % 2, lambda n: 1, size=3, room=100))
    assert sorted(n for group in found for n in group) == sorted(items)
    assert found[0] == [3, 1, 1]
    assert all(len({n % 2 for n in group}) == 1 and len(group) <= 3 for group in found)


def test_buckets_hold_no_more_than_their_room():
    seen = []

    def stream():
        for n in range(20):
            seen.append(n)
            yield n

    given = 0
    for group in buckets(stream(), lambda n: n, lambda n: 10, size=4, room=50):
        given += len(group)
        assert len(seen) - given < 5
    assert given == 20


def test_ahead_keeps_order_and_raises_in_place():
    assert list(ahead(lambda n: n * n, range(50), threads=3)) == [n * n for n in range(50)]
    stream = ahead(lambda n: 1 // n, [1, 0])
    assert next(stream) == 1
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_room_is_what_the_predictor_uses(monkeypatch):
    monkeypatch.setattr(batched_views, "ROOM", 1)
    sizes = []
    predictor = Predictor(tiny_system())
    monkeypatch.setattr(
        predictor, "network_predictions", lambda batch, t: [sizes.append(len(batch)) or Annotation()] * len(batch)
    )
    assert len(predictor([picture(i) for i in range(3)])) == 3
    assert sizes == [1, 1, 1]
