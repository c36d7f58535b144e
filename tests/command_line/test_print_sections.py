"""Kinds of a detector's errors as `saccade evaluate` prints them."""

import pytest

from saccade.command_line.terminal.output import counted, print_sections
from saccade.metrics import Column, Section, Table
from saccade.metrics.detect.errors.object_errors import ErrorShare
from saccade.metrics.detect.sections import errors


def test_kinds_are_printed_with_their_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    shares = (ErrorShare("duplicate", 3, 0.125), ErrorShare("missed", 0, None), ErrorShare("false_positive", 7, 0.25))
    print_sections([errors(shares, ())])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["", "Kinds of errors, of all predictions whatever their score:"]
    assert lines[2] == "Duplicate\t3\tgains 0.1250\tan object that a better prediction has found"
    assert lines[3].startswith("Missed\t0\tundefined\t")
    assert lines[4].startswith("All wrong predictions\t7\tgains 0.2500\t")


def test_tables_for_the_page_alone_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_sections([Section("Classes", (Table(rows=("ant",), columns=(Column(name="recall", values=[0.5]),)),))])
    print_sections([])
    assert capsys.readouterr().out == ""


def test_a_number_and_its_noun_agree():
    assert [counted(number, "picture") for number in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
