"""Kinds of a detector's errors as `saccade evaluate` prints them."""

import pytest
import torch

from saccade.command_line.output import counted, print_errors
from saccade.metrics.evaluation import ErrorShare, ObjectErrors


def test_kinds_are_printed_with_their_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    shares = (ErrorShare("duplicate", 3, 0.125), ErrorShare("missed", 0, None), ErrorShare("false_positive", 7, 0.25))
    print_errors(ObjectErrors(shares, 0.5, torch.zeros(2, 2).long()))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["", "Kinds of errors, of all guesses whatever their score:"]
    assert lines[2] == "Duplicate\t3\tgains 0.1250\tan object that a better guess has found"
    assert lines[3].startswith("Missed\t0\tundefined\t")
    assert lines[4].startswith("All wrong guesses\t7\tgains 0.2500\t")


def test_what_detects_nothing_has_no_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    print_errors(None)
    assert capsys.readouterr().out == ""


def test_a_number_and_its_noun_agree():
    assert [counted(number, "picture") for number in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
