"""Commands as they are typed: what they print, what they leave, how they end."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from PIL import Image

from helpers import picture, save_picture
from saccade import cli
from saccade.command_line import demo, systems
from saccade.core.errors import ConfigError, DataError, ResourceError, SaccadeError, UsageError
from saccade.systems.build import build
from saccade.training.loop import finish
from small_runs import short_report

SCENES = "scenes:count=16,size=32,seed=1"
SMALL = ["--width", ".25", "--batch", "8", "--workers", "0", "--device", "cpu", "--precision", "32"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two steps."""
    out = tmp_path_factory.mktemp("runs") / "a"
    assert cli.main(["train", "lenet5", "--data", SCENES, "--out", str(out), "--steps", "2", *SMALL]) == 0
    return out


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        save_picture(folder / f"{i}.png", i)
    return folder


def test_help_names_every_command(capsys):
    for words in ([], ["--help"], ["help"]):
        assert cli.main(words) == 0
        told = capsys.readouterr().out
        assert all(name in told for name in cli.COMMANDS)
    assert cli.main(["--version"]) == 0


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_every_command_has_help(command, capsys):
    assert cli.main([command, "--help"]) == 0
    assert f"saccade {command}" in capsys.readouterr().out


def test_help_of_a_system_lists_its_options(capsys):
    assert cli.main(["train", "localizer", "--help"]) == 0
    told = capsys.readouterr().out
    assert "--per-class" in told
    assert "--save-every" in told
    cli.main(["train", "--help"])
    assert "--per-class" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["fly"],
        ["train", "lenet5", "--data", "nowhere", "--config", "nowhere.yaml", "--epochz", "3"],
        ["train", "--width", ".5", "lenet5", "--data", "nowhere", "--per-class"],
        ["train", "lenet5", "--data", "nowhere", "--epochs", "many"],
        ["train", "lenet5", "--data", SCENES, "--epochs", "1", "--steps", "2"],
        ["train", "lenet5"],
        ["train", "nothing", "--data", SCENES],
        ["train"],
        ["evaluate"],
        ["evaluate", "nowhere", "--splt", "x"],
        ["predict", "nowhere", "a.jpg"],
        ["predict", "nowhere", "a.jpg", "--out", "x", "--threshold", "2"],
        ["systems", "--task", "fly"],
        ["demo", "--x"],
    ],
)
def test_wrong_usage_exits_2_before_anything_is_read(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("saccade: ")
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


def test_unknown_flags_are_answered_with_the_known(capsys):
    cli.main(["train", "localizer", "--data", "nowhere", "--per-clas"])
    said = capsys.readouterr().err
    assert "did you mean --per-class?" in said
    assert "--save-every" in said


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["predcit", "runs/a"], "predict"),
        (["data", "chekc", "photos"], "check"),
        (["train", "retinanett", "--data", "nowhere"], "retinanet"),
        (["describe", "vgg61"], "vgg16"),
        (["systems", "--task", "detekt"], "detect"),
        (["data", "convert", "a", "b", "--to", "yollo"], "yolo"),
        (["train", "resnet18", "--data", SCENES, "--qqq", "x"], None),
    ],
)
def test_what_was_mistyped_is_answered_with_what_was_meant(words, meant, capsys):
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert f"did you mean {meant}?" in said if meant else "did you mean" not in said


def test_a_trunk_that_is_mistyped_is_answered_with_ours_or_timms():
    for typed, meant in {"resnett18": "resnet18", "resnett50": "resnet50", "convnext_tny": "convnext_tiny"}.items():
        with pytest.raises(UsageError, match=rf"did you mean {meant}\?"):
            build("classifier", 2, trunk=typed)
    with pytest.raises(UsageError, match="did you mean width"):
        build("classifier", 2, widht=0.5)


def test_systems_as_json_have_their_fields(capsys):
    assert cli.main(["systems", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(set(entry) == {"name", "task", "year", "paper", "needs", "size"} for entry in found)
    assert {"lenet5", "localizer"} <= {entry["name"] for entry in found}
    cli.main(["systems", "--json", "--task", "localize"])
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == ["localizer", "overfeat_localizer"]
    cli.main(["systems", "--json", "--task", "detect"])
    assert {entry["name"] for entry in json.loads(capsys.readouterr().out)} >= {"rpn", "ssd300", "ssd512", "retinanet"}


def test_a_training_leaves_a_run(run):
    assert {"config.yaml", "classes.txt", "metrics.jsonl", "checkpoints", "report.html"} <= {
        path.name for path in run.iterdir()
    }


def test_a_file_of_settings_is_overridden_by_flags(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(finish, "report", short_report)
    file = tmp_path / "c.yaml"
    file.write_text(f"data: {SCENES}\nepochs: 7\nwidth: 0.25\nbatch: 8\nworkers: 0\nlr: 1e-3\nsave-every: 1\n")
    out = tmp_path / "run"
    assert cli.main(["train", "lenet5", "--config", str(file), "--steps", "1", "--out", str(out)]) == 0
    text = (out / "config.yaml").read_text()
    assert "steps: 1" in text
    assert "epochs: null" in text
    assert "lr: 0.001" in text
    file.write_text("epchs: 7\n_target_: os.system\n")
    assert cli.main(["train", "lenet5", "--config", str(file), "--data", SCENES]) == 1
    assert "did you mean epochs?" in capsys.readouterr().err


def test_evaluate_prints_one_json_object_and_nothing_else(run, capsys):
    assert cli.main(["evaluate", str(run), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert {"loss", "top1", "loss/label/class"} <= set(scores)
    assert cli.main(["evaluate", str(run), "--data", SCENES, "--split", "train", "--json", "--batch", "3"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] != scores["loss"]


def test_evaluate_prints_plain_lines_without_a_terminal(run, capsys):
    assert cli.main(["evaluate", str(run)]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines[0][0] == "top1"
    assert lines[-1][0].startswith("loss/")
    assert all(line[1] == "undefined" or float(line[1]) >= 0 for line in lines)


def test_evaluating_on_other_classes_exits_1(run, capsys, tmp_path):
    for name in ("a", "b"):
        (tmp_path / "val" / name).mkdir(parents=True)
        save_picture(tmp_path / "val" / name / "1.png", 1)
    assert cli.main(["evaluate", str(run), "--data", f"folder:{tmp_path}"]) == 1
    said = capsys.readouterr()
    assert "is missing" in said.err
    assert said.out == ""


def test_predict_answers_and_goes_on(run, photos, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["predict", str(run), str(photos), "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith("3 pictures predicted: ")
    assert len(json.loads((out / "predictions.json").read_text())) == 3
    assert len(list((out / "drawn").iterdir())) == 3
    (photos / "bad.png").write_text("no picture")
    assert cli.main(["predict", str(run), str(photos / "*.png"), "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("3 pictures predicted, 3 of them before: ")
    assert "bad.png" in said.err
    assert cli.main(["predict", str(run), str(photos), "--out", str(out), "--checkpoint", "last", "--batch", "1"]) == 1
    assert "--out" in capsys.readouterr().err


def test_predict_says_what_it_found(run, photos, tmp_path, capsys):
    assert cli.main(["predict", str(run), str(photos), "--out", str(tmp_path / "out")]) == 0
    _, classes = capsys.readouterr().out.splitlines()
    found = json.loads((tmp_path / "out" / "predictions.json").read_text())
    names = [entry["class"] for entry in found]
    assert classes.startswith("3 pictures: ")
    assert {f"{name} {names.count(name)}" for name in names} == set(classes.removeprefix("3 pictures: ").split(", "))
    assert names == [(tmp_path / "out" / "classes.txt").read_text().split()[entry["label"]] for entry in found]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_predict_reads_a_picture_from_the_standard_input(kind, run, photos, tmp_path, capsys, monkeypatch):
    with Image.open(photos / "1.png") as image:
        image.save(tmp_path / "a", kind)
    for _ in range(2):  # what was piped in before is no answer to what is piped in now
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "a").read_bytes())))
        assert cli.main(["predict", str(run), "-", str(photos / "0.png"), "--out", str(tmp_path / "out"), "--csv"]) == 0
        piped, other = json.loads((tmp_path / "out" / "predictions.json").read_text())
        assert (piped["file"], other["file"]) == ("<stdin>", str(photos / "0.png"))
        assert piped["size"] == list(picture(1).shape[1:])
        assert (tmp_path / "out" / piped["drawn"]).suffix == (".png" if kind == "PNG" else ".jpg")
        assert (tmp_path / "out" / piped["drawn"]).is_file()
    assert (tmp_path / "out" / "predictions.csv").read_text().splitlines()[1].startswith("<stdin>,")


def test_what_is_wrong_with_the_standard_input_is_said(run, tmp_path, capsys, monkeypatch):
    words = ["predict", str(run), "-", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"no picture")))
    assert cli.main(words) == 1
    assert "\n  <stdin>: expected a picture" in capsys.readouterr().err
    assert [entry["file"] for entry in json.loads((tmp_path / "out" / "failed.json").read_text())] == ["<stdin>"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert cli.main(words) == 1
    assert "nothing" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert cli.main(words) == 2
    assert "a terminal" in capsys.readouterr().err


def test_predict_refuses_what_is_not_there(run, tmp_path):
    assert cli.main(["predict", str(run), str(tmp_path / "absent.png"), "--out", str(tmp_path / "out")]) == 1
    assert cli.main(["predict", str(tmp_path / "absent"), "a.png", "--out", str(tmp_path / "out")]) == 1


def test_the_demo_ends_with_what_it_reached(tmp_path, capsys, monkeypatch):
    for name, value in {"DATA": SCENES, "UNSEEN": SCENES, "GALLERY": SCENES, "DRAWN": 2}.items():
        monkeypatch.setattr(demo, name, value)
    heads = ("label", "masks", "pixels", "pose")
    light = {"heads": heads, "trunk": "efficientnet_lite0", "pretrained": True, "size": 32, "neck_channels": 8}
    monkeypatch.setattr(demo, "SYSTEM", light)
    monkeypatch.setattr(demo, "SETTINGS", {"batch": 8, "workers": 0, "precision": "32"})
    assert cli.main(["demo", "--minutes", "0.001", "--out", str(tmp_path / "demo")]) == 0
    *_, top1, boxes, masks, pixels, joints, then = capsys.readouterr().out.splitlines()
    assert "top-1" in top1
    assert "by the commonest class: " in top1
    score, guessed = (float(word.strip(",")) for word in top1.split() if word[:2] in ("0.", "1."))
    assert 0 <= score <= 1
    assert 0 < guessed < 1
    for line, name in zip((boxes, masks, pixels, joints), demo.TOLD.values(), strict=True):
        assert line.startswith(f"{name}: ")
        assert line.endswith("undefined") or 0 <= float(line.rpartition(" ")[2]) <= 1
    assert f"saccade predict {tmp_path / 'demo'} " in then
    assert len(list((tmp_path / "demo" / "predictions" / "drawn").iterdir())) == 2
    assert (tmp_path / "demo" / "report.html").is_file()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("a list", "none", cure="mend it"), 1),
        (ConfigError("a list", "none"), 1),
        (UsageError("a list", "none"), 2),
        (SaccadeError("a list", "none"), 3),
        (RuntimeError("a fault"), 3),
        (ResourceError("a list", "none"), 4),
        (MemoryError(), 4),
        (OSError(errno.ENOSPC, "no space"), 4),
        (torch.OutOfMemoryError("x"), 4),
        (KeyboardInterrupt(), 130),
        (SystemExit(5), 5),
    ],
)
def test_every_end_has_its_code(error, code, monkeypatch, capsys):
    def fail(words):
        raise error

    monkeypatch.setattr(systems, "run", fail)
    assert cli.main(["systems"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert ("Traceback" in said.err) == isinstance(error, RuntimeError) * (code == 3)
    if code == 3 and isinstance(error, RuntimeError):
        assert "a fault of ours" in said.err


def test_sigterm_unwinds_and_exits_143(monkeypatch):
    unwound = []

    def wait(words):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            unwound.append(True)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(systems, "run", wait)
    assert cli.main(["systems"]) == 143
    assert unwound
    assert signal.getsignal(signal.SIGTERM) == before


ODD = {
    "C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "decimal comma": {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"},
    "no home": {},
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that not even root can write to")
@pytest.mark.parametrize("name", list(ODD))
def test_odd_environments_change_nothing(name, run, tmp_path):
    photo = tmp_path / "grün.png"
    save_picture(photo, 1)
    environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", **ODD[name]}
    words = ["predict", str(run), str(photo), "--out", str(tmp_path / "out")]
    for command in (["systems", "--json"], ["systems"], words):
        done = subprocess.run(
            [sys.executable, "-m", "saccade", *command], env=environment, cwd="/proc", capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    assert Path(found[0]["file"]).name == "grün.png"
    assert 0 <= found[0]["label_scores"][0] <= 1


def test_of_a_picture_that_is_too_large_we_speak_alone(run, tmp_path, capsys):
    """Pillow warns from 89 megapixels on, in its own words and with a line of its code."""
    Image.new("1", (9500, 9500)).save(tmp_path / "large.png")
    words = ["predict", str(run), str(tmp_path / "large.png"), "--out", str(tmp_path / "out")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert cli.main(words) == 1
    assert "large.png: expected at most 89478485 pixels" in capsys.readouterr().err
    assert not [one for one in caught if "exceeds limit" in str(one.message)]
