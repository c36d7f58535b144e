"""The folder of a run: who may work in it, and its small texts."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from saccade.core.errors import ConfigError, DataError
from saccade.runtime.runs.run_folder import RunFolder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_paths(tmp_path):
    run = RunFolder(str(tmp_path / "a"))
    names = ["config.yaml", "classes.txt", "metrics.jsonl", "checkpoints", "report.html", "tensorboard"]
    paths = [run.config, run.classes, run.metrics, run.checkpoints, run.report, run.tensorboard]
    assert paths == [tmp_path / "a" / name for name in names]
    assert not run.path.exists()


@pytest.mark.parametrize("resume", [False, True])
def test_a_new_or_empty_folder_is_taken_and_locked(tmp_path, resume):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "new" / "deep", tmp_path / "empty"):
        with RunFolder.create(path, resume):
            assert names(path) == [".lock"]
        assert names(path) == []


def test_hidden_files_are_no_run(tmp_path):
    (tmp_path / ".DS_Store").touch()
    with RunFolder.create(tmp_path) as run:
        assert run.path == tmp_path


def test_another_run_is_kept_unless_it_shall_go_on(tmp_path):
    with RunFolder.create(tmp_path) as run:
        run.write_config({"system": "lenet5"})
    with pytest.raises(ConfigError, match="found another run") as caught:
        RunFolder.create(tmp_path)
    assert caught.value.path == str(tmp_path)
    assert "--resume" in str(caught.value.cure)
    assert not (tmp_path / ".lock").exists()
    with RunFolder.create(tmp_path, resume=True) as run:
        assert run.read_config() == {"system": "lenet5"}


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_of_other_things_is_left_alone(tmp_path, resume):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ConfigError, match=r"found thesis\.tex"):
        RunFolder.create(tmp_path, resume)
    assert names(tmp_path) == ["thesis.tex"]


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError) as caught:
            RunFolder.create(path)
        assert caught.value.path == str(path)


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigError, match="can be written, found Permission denied"):
        RunFolder.create(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root may become somebody else")
def test_a_folder_of_somebody_else(tmp_path):
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(0o755)
    code = f"""
import os
from saccade.core.errors import ConfigError
from saccade.runtime.runs.run_folder import RunFolder
os.setuid(65534)
for path in ({str(tmp_path)!r}, {str(tmp_path / "deep")!r}):
    try:
        RunFolder.create(path)
        raise SystemExit(2)
    except ConfigError as error:
        assert "Permission denied" in str(error), error
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert names(tmp_path) == []


def test_two_processes_at_once(tmp_path):
    code = """
import sys
from saccade.runtime.runs.run_folder import RunFolder
run = RunFolder.create(sys.argv[1])
run.write_config({"a": 1})
print("in", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        with pytest.raises(ConfigError, match=f"process {other.pid} "):
            RunFolder.create(tmp_path, resume=True)
        other.kill()
    with RunFolder.create(tmp_path, resume=True) as run:
        assert run.read_config() == {"a": 1}


def test_leftovers_of_a_kill_are_swept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".tmp-{dead.pid}-aaaaaaaa-bbbbbbbb-config.yaml").touch()
    with RunFolder.create(tmp_path):
        assert names(tmp_path) == [".lock"]


@pytest.mark.parametrize("path", ["absent", "."])
def test_no_run_to_open(tmp_path, path):
    with pytest.raises(ConfigError, match="expected the folder of a run, found"):
        RunFolder.open(tmp_path / path)


def test_open_needs_no_lock(tmp_path):
    with RunFolder.create(tmp_path) as run:
        run.write_config({})
        assert RunFolder.open(tmp_path).read_config() == {}


def test_config_comes_back(tmp_path):
    run = RunFolder(tmp_path)
    config = {"z": 1, "a": {"lr": 1e-5, "none": None, "flag": True, "name": "on: é\n#"}, "inf": float("inf")}
    run.write_config({**config, "size": (3, 4), "data": Path("x/y")})
    assert run.read_config() == {**config, "size": [3, 4], "data": "x/y"}
    assert list(run.read_config()) == [*config, "size", "data"]
    with pytest.raises(TypeError):
        run.write_config({"a": object()})
    assert run.read_config()["z"] == 1


def test_nothing_that_a_config_names_is_imported(tmp_path, monkeypatch):
    (tmp_path / "canary_module.py").write_text("raise SystemExit('sung')")
    monkeypatch.syspath_prepend(tmp_path)
    run = RunFolder(tmp_path)
    names = {"_target_": "canary_module.sing", "class_path": "canary_module.Sing", "_instantiator": "canary_module"}
    run.config.write_text("".join(f"{key}: {value}\n" for key, value in names.items()))
    assert run.read_config() == names
    assert "canary_module" not in sys.modules


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.mkdir ['touched']", "!!python/name:os.mkdir", "a: &x [1]\nb: *x", "a: [", "\0"]
)
def test_a_config_of_more_than_plain_values_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    run = RunFolder(tmp_path)
    run.config.write_text(text)
    with pytest.raises(DataError):
        run.read_config()
    assert names(tmp_path) == ["config.yaml"]


@pytest.mark.parametrize("text", ["", "[1, 2]", "word"])
def test_a_config_without_settings_is_refused(tmp_path, text):
    run = RunFolder(tmp_path)
    run.config.write_text(text)
    with pytest.raises(ConfigError, match="settings by name"):
        run.read_config()


@pytest.mark.parametrize("names", [(), ("ant",), ("ant", " b e e ", "Tür", "42", "a: b")])
def test_class_names_come_back(tmp_path, names):
    run = RunFolder(tmp_path)
    run.write_classes(names)
    assert run.read_classes() == names


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\u2028b", "a\n", "\n", ""])
def test_class_names_of_several_lines_are_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="one line"):
        RunFolder(tmp_path).write_classes(["ok", name])


def test_class_names_edited_by_hand(tmp_path):
    run = RunFolder(tmp_path)
    run.classes.write_bytes(b"ant\r\nbee")
    assert run.read_classes() == ("ant", "bee")
    run.classes.unlink()
    with pytest.raises(DataError):
        run.read_classes()
