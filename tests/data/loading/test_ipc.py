"""Batches cross between processes unchanged, pictures by shared memory or, where that is small, by the pipe."""

import pickle
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from made import Memory
from saccade.core.errors import DataError
from saccade.core.input.input_spec import InputSpec
from saccade.data.loading import ipc as carry
from saccade.data.loading.fetch import Fetch, Key, Plain
from saccade.data.loading.workers import WorkerStatus


def loaded(places: list[int]) -> carry.LoadedBatch:
    data, spec = Memory(9, bad=(4,)), InputSpec()
    return Fetch(data, spec, Plain(spec), 0, True, WorkerStatus(0, data.id)).__getitems__(
        [Key(0, place) for place in places]
    )


@pytest.mark.parametrize("pack", [carry.pack_shared, carry.pack_bytes, carry.untouched])
@pytest.mark.parametrize("places", [[1, 2, 3], [1, 4, 3], [4], [0]])
def test_round_trip(pack, places: list[int]) -> None:
    sent = loaded(places)
    packed = pack(sent)
    found = carry.unpack(pickle.loads(pickle.dumps(packed)))
    assert [(place, str(error)) for place, error in found.bad] == [(place, str(error)) for place, error in sent.bad]
    if sent.batch is None:
        assert found.batch is None
        return
    assert found.batch.ids == sent.batch.ids
    assert torch.equal(found.batch.images, sent.batch.images)
    for mine, its in zip(found.batch.truth, sent.batch.truth, strict=True):
        assert torch.equal(mine.instances.boxes, its.instances.boxes)
        assert torch.equal(mine.label, its.label)
        mine.instances.boxes.add_(1)  # What arrives may be written to.
    assert found.batch.frames[0].source == sent.batch.frames[0].source


def test_only_the_pictures_cross_as_a_tensor() -> None:
    packed = carry.pack_shared(loaded([1, 2, 3]))
    assert len(packed.rest) < 6000
    assert packed.images is not None


def test_shared_memory_is_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(carry.shutil, "disk_usage", lambda path: usage(64 * 2**20))
    assert carry.shared_memory_lacks(40 * 2**20) is None
    assert "100 MiB are needed in /dev/shm, found 64 MiB free" in str(carry.shared_memory_lacks(100 * 2**20))


def test_where_there_is_no_such_memory_there_is_no_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(carry, "SHARED_MEMORY", tmp_path / "absent")
    assert carry.shared_memory_lacks(2**60) is None


def test_errors_keep_their_fields() -> None:
    error = carry.unpack(carry.pack_bytes(loaded([4]))).bad[0][1]
    assert isinstance(error, DataError)
    assert (error.path, error.line, error.annotation_id, error.cure) == ("memory/4.png", 3, "x", "cure")
