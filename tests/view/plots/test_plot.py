"""Charts: sound SVG with the given names and numbers, whatever the names hold; nothing is drawn of nothing."""

import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from saccade.metrics.sections import Curve, Curves
from saccade.view.plots import chart as plot
from saccade.view.plots import classes as plot_classes
from saccade.view.plots import curves as plot_curves
from saccade.view.plots.strength import against_strength

HOSTILE = ["<img onerror=alert(1)>", "$x$", "a\x00b", "車", "x" * 300]


def texts(svg):
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    return [" ".join("".join(node.itertext()).split()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


def roc(curves):
    return plot_curves.curves(Curves(title="ROC", curves=tuple(Curve(*c) for c in curves), x="x", y="y", diagonal=True))


def matrix(classes):
    counts = np.random.default_rng(0).integers(0, 3, (classes, classes))
    np.fill_diagonal(counts, 50)
    return counts


def test_lines_name_what_they_show_and_leave_gaps_out():
    steps = list(range(100))
    training = plot.Line("training", steps, [1 / (s + 1) for s in steps], smooth=True)
    validation = plot.Line("validation", [10, 20, 30], [0.5, None, float("nan")], better="low")
    assert {"training", "validation", "loss", "step"} <= set(texts(plot.lines([training, validation], label="loss")))


def test_the_running_mean_keeps_constants_and_averages_neighbours():
    assert plot.running_mean(np.full(9, 3.0), 4) == pytest.approx(np.full(9, 3.0))
    assert plot.running_mean(np.array([0.0, 3.0, 6.0]), 3) == pytest.approx([1.5, 3.0, 4.5])


def test_a_long_training_stays_a_small_chart():
    steps = np.arange(200_000)
    assert len(plot.lines([plot.Line("loss", steps, np.sin(steps))])) < 60_000


@pytest.mark.parametrize("classes", [1, 2, 40])
def test_a_confusion_matrix_names_every_class(classes):
    names = [f"kind {k}" for k in range(classes)]
    shown = texts(plot_classes.confusion(matrix(classes), names))
    assert all(shown.count(name) == 2 for name in names)
    assert ("50" in shown) == (classes <= plot_classes.MOST_NUMBERS)


def test_of_many_classes_the_pairs_most_often_confused_are_named():
    counts = matrix(100)
    counts[7, 3] = 40
    shown = texts(plot_classes.confusion(counts, [f"kind {k}" for k in range(100)]))
    assert shown.count("kind 7 → kind 3") == 1
    assert sum("→" in text for text in shown) == plot_classes.MOST_PAIRS


def test_rows_and_columns_may_end_with_what_is_no_class():
    counts = np.array([[5, 3, 0], [1, 4, 12_345]])
    shown = texts(plot_classes.confusion(counts, ["ant", "bee"], ["ant", "bee", "(none)"]))
    assert [shown.count(text) for text in ("ant", "(none)", "12.3k")] == [2, 1, 1]
    names = [f"kind {k}" for k in range(50)]
    shown = texts(plot_classes.confusion(matrix(51), [*names, "(nothing)"], [*names, "(missed)"]))
    assert sum("→" in text for text in shown) == plot_classes.MOST_PAIRS
    assert not any("(missed)" in text or "(nothing)" in text for text in shown)


def test_counts_fit_into_their_cells():
    numbers = [0, 9_999, 10_000, 123_456, 999_999, 1_000_000, 25_400_000, 3 * 10**9]
    assert list(map(plot_classes.brief, numbers)) == [
        *("0", "9,999", "10k", "123k", "1000k", "1M", "25.4M", "3G"),
    ]


def test_confused_pairs_by_hand():
    counts = np.array([[5, 3, 0], [1, 4, 0], [0, 0, 0]])
    assert plot_classes.confused_pairs(counts) == [(0, 1, 3, 3 / 8), (1, 0, 1, 1 / 5)]
    assert plot_classes.confused_pairs(np.diag([3, 4])) == []


def test_bars_rank_the_lowest_first_and_leave_the_undefined_out():
    shown = texts(plot_classes.bars([0.9, None, 0.25], ["good", "absent", "weak"], "F1"))
    assert shown.index("weak") < shown.index("good")
    assert "absent" not in shown
    assert "25.0 %" in shown


def test_a_roc_gives_the_area_and_of_many_classes_the_worst():
    curves = [(f"kind {k}", (0.0, 0.2, 1.0), (0.0, 0.5, 1.0), k / 20) for k in range(20)]
    assert "ant 0.889" in texts(roc([("ant", (0.0, 1.0), (0.0, 1.0), 8 / 9)]))
    shown = texts(roc(curves[::-1]))
    assert "kind 7 0.350" in shown
    assert "kind 8 0.400" not in shown


def test_hostile_names_are_text_in_every_chart():
    drawn = [
        plot_classes.confusion(matrix(5), HOSTILE),
        plot_classes.bars([0.5] * 5, HOSTILE, "F1"),
        roc([(name, (0.0, 1.0), (0.0, 1.0), None) for name in HOSTILE]),
        plot.lines([plot.Line(name, [1, 2], [1.0, 2.0]) for name in HOSTILE]),
        plot.histogram({name: [1, 2] for name in HOSTILE}, "confidence"),
    ]
    for svg in drawn:
        shown = texts(svg)
        assert any("$x$" in text for text in shown)
        assert b"<img" not in svg


def test_nothing_is_an_empty_chart():
    for svg in (plot.lines([]), plot_classes.bars([None], ["a"], "F1"), roc([])):
        assert texts(svg)
    assert plot.histogram({"right": [0] * 20, "wrong": [0] * 20}, "confidence")


def test_charts_repeat_and_leave_no_trace_in_matplotlib():
    before = dict(mpl.rcParams)
    first, second = (plot_classes.bars([0.5, 0.6], ["a", "b"], "F1") for _ in range(2))
    assert first == second
    assert dict(mpl.rcParams) == before


def test_png_is_there_too():
    with plot.Chart(2, 1) as chart:
        assert chart.png().startswith(b"\x89PNG")


def test_a_chart_shows_itself_in_a_notebook() -> None:
    drawn = against_strength({"one": [1.0, 0.5, None]}, [0, 1, 2], "top-1", "pixels of shift")
    assert drawn._repr_svg_().encode() == bytes(drawn)
    assert b"pixels of shift" in drawn
    assert repr(drawn) == f"<SVG of {len(drawn)} bytes>"
