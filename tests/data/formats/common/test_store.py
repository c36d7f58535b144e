"""Annotations in arrays: what goes in comes out, and workers share it."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from saccade.core.annotation import Annotation
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.data.formats.coco.document import read_document
from saccade.data.formats.common.store import RaggedArray, Store, starts_of
from saccade.data.loading.loader import Loader, LoaderSettings


def test_ragged_rows() -> None:
    rows = RaggedArray.of([np.array([1.0, 2]), np.array([]), np.array([3.0])], np.float32)
    assert [rows[i].tolist() for i in range(len(rows))] == [[1, 2], [], [3]]
    names = RaggedArray.of_text(["a", "", "é漢", os.fsdecode(b"\xff.jpg")])
    assert [names.text(i) for i in range(4)] == ["a", "", "é漢", os.fsdecode(b"\xff.jpg")]
    assert len(RaggedArray.of([], np.float32)) == len(RaggedArray.of_text([])) == 0


def big_store(pictures: int, boxes: int) -> Store:
    total = pictures * boxes
    corners = np.random.default_rng(0).random((total, 4), np.float32)
    return Store(
        sizes=np.full((pictures, 2), 8, np.int32),
        starts=starts_of([boxes] * pictures),
        boxes=corners,
        labels=np.arange(total, dtype=np.int32) % 5,
        area=corners[:, 0],
        crowd=np.zeros(total, bool),
    )


def test_rows_of_a_picture_are_copies() -> None:
    store = big_store(3, 4)
    rows = store.truth(1).instances
    assert torch.equal(rows.boxes, torch.from_numpy(store.boxes[4:8]))
    rows.boxes.zero_()
    assert store.boxes[4:8].any()
    assert store.label(1) == int(store.labels[4 + store.area[4:8].argmax()])


class Boxes:
    """A store as a data set, with pictures of nothing."""

    joints = None
    classes = tuple("abcde")

    def __init__(self, store: Store) -> None:
        self.store, self.names = store, RaggedArray.of_text([f"{i}.jpg" for i in range(len(store))])
        self.fields = store.fields

    def __len__(self) -> int:
        return len(self.store)

    def __getitem__(self, index: int) -> Sample:
        return Sample(torch.zeros(3, 8, 8, dtype=torch.uint8), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        return self.store.truth(index)

    def id(self, index: int) -> str:
        return self.names.text(index)


def own_memory(process: int) -> int:
    """KiB that a process shares with no other, because it wrote to them."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))


def memory_of_workers(data: Boxes, epochs: int) -> list[int]:
    """KiB of two workers together after each of some epochs."""
    loader = Loader(data, InputSpec(), LoaderSettings(batch=100, shuffle=True, workers=2))
    memory: list[int] = []
    for epoch in range(epochs):
        assert sum(len(batch) for batch in loader.epoch(epoch)) == len(data)
        memory.append(sum(map(own_memory, loader.workers)))
    loader.close()
    return memory


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")
def test_workers_share_a_million_boxes() -> None:
    few = memory_of_workers(Boxes(big_store(400, 1)), 1)
    many = memory_of_workers(Boxes(big_store(4000, 250)), 4)
    assert many[3] < 1.1 * many[1]  # The first epoch also loads code.
    # The arrays take 28 MiB; each worker would copy them, and lists take ten times as much.
    assert many[3] - few[0] < 20 * 1024


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")
def test_a_million_boxes_of_a_file_stay_in_arrays(tmp_path: Path) -> None:
    pictures, each = 4000, 250
    images = ",".join(f'{{"id":{n},"file_name":"{n}.png","width":640,"height":480}}' for n in range(pictures))
    boxes = ",".join(
        f'{{"id":{k},"image_id":{k // each},"category_id":{k % 5},"bbox":[{k % 500},{k % 400},{k % 90 + 1}.5,9]}}'
        for k in range(pictures * each)
    )
    names = ",".join(f'{{"id":{k},"name":"{name}"}}' for k, name in enumerate("abcde"))
    path = tmp_path / "a.json"
    path.write_text(f'{{"images":[{images}],"categories":[{names}],"annotations":[{boxes}]}}')
    store = read_document(path).store
    assert len(store.boxes) == pictures * each
    assert store.truth(3).instances.boxes[1].tolist() == [251, 351, 283.5, 360]  # Of width 751 % 90 + 1.5.
    memory = memory_of_workers(Boxes(store), 3)
    assert memory[2] < 1.1 * memory[0]
