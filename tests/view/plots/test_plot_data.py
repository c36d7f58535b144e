"""Charts of a data set: drawn also where there is next to nothing, with the right counts."""

import numpy as np
import pytest

from saccade.view.pages.check import MOST_ROWS, CheckContent, render_check
from saccade.view.plots import data as plot_data

SVG = b"<svg "


def test_class_bars_show_every_split_and_the_most_frequent_classes():
    many = {f"class{k}": k for k in range(40)}
    svg = plot_data.class_bars({"train": many, "val": {"class39": 1}}, "objects").decode()
    assert all(name in svg for name in (">train<", ">val<", ">class39<", ">class10<"))
    assert ">class9<" not in svg


@pytest.mark.parametrize("values", [[], [0.5], [0.1, 0.1], np.linspace(0, 1, 50)])
@pytest.mark.parametrize("log", [False, True])
def test_spreads_of_any_length(values: list[float], log: bool):
    assert SVG in plot_data.spread({"train": values}, "size", "objects", (0.1, 1.0), log)
    assert SVG in plot_data.spread({"train": values}, "size", "objects", log=log)


@pytest.mark.parametrize("ends", [(0.001, 0.02), (0.1, 1.0), (5.0, 8.0), (1.0, 1e6)])
def test_ticks_of_a_logarithmic_axis_are_plain_numbers(ends: tuple[float, float]):
    drawn = plot_data.spread({"train": list(ends)}, "size", "objects", ends, log=True)
    assert b"mathdefault" not in drawn
    assert b"$" not in drawn


def test_heat_and_sizes():
    assert SVG in plot_data.heat(np.zeros((24, 24)))
    svg = plot_data.picture_sizes({"train": {(480, 640): 9, (100, 200): 1}, "val": {(480, 640): 2}}).decode()
    assert ">width, pixels<" in svg
    assert SVG in plot_data.picture_sizes({"train": {(8, 8): 1}})
    assert SVG in plot_data.picture_sizes({})


def test_a_page_of_many_defects_says_how_many_are_left_out():
    row = {"path": "<b>", "where": 3, "annotation_id": None, "found": "x", "expected": "y", "cure": "z"}
    page = render_check(CheckContent("data", defects=[row] * (MOST_ROWS + 1)))
    assert page.count("&lt;b&gt;</td>") == MOST_ROWS
    assert f"The first {MOST_ROWS} of {MOST_ROWS + 1} are here" in page
    assert "None." in render_check(CheckContent("data"))
