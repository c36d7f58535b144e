"""The order of checkpoints, the links to them, and which of them stay."""

import errno
import os
from pathlib import Path

import pytest
import torch

from saccade.core.errors import DataError
from saccade.runtime.runs.checkpoint import newest, read, save
from saccade.runtime.runs.checkpoint_links import follow, point, prune


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def shelve(folder, *steps):
    return [save(folder, f"step-{n}", {"w": torch.tensor(float(n))}, None, {"step": n}) for n in steps]


def steps(folder):
    return sorted(int(name.removeprefix("step-")) for name in names(folder) if name.startswith("step-"))


def test_links_swing(tmp_path):
    shelve(tmp_path, 1, 2)
    point(tmp_path, "last", "step-1")
    point(tmp_path, "best", "step-1")
    point(tmp_path, "last", "step-2")
    assert (tmp_path / "last").readlink() == Path("step-2")  # relative: the run may be moved
    assert read(tmp_path / "last").path == tmp_path / "step-2"
    assert read(tmp_path / "best").facts["step"] == 1
    assert names(tmp_path) == ["best", "last", "step-1", "step-2"]


def test_a_link_to_nothing_is_refused_and_the_old_one_stays(tmp_path):
    shelve(tmp_path, 1)
    point(tmp_path, "last", "step-1")
    with pytest.raises(ValueError, match="none called 'step-2'"):
        point(tmp_path, "last", "step-2")
    assert follow(tmp_path / "last") == tmp_path / "step-1"


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_drive_without_links_gets_files_that_say_the_name(tmp_path, monkeypatch, number):
    def refuse(*args, **options):
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "symlink", refuse)
    shelve(tmp_path, 1, 2, 3)
    point(tmp_path, "last", "step-3")
    point(tmp_path, "best", "step-1")
    assert not (tmp_path / "best").is_symlink()
    assert read(tmp_path / "best").facts["step"] == 1
    prune(tmp_path, keep=1)
    assert steps(tmp_path) == [1, 3]


@pytest.mark.parametrize("text", ["../../etc", "/etc", ""])
def test_a_file_that_leads_out_of_the_folder_is_not_followed(tmp_path, text):
    (tmp_path / "last").write_text(text)
    with pytest.raises(DataError):
        follow(tmp_path / "last")


def test_an_error_of_another_kind_stays_itself(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(errno.EIO, "broken")

    shelve(tmp_path, 1)
    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(OSError, match="broken"):
        point(tmp_path, "last", "step-1")
    assert names(tmp_path) == ["step-1"]


@pytest.mark.parametrize(("keep", "left"), [(1, [2, 3, 10]), (2, [2, 3, 9, 10]), (9, [2, 3, 4, 9, 10])])
def test_the_newest_and_the_linked_stay(tmp_path, keep, left):
    shelve(tmp_path, 2, 3, 4, 9, 10)
    point(tmp_path, "best", "step-2")
    point(tmp_path, "last", "step-3")
    prune(tmp_path, keep)
    assert steps(tmp_path) == left
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_to_keep_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        prune(tmp_path, 0)


def test_an_empty_shelf(tmp_path):
    prune(tmp_path, 1)
    prune(tmp_path / "absent", 1)
    assert names(tmp_path) == []


def test_the_damaged_neither_count_nor_go(tmp_path):
    *_, spoilt = shelve(tmp_path, 1, 2, 3)
    (spoilt / "manifest.json").write_text("{}")
    prune(tmp_path, 1)
    assert steps(tmp_path) == [2, 3]
    shelve(tmp_path, 3)  # saving it again heals it
    prune(tmp_path, 1)
    assert steps(tmp_path) == [3]


def test_leftovers_of_a_kill_go(tmp_path):
    shelve(tmp_path, 1)
    leftover = tmp_path / f".tmp-{os.getpid()}-00000000-11111111-step-2"
    leftover.mkdir()
    (leftover / "model.safetensors").touch()
    prune(tmp_path, 1)
    assert names(tmp_path) == ["step-1"]


def test_one_that_stepped_aside_is_used_and_put_back(tmp_path):
    (path,) = shelve(tmp_path, 1)
    path.rename(tmp_path / "step-1.old")
    found = newest(tmp_path, pytest.fail)
    assert found is not None
    assert found.path.name == "step-1.old"
    prune(tmp_path, 1)
    assert names(tmp_path) == ["step-1"]
    (tmp_path / "step-1.old").mkdir()
    prune(tmp_path, 1)
    assert names(tmp_path) == ["step-1"]
