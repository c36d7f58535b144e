"""Every picture once, the same for the same seed whatever the workers do, and faults that name their files."""

import hashlib
import os
import signal
import time
from collections import namedtuple
from dataclasses import replace

import pytest
import torch

from made import Memory
from saccade.core.batch import Batch
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, ResourceError, SaccadeError
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Framed
from saccade.data.loading import ipc as carry
from saccade.data.loading.loader import Loader, LoaderSettings

# Machines with one or two cores get more workers here than torch would advise.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

SPEC = InputSpec(rule="stretch", size=(8, 8))
TRAIN = LoaderSettings(batch=4, shuffle=True, seed=5)


def noisy(dataset: Dataset, index: int, generator: torch.Generator | None) -> Framed:
    """A picture with noise, drawn as an augmentation would draw."""
    image, frame = SPEC.resize(dataset[index].image)
    return Framed(image + torch.rand(image.shape, generator=generator), frame, dataset.truth(index))


def log(loader: Loader, epoch: int, start_batch: int = 0) -> list[tuple[tuple[str, ...], str]]:
    """Names and a hash of the pixels of every batch."""
    return [
        (batch.ids, hashlib.sha256(batch.images.numpy().tobytes()).hexdigest())
        for batch in loader.epoch(epoch, start_batch)
    ]


def names(batches: list[Batch]) -> list[str]:
    return [name for batch in batches for name in batch.ids]


@pytest.mark.parametrize("workers", [0, 2])
def test_each_picture_once_an_epoch_and_differently_each_time(workers: int) -> None:
    loader = Loader(Memory(10), SPEC, replace(TRAIN, workers=workers), noisy)
    first, second = log(loader, 0), log(loader, 1)
    loader.close()
    assert len(loader) == len(first) == 3
    for epoch in (first, second):
        assert sorted(name for ids, _ in epoch for name in ids) == sorted(Memory(10).id(i) for i in range(10))
    assert not {pixels for _, pixels in first} & {pixels for _, pixels in second}


def test_workers_and_resumes_change_nothing() -> None:
    whole = log(Loader(Memory(21), SPEC, TRAIN, noisy), 3)
    for workers, start in ((1, 0), (2, 2), (3, 5)):
        loader = Loader(Memory(21), SPEC, replace(TRAIN, workers=workers), noisy)
        assert log(loader, 3, start) == whole[start:]
        assert log(loader, 3, start) == whole[start:]  # Resumed a second time by the same workers.
        loader.close()
    assert log(Loader(Memory(21), SPEC, replace(TRAIN, seed=6), noisy), 3) != whole


def test_an_epoch_left_in_the_middle_does_not_spoil_the_next() -> None:
    loader = Loader(Memory(21), SPEC, replace(TRAIN, workers=2), noisy)
    next(iter(loader.epoch(0)))
    again = log(loader, 1)
    loader.close()
    assert again == log(Loader(Memory(21), SPEC, TRAIN, noisy), 1)


def test_the_runs_own_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    for workers in (0, 1):
        loader = Loader(Memory(5), SPEC, replace(TRAIN, workers=workers), noisy)
        log(loader, 0)
        loader.close()
    assert torch.equal(before, torch.get_rng_state())


def test_pictures_drawn_twice_are_augmented_twice() -> None:
    loader = Loader(Memory(2), SPEC, replace(TRAIN, batch=1), noisy, weights=torch.tensor([1.0, 0.0]))
    found = log(loader, 0)
    assert {ids for ids, _ in found} == {("memory/0.png",)}
    assert len({pixels for _, pixels in found}) == 2


def test_training_shares_have_equal_batches() -> None:
    plans = [Loader(Memory(9), SPEC, replace(TRAIN, rank=rank, world=2)).plan(0) for rank in range(2)]
    assert [len(batch) for batch in plans[0]] == [len(batch) for batch in plans[1]] == [4, 1]
    assert {index for plan in plans for batch in plan for index in batch} == set(range(9))
    assert len(Loader(Memory(9), SPEC, replace(TRAIN, rank=0, world=2, drop_last=True))) == 1


def test_evaluation_groups_sizes_and_counts_each_once() -> None:
    loaders = [Loader(Memory(11), InputSpec(), LoaderSettings(batch=4, rank=rank, world=2)) for rank in range(2)]
    batches = [batch for loader in loaders for batch in loader.epoch(0)]
    assert sorted(names(batches)) == sorted(Memory(11).id(i) for i in range(11))
    for batch in batches:
        assert len({tuple(size) for size in batch.sizes.tolist()}) == 1
        assert batch.images.shape[2:] == tuple(batch.sizes[0].tolist())


def test_truth_moves_with_its_picture() -> None:
    batch = next(Loader(Memory(6), InputSpec(rule="stretch", size=(16, 32)), LoaderSettings(batch=6)).epoch(0))
    assert batch.truth[4].instances.boxes[0].tolist() == [16, 8, 16, 8]
    assert batch.truth[3].instances.boxes.shape == (0, 4)
    assert batch.undo(list(batch.truth))[4].instances.boxes[0].tolist() == [4, 4, 4, 4]


def test_no_pictures() -> None:
    loader = Loader(Memory(0), SPEC, TRAIN)
    assert (len(loader), list(loader.epoch(0))) == (0, [])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_picture_ends_the_epoch_with_its_fields(workers: int) -> None:
    loader = Loader(Memory(8, bad=(3,)), SPEC, replace(TRAIN, workers=workers))
    with pytest.raises(DataError) as caught:
        list(loader.epoch(0))
    loader.close()
    assert (caught.value.path, caught.value.line, caught.value.annotation_id) == ("memory/3.png", 3, "x")
    assert caught.value.cure == "cure"


@pytest.mark.parametrize("workers", [0, 2])
def test_bad_pictures_are_skipped_and_told_once(workers: int) -> None:
    told: list[tuple[str, SaccadeError]] = []
    settings = replace(TRAIN, workers=workers, on_bad="skip", batch=7)
    loader = Loader(Memory(200, bad=(3, 4)), SPEC, settings, on_skip=lambda name, error: told.append((name, error)))
    for epoch in range(2):
        assert len(names(list(loader.epoch(epoch)))) == 198
    loader.close()
    assert sorted(name for name, _ in told) == sorted(loader.skipped) == ["memory/3.png", "memory/4.png"]


def test_a_batch_of_bad_pictures_is_left_out() -> None:
    loader = Loader(Memory(3, bad=(1,)), SPEC, LoaderSettings(batch=1, on_bad="skip"))
    assert names(list(loader.epoch(0))) == ["memory/0.png", "memory/2.png"]


def test_too_many_bad_pictures_end_the_epoch() -> None:
    loader = Loader(Memory(200, bad=(3,)), SPEC, replace(TRAIN, on_bad="skip", left_out=2))
    with pytest.raises(DataError, match="at most 2 of 202 pictures to skip, found 3 "):
        list(loader.epoch(0))
    loader = Loader(Memory(200, bad=(3, 4, 5)), SPEC, replace(TRAIN, on_bad="skip"))
    with pytest.raises(DataError, match="at most 2 of 200"):
        list(loader.epoch(0))


def test_other_errors_are_not_hidden() -> None:
    def broken(dataset: Dataset, index: int, generator: torch.Generator | None) -> None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        list(Loader(Memory(3), SPEC, replace(TRAIN, on_bad="skip"), broken).epoch(0))


def test_a_killed_worker_is_told_within_seconds() -> None:
    loader = Loader(Memory(40, sleeper=11), SPEC, LoaderSettings(batch=4, workers=1, timeout=60))
    batches = loader.epoch(0)
    assert [len(next(batches)), len(next(batches))] == [4, 4]
    time.sleep(0.5)
    started = time.monotonic()
    with pytest.raises((ResourceError, RuntimeError)) as caught:  # noqa: PT012
        os.kill(loader.workers[0], signal.SIGKILL)
        next(batches)  # Torch raises at whatever place the news comes in.
    assert time.monotonic() - started < 5
    error = caught.value if isinstance(caught.value, ResourceError) else loader.explain(caught.value)
    assert isinstance(error, ResourceError)
    assert error.path == "memory/11.png"
    assert "workers" in str(error.cure)
    assert "memory" in str(error.cure)
    loader.close()


def test_a_bus_error_speaks_of_shared_memory() -> None:
    loader = Loader(Memory(4), SPEC, replace(TRAIN, workers=1))
    error = loader.explain(RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. "))
    assert isinstance(error, ResourceError)
    assert "shared memory" in error.what
    other = RuntimeError("something else")
    assert loader.explain(other) is other


@pytest.mark.slow
def test_a_stuck_worker_is_told_with_its_file() -> None:
    loader = Loader(Memory(8, sleeper=5), SPEC, LoaderSettings(batch=2, workers=2, timeout=1.5))
    with pytest.raises(DataError, match="stuck") as caught:
        list(loader.epoch(0))
    assert caught.value.path == "memory/5.png"
    loader.close()


def test_small_shared_memory_is_said_and_got_round(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(carry.shutil, "disk_usage", lambda path: usage(2**20))
    with pytest.warns(UserWarning, match=r"found 1 MiB free.*--shm-size"):
        loader = Loader(Memory(10), SPEC, replace(TRAIN, workers=2), noisy)
    assert log(loader, 0) == log(Loader(Memory(10), SPEC, TRAIN, noisy), 0)
    with pytest.warns(UserWarning, match="shm"):
        loader.close()
