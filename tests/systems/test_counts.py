"""The numbers that `saccade systems` prints are those that are counted in what is built."""

import pytest

from saccade.analysis.count_systems import count_of
from saccade.command_line import systems
from saccade.systems import IF_UNSURE, SYSTEMS
from saccade.systems.counts import TABLE, as_table, system_counts

# One of each kind: alone, with regions from outside, and what is recommended, but for what takes many seconds.
SOME = {"lenet5", "rcnn", *IF_UNSURE.values()} - {"mask_rcnn", "keypoint_rcnn"}


def test_every_system_stands_in_the_table_once():
    assert list(system_counts()) == list(SYSTEMS)
    assert as_table(system_counts()) == TABLE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SOME else [pytest.mark.slow]) for name in SYSTEMS]
)
def test_the_table_says_what_is_counted(name):
    assert system_counts()[name] == count_of(name)


def test_regions_are_told_where_they_cost():
    assert {n: c.regions for n, c in system_counts().items() if c.regions is not None} == {
        **dict.fromkeys(("rcnn", "spp_net", "fast_rcnn", "ion", "multipath"), 1),
        **dict.fromkeys(("faster_rcnn", "mask_rcnn", "keypoint_rcnn"), 0),
    }


def test_one_system_of_each_task_is_to_begin_with():
    tasks = {SYSTEMS.declared(name).card.task for name in SYSTEMS}
    assert {SYSTEMS.declared(name).card.task: name for name in IF_UNSURE.values()} == IF_UNSURE
    assert set(IF_UNSURE) == tasks == set(systems.TOLD)


def test_the_command_lists_tasks_one_after_the_other(capsys):
    assert systems.run([]) == 0
    told = capsys.readouterr().out
    assert [line.split(":")[0] for line in told.splitlines() if line[:1].isalpha() and ": " in line] == [*IF_UNSURE]
    lines = [line.split() for line in told.splitlines()]
    assert ["*", "classifier", "2015", "11.7", "1.8", "224", "x", "224", "label"] in lines
    assert ["rcnn", "2014", "57.8", "0.72+", "227", "x", "227", "boxes,", "labels"] in lines
    systems.run(["--task", "localize"])
    told = capsys.readouterr().out
    assert "overfeat_localizer" in told
    assert "resnet18" not in told


def test_a_task_that_nothing_does_yet_is_said(monkeypatch, capsys):
    monkeypatch.setattr(systems, "every_system", lambda: {})
    assert systems.run(["--task", "pose"]) == 0
    assert capsys.readouterr().out == "no system for pose yet\n"


def test_an_installed_system_is_listed_without_numbers(monkeypatch, capsys):
    monkeypatch.setattr(systems, "every_system", _Offered)
    systems.run([])
    assert ["mine", "2015", "224", "label"] in [line.split() for line in capsys.readouterr().out.splitlines()]


class _Offered(dict[str, object]):
    """A system of somebody else's package."""

    def __init__(self) -> None:
        super().__init__(mine=None)

    def declared(self, name: str) -> object:
        return SYSTEMS.declared("resnet18")
