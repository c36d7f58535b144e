"""The front of those that nobody beats in score and cost."""

from saccade.view.plots.pareto import Point, against_cost, front, intervals, short

POINTS = [
    Point("slow", 30.0, 0.9, 0.8, 0.95),
    Point("quick", 3.0, 0.6),
    Point("beaten", 20.0, 0.55),
    Point("equal", 40.0, 0.9),
    Point("over", 1.0, 0.99, able=False),
]


def test_the_front_leaves_out_what_is_beaten_and_what_may_not_win() -> None:
    assert [point.name for point in front(POINTS)] == ["quick", "slow"]
    assert [point.name for point in front(POINTS, higher_is_better=False)] == ["quick", "beaten"]
    assert front([]) == []


def test_the_front_is_that_of_brute_force() -> None:
    able = [point for point in POINTS if point.able]
    unbeaten = [one for one in able if not any(o.cost <= one.cost and o.score >= one.score and o != one for o in able)]
    assert sorted(front(POINTS)) == sorted(unbeaten)


def test_costs_are_written_in_few_characters() -> None:
    assert [short(value) for value in (0.5, 300, 2000, 5e6, 1.5e9)] == ["0.5", "300", "2 k", "5 M", "1.5 G"]
    # Formulas are not drawn, so that a logarithmic axis must not write one.
    assert b"mathdefault" not in against_cost([Point("a", 1e5, 0.5), Point("b", 3e7, 0.6)], "parameters", "mIoU")


def test_charts_name_every_point() -> None:
    for svg in (against_cost(POINTS, "ms", "mIoU"), intervals(POINTS, "mIoU"), against_cost(POINTS[:1], "ms", "mIoU")):
        assert svg.startswith(b"<?xml")
        assert b"slow" in svg
    assert all(point.name.encode() in against_cost(POINTS, "ms", "mIoU") for point in POINTS)
