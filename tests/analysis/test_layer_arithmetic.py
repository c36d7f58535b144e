"""The arithmetic of lectures, by layers whose numbers are known."""

import pytest

from saccade import cli
from saccade.analysis.arithmetic import spelt_out
from saccade.analysis.describe import describe


@pytest.mark.parametrize(
    ("system", "layer", "text"),
    [
        (
            "vgg16",
            "trunk.conv1_2.conv1_1",
            "P = (F - 1) / 2 = (3 - 1) / 2 = 1; (F · F · D1) · K + K = (3 · 3 · 3) · 64 + 64 = 1 792",
        ),
        (
            "alexnet",
            "trunk.conv2.conv",  # its filters see half of the channels
            "P = (F - 1) / 2 = (5 - 1) / 2 = 2; (F · F · D1) · K + K = (5 · 5 · 48) · 256 + 256 = 307 456",
        ),
        ("vgg16", "trunk.fc7.linear", "(D1) · K + K = (4 096) · 4 096 + 4 096 = 16 781 312"),
        (
            "resnet18",
            "trunk.stem.conv",  # without biases
            "P = (F - 1) / 2 = (7 - 1) / 2 = 3; (F · F · D1) · K = (7 · 7 · 3) · 64 = 9 408",
        ),
        ("vgg16", "trunk.pool1", None),
    ],
)
def test_a_layer_s_sums_are_spelt_out(system: str, layer: str, text: str | None) -> None:
    found = {one.name: one for one in describe(system).layers}
    assert spelt_out(found[layer]) == text


def test_the_command_prints_them_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", "lenet5", "--variant", "modern", "--arithmetic"]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("\n")
    assert "P = (F - 1) / 2 = (5 - 1) / 2 = 2; (F · F · D1) · K + K = (5 · 5 · 6) · 16 + 16 = 2 416\n" in printed
