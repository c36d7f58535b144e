"""What the benches measure on is what they say."""

import subprocess
import sys
from pathlib import Path

import pytest
from bench.machine import describe_machine
from bench.pictures import draw_pictures
from bench.reading import Size, write_coco, write_folder

from saccade.data.open import open_data

ROOT = Path(__file__).parents[2]


def test_drawn_pictures_are_a_data_set_of_two_classes(tmp_path):
    data = open_data(draw_pictures(tmp_path, 5, (30, 40)))
    assert list(data.classes) == ["ants", "bees"]
    assert [int(data.truth(i).label) for i in range(5)] == [0, 0, 0, 1, 1]
    assert data[0].image.shape == (3, 30, 40)


def test_a_drawn_photograph_is_as_many_bytes_as_a_photograph(tmp_path):
    draw_pictures(tmp_path, 1)
    size = next(tmp_path.rglob("*.jpg")).stat().st_size
    assert 40_000 < size < 160_000


@pytest.mark.parametrize("outlined", [False, True])
def test_the_coco_file_is_sound_and_has_every_object(tmp_path, outlined):
    write_coco(tmp_path, Size(pictures=7, boxes=40), outlined=outlined)
    data = open_data(tmp_path)
    assert len(data) == 7
    assert sum(len(data.truth(i).instances.boxes) for i in range(7)) == 40
    assert ("instances.masks" in data.fields) == outlined


def test_the_folder_has_every_picture(tmp_path):
    write_folder(tmp_path, 25)
    data = open_data(f"folder:{tmp_path}")
    assert len(data) == 25
    assert len(data.classes) == 10


def test_the_machine_is_described_in_full():
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["memory_gib"] > 0
    assert machine["torch"] != "absent"


def test_the_process_that_starts_the_sides_loads_neither_torch_nor_saccade():
    code = (
        "import sys, bench.__main__ as main, importlib; [importlib.import_module(f'bench.{name}') for name in "
        "main.BENCHES]; print(sorted({'torch', 'saccade'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_bench_is_refused_with_the_known_ones():
    done = subprocess.run([sys.executable, "-m", "bench", "nothing"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "train_resnet50" in done.stderr
