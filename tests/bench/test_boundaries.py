"""The study of boundaries, on tiny sizes: its pictures are alike, its strips show borders, nothing is done twice."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from bench.boundary_data import HeldPixels, middle
from bench.boundary_methods import LEARNERS, METHODS
from bench.boundary_strip import busiest, draw_strip
from bench.boundary_study import Study
from bench.boundary_table import markdown
from PIL import Image

from bench import boundaries
from saccade.core.annotation import Annotation
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies


class Halves:
    """Pictures whose right half is of another class; every second one stands upright."""

    classes, joints, fields = ("left", "right"), None, frozenset({"semantic"})
    vocabularies = Vocabularies({"semantic": classes})

    def __len__(self) -> int:
        return 4

    def id(self, index: int) -> str:
        return f"picture{index}"

    def __getitem__(self, index: int) -> Sample:
        height, width = (60, 100) if index % 2 == 0 else (100, 60)
        classes = (torch.arange(width) >= width // 2).long().expand(height, width)
        return Sample((classes * 200).byte().expand(3, -1, -1), Annotation(semantic=classes), self.id(index))


def held(**options: Any) -> HeldPixels:
    data: Any = Halves()
    return HeldPixels(data, (30, 40), **options)


def test_the_middle_is_the_largest_window_of_a_shape() -> None:
    assert middle((60, 100), (30, 40)) == (0, 10, 60, 80)
    assert middle((100, 60), (40, 30)) == (10, 0, 80, 60)
    assert middle((360, 480), (180, 240)) == (0, 0, 360, 480)


def test_pictures_are_of_one_size_and_stay_upright() -> None:
    data = held()
    assert [tuple(data[place].image.shape) for place in range(4)] == [(3, 30, 40), (3, 40, 30)] * 2
    lying = data.truth(0).get("semantic")
    assert lying.sum(1).tolist() == [20] * 30  # a border stays in the middle
    assert data[0].image[0, :, 30:].unique().tolist() == [200]
    few = held(most=2)
    assert [few.id(place) for place in range(len(few))] == ["picture0", "picture2"]


def test_each_method_has_a_network_and_a_name_of_its_own() -> None:
    assert {method.learner for method in METHODS} == set(LEARNERS)
    assert len({method.name for method in METHODS}) == len(METHODS)


def test_a_strip_shows_the_window_with_the_most_borders(tmp_path: Path) -> None:
    classes = torch.zeros(30, 40, dtype=torch.int64)
    classes[20:24, 30:34] = 1
    share, top, left, side = busiest(classes)
    assert side == 15
    assert top <= 19
    assert top + side >= 25
    assert left <= 29
    assert left + side >= 35
    assert share == pytest.approx((12 + 16) / 15**2)  # the rim inside, and the pixels beside it
    said: Any = lambda image: Annotation(semantic=torch.zeros(image.shape[1:], dtype=torch.int64))  # noqa: E731
    draw_strip({"one": said, "two": said}, held(), tmp_path / "strip.png")
    with Image.open(tmp_path / "strip.png") as strip:
        assert strip.width > 4 * 2 * 15


def test_the_table_has_a_line_a_method_and_says_what_was_sought() -> None:
    row = {"set": "camvid", "method": "fcn8s", "kind": "skips", "miou": 0.25, "boundary_f1": None, "near": 0.125}
    row |= {"ms": 12.4, "mib": 101.5, "parameters": 1.234, "seconds": 60.0}
    known = {"machine": {"cores": 1, "processor": "a machine"}, "rows": {}}
    known["rows"]["b"] = {**row, "method": "deeplab1, CRF sought", "kind": "colours", "appearance": [3.0, 30.0, 5.0]}
    known["rows"]["a"] = row
    told = markdown(Study(Path(), Path(), ("camvid",)), known)
    assert told.index("| fcn8s |") < told.index("| deeplab1, CRF sought |")
    assert "| fcn8s | skips | 0.250 |  | 0.125 | 12 | 102 | 1.23 |" in told
    assert "a weight of 3, 30 pixels, 5 grey values" in told
    assert "2 minutes on 1 core(s), a machine" in told


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.timeout(900)
def test_the_study_runs_and_does_nothing_twice(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(data_root, tmp_path, sets=("pennfudan",)).quick
    table = boundaries.run(study)
    known = json.loads((tmp_path / "results.json").read_text())
    assert len(known["rows"]) == len(METHODS)
    for row in known["rows"].values():
        assert 0 <= row["miou"] <= 1
        assert row["ms"] > 0
        assert row["mib"] > 0
    assert (tmp_path / "pennfudan.png").is_file()
    monkeypatch.setattr(boundaries, "row", SimpleNamespace())  # whoever calls it fails
    assert boundaries.run(study) == table == (tmp_path / "results.md").read_text()
