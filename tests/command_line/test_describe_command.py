"""`saccade describe` as it is typed."""

import json
from pathlib import Path

import pytest

from saccade import cli
from saccade.command_line.describe import narrowed
from saccade.command_line.terminal.output import aligned
from saccade.safe_io.images.pictures import decode_picture

FIELDS = {"name", "kind", "output", "kernel", "parameters", "weights", "cumulative_weights", "multiply_adds"}


def test_json_holds_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", "vgg16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["parameters"], found["weights"]) == (138_357_544, 138_344_128)
    assert set(found["layers"][0]) >= FIELDS | {"receptive_field", "stride"}
    assert found["layers"][-1]["cumulative_weights"] == 138_344_128


def test_the_table_says_weights_and_sums(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", "resnet18", "--width", ".25", "--classes", "5", "--channels", "1"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0].startswith("layer ")
    assert "112.5 is not whole" in told
    assert "1 × 224 × 224" in told
    assert "weights in" in told


def test_a_drawing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "net.svg"
    assert cli.main(["describe", "localizer", "--width", ".25", "--svg", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith("<?xml")
    assert [path.name for path in file.parent.iterdir()] == ["net.svg"]


def test_a_drawing_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["describe", "lenet5", "--svg", str(tmp_path / "file" / "net.svg")]) == 2
    assert "net.svg" in capsys.readouterr().err
    assert cli.main(["describe", "lenet5", "--svg", str(tmp_path)]) == 2
    assert "a folder" in capsys.readouterr().err


def test_convolutions_are_drawn_into_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new"
    assert cli.main(["describe", "--draw", "unpooling,transposed", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert f"{out}/transposed_stride.png: Transposed convolution with stride" in told
    assert "(2 - 1) · 2 + 3 - 2 · 0 = 5" in told
    names = sorted(path.stem for path in out.iterdir())
    ends = ("", "_padding", "_stride", "_stride_padding", "_up")
    assert names == [*(f"transposed{end}" for end in ends), "unpooling"]
    assert all(decode_picture(path).shape[0] == 3 for path in out.iterdir())


def test_help_of_a_system_lists_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", "localizer", "--help"]) == 0
    assert "--per-class" in capsys.readouterr().out


@pytest.mark.parametrize("system", ["hourglass", "deeppose", "keypoint_rcnn"])
def test_joints_are_counted_by_their_own_flag(system: str, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = list[int]()
    for joints in ("5", "7"):
        assert cli.main(["describe", system, "--joints", joints, "--width", ".25", "--json"]) == 0
        numbers.append(json.loads(capsys.readouterr().out)["parameters"])
    assert numbers[0] < numbers[1]


def test_a_flag_like_no_other_is_not_taken_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--bogus", "--joints"):
        assert cli.main(["describe", "vgg16", flag, "3"]) == 2
        told = capsys.readouterr().err
        assert "did you mean" not in told
        assert "known are --arithmetic" in told


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "found none"),
        (["vgg17"], 2, "vgg16"),
        (["vgg16", "--joints", "3"], 2, "--joints"),
        (["lenet5", "--per-class"], 2, "--per-class"),
        (["hourglass", "--joints", "5", "--classes", "5"], 2, "joints once"),
        (["hourglass", "--joints", "0"], 2, "one joint or more"),
        (["vgg16", "--classes", "0"], 2, "at least 1"),
        (["vgg16", "--size", "16"], 1, "too small"),
        (["--draw", "convolution"], 2, "--out DIR"),
        (["--draw", "transpozed", "--out", "x"], 2, "did you mean transposed?"),
        (["--draw", ",", "--out", "x"], 2, "topics: all"),
        (["vgg16", "--draw", "all", "--out", "x"], 2, "vgg16 too"),
        (["--draw", "all", "--out", "x", "--json"], 2, "--json too"),
        (["vgg16", "--out", "x"], 2, "--draw"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["describe", *words]) == code
    assert said in capsys.readouterr().err


def test_columns_are_aligned() -> None:
    assert aligned([("layer", "weights"), ("a", "1 000"), ("longer", "2")], {"weights"}) == (
        "layer   weights\na         1 000\nlonger        2\n"
    )


def test_a_narrow_terminal_has_fewer_columns() -> None:
    rows = [("layer", "kind", "weights", "note"), ("conv1", "Conv2d", "1 728", "something long that is odd about it")]
    assert narrowed(rows, 80) == rows
    assert narrowed(rows, 30)[0] == ["layer", "kind", "weights"]
    assert narrowed(rows, 18)[1] == ["conv1", "1 728"]
