"""A training that was broken off ends in the same weights, to the bit, and tells no step and no epoch twice."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch

import saccade as sc
from helpers import CLASSES, TinyDataset
from saccade.core.errors import ConfigError
from saccade.network.recipe import Stage
from saccade.runtime.runs import checkpoint
from saccade.training.loop import validation
from saccade.training.loop.signals import Interrupted
from small_runs import BATCH, COUNT, CrashAt, Do, PowerCutError, lines, same_weights, system, train, weights

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

KINDS = {
    "plain": {},
    "accumulate": {"accumulate": 2},
    "ema": {"ema": 0.9},
    "adamw": {"optimiser": "adamw", "lr": 1e-3, "schedule": "poly", "warmup": 0.3, "clip": 0.5},
    "sampler": {"balance": "sampler"},
    "bf16": {"precision": "bf16"},
}


def told(out: Path) -> list[dict[str, object]]:
    return lines(out)


def broken(out: Path, at: int, **settings: object) -> None:
    with pytest.raises(PowerCutError):
        train(out, callbacks=[CrashAt(step=at)], **settings)


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_run_ends_as_an_unbroken_one(tmp_path, kind):
    settings = {"val": TinyDataset(5), "steps": 5, **KINDS[kind]}
    train(tmp_path / "whole", **settings)
    broken(tmp_path / "broken", 4, **settings)
    train(tmp_path / "broken", resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    assert same_weights(tmp_path / "whole", tmp_path / "broken", "best")
    assert told(tmp_path / "whole") == told(tmp_path / "broken")


def test_flips_and_colours_are_drawn_at_all(tmp_path):
    plain = train(tmp_path / "plain", augment="none", steps=2)
    drawn = train(tmp_path / "drawn", steps=2)
    assert not same_weights(plain.path, drawn.path)


def test_seeds_alone_make_runs_differ(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        train(tmp_path / name, steps=3, seed=seed)
    assert same_weights(tmp_path / "one", tmp_path / "again")
    assert not same_weights(tmp_path / "one", tmp_path / "other")


@pytest.mark.slow
def test_another_number_of_workers_changes_nothing(tmp_path):
    train(tmp_path / "whole", workers=0)
    broken(tmp_path / "broken", 4, workers=2, save_every=2)
    train(tmp_path / "broken", resume=True, workers=1)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")


def test_second_and_third_resumption_in_one_epoch(tmp_path):
    train(tmp_path / "whole", batch=2, epochs=1)
    broken(tmp_path / "broken", 2, batch=2, epochs=1)
    with pytest.raises(PowerCutError):
        train(tmp_path / "broken", batch=2, epochs=1, resume=True, callbacks=[CrashAt(step=3)])
    with pytest.raises(PowerCutError):
        train(tmp_path / "broken", batch=2, epochs=1, resume=True, callbacks=[CrashAt(step=5)])
    train(tmp_path / "broken", batch=2, epochs=1, resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    assert [line["step"] for line in lines(tmp_path / "broken") if "step" in line] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_crash_between_an_epochs_line_and_its_checkpoint(tmp_path, epoch):
    settings = {"val": TinyDataset(5), "epochs": 3}
    train(tmp_path / "whole", **settings)
    with pytest.raises(PowerCutError):
        train(tmp_path / "broken", callbacks=[CrashAt(epoch=epoch)], **settings)
    train(tmp_path / "broken", resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    assert told(tmp_path / "whole") == told(tmp_path / "broken")


def test_a_resumption_after_an_epoch_validates_no_more_often(tmp_path):
    """With more epochs than validations, the epochs that are measured stay the same."""
    settings = {"val": TinyDataset(3), "data": TinyDataset(4), "epochs": 30, "save_every": None}
    train(tmp_path / "whole", **settings)
    with pytest.raises(PowerCutError):
        train(tmp_path / "broken", callbacks=[CrashAt(step=3)], **settings | {"save_every": 1})
    train(tmp_path / "broken", resume=True, **settings)
    assert told(tmp_path / "whole") == told(tmp_path / "broken")


def interrupt_validation(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the validation of that number (from 1) be broken off by SIGTERM after a batch."""
    calls: list[int] = []
    real = validation.Measure.take

    def take(self, batch):
        calls.append(1)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGTERM)
        real(self, batch)

    monkeypatch.setattr(validation.Measure, "take", take)


@pytest.mark.parametrize(("number", "ema"), [(1, None), (2, None), (2, 0.9), (3, None)])
def test_an_interruption_amid_validation(tmp_path, monkeypatch, number, ema):
    """The third batch of validation is that of the last epoch: a run so broken is not finished."""
    settings = {"val": TinyDataset(4), "epochs": 3, "ema": ema}
    train(tmp_path / "whole", **settings)
    with monkeypatch.context() as patch:
        interrupt_validation(patch, number)
        with pytest.raises(Interrupted) as stopped:
            train(tmp_path / "broken", **settings)
    assert stopped.value.exit_code == 143
    run = train(tmp_path / "broken", resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    assert told(tmp_path / "whole") == told(tmp_path / "broken")
    assert (run.path / "report.html").is_file()


def test_an_interrupted_ending_is_done_when_the_run_is_taken_up(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_validation(patch, 3)  # after both epochs' comes that of the best checkpoint, which is the first
        with pytest.raises(Interrupted):
            train(tmp_path / "run", system(best="loss"), val=TinyDataset(4), epochs=2)
    assert not (tmp_path / "run" / "report.html").exists()
    train(tmp_path / "run", system(best="loss"), val=TinyDataset(4), epochs=2, resume=True)
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_saves_the_step_it_comes_in(tmp_path, number):
    with pytest.raises(Interrupted) as stopped:
        train(tmp_path / "run", callbacks=[Do(lambda step: os.kill(os.getpid(), number) if step == 3 else None)])
    assert stopped.value.exit_code == 128 + number
    assert checkpoint.read(tmp_path / "run" / "checkpoints" / "last").facts["step"] == 3


def test_a_save_signal_saves_and_goes_on(tmp_path):
    found: list[int] = []

    def act(step: int) -> None:
        if step == 2:
            os.kill(os.getpid(), signal.SIGUSR1)
        if step == 3:
            found.append(checkpoint.read(tmp_path / "run" / "checkpoints" / "last").facts["step"])

    run = train(tmp_path / "run", save_every=100, callbacks=[Do(act)])
    assert found == [2]
    assert run.step == 7


def test_with_nothing_there_it_begins(tmp_path):
    assert train(tmp_path / "run", resume=True, steps=1).step == 1


def test_a_finished_run_says_so(tmp_path, capfd):
    first = train(tmp_path / "run", steps=2, val=TinyDataset(4))
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    again = train(tmp_path / "run", steps=2, val=TinyDataset(4), resume=True)
    assert again == first
    assert "finished" in capfd.readouterr().err
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


CHANGES = {
    "settings.lr": {"lr": 0.5},
    "settings.batch": {"batch": 3},
    "settings.accumulate": {"accumulate": 2},
    "settings.steps": {"steps": 9},
    "settings.seed": {"seed": 1},
    "pictures": {"data": TinyDataset(COUNT + 1)},
    "recipe.schedule": {"what": system(schedule="poly")},
    "recipe.stages": {"what": system(stages=(Stage(freeze=("trunk",)),))},
    "input.size": {"size": 12},
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_change_of_the_arithmetic_is_refused(tmp_path, changed):
    broken(tmp_path / "run", 2)
    with pytest.raises(ConfigError, match=changed.replace(".", r"\.")) as refused:
        train(tmp_path / "run", resume=True, **CHANGES[changed])
    assert "->" in str(refused.value)
    assert refused.value.exit_code == 1


def test_a_changed_option_of_the_system_is_refused(tmp_path):
    settings = {"steps": 1, "batch": 4, "workers": 0, "device": "cpu", "precision": "32"}
    sc.train("lenet5", "scenes:count=4,size=32", tmp_path / "run", channels=3, width=0.5, **settings)
    with pytest.raises(ConfigError, match=r"width: 0\.5 -> 1"):
        sc.train("lenet5", "scenes:count=4,size=32", tmp_path / "run", channels=3, width=1.0, resume=True, **settings)


def test_another_network_built_by_hand_is_refused(tmp_path):
    broken(tmp_path / "run", 2)
    wider = system()
    wider.heads["tiny"].score = torch.nn.Linear(8, 3, bias=False)
    with pytest.raises(ConfigError, match="parameters"):
        train(tmp_path / "run", wider, resume=True)


def test_what_leaves_the_arithmetic_may_change(tmp_path):
    broken(tmp_path / "run", 2)
    assert train(tmp_path / "run", resume=True, save_every=3, timeout=50.0, on_bad="skip", cache=False).step == 7


def test_a_damaged_checkpoint_is_passed_over_and_written_anew(tmp_path, capfd):
    train(tmp_path / "whole")
    broken(tmp_path / "broken", 5)
    last = (tmp_path / "broken" / "checkpoints" / "last").resolve()
    model = last / "model.safetensors"
    model.write_bytes(model.read_bytes()[:-3])
    train(tmp_path / "broken", resume=True)
    assert "damaged" in capfd.readouterr().out
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    assert sorted(p.name for p in (tmp_path / "broken" / "checkpoints").iterdir() if not p.is_symlink()) == sorted(
        p.name for p in (tmp_path / "whole" / "checkpoints").iterdir() if not p.is_symlink()
    )


def test_a_kill_before_the_best_link_moves_is_made_good(tmp_path, monkeypatch):
    real = checkpoint.point

    def killed(folder: Path, link: str, name: str) -> None:
        if link == "best":
            raise PowerCutError
        real(folder, link, name)

    settings = {"val": TinyDataset(4), "epochs": 2}
    train(tmp_path / "whole", **settings)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "point", killed)
        with pytest.raises(PowerCutError):
            train(tmp_path / "broken", **settings)
    train(tmp_path / "broken", resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "broken", "best")


def test_batches_that_are_left_out_are_not_read_again(tmp_path):
    """A picture that cannot be read, alone in its batch, moves the position in the epoch on all the same."""

    class Holed(TinyDataset):
        def __getitem__(self, index):
            if index == 3:
                raise sc.core.errors.DataError("a picture", "none")
            return super().__getitem__(index)

    settings = {"data": Holed(6), "batch": 1, "on_bad": "skip", "epochs": 2}
    train(tmp_path / "whole", **settings)
    for step in (2, 5, 6, 8):
        with pytest.raises(PowerCutError):
            train(tmp_path / "broken", resume=True, callbacks=[CrashAt(step=step)], **settings)
    train(tmp_path / "broken", resume=True, **settings)
    assert same_weights(tmp_path / "whole", tmp_path / "broken")
    skipped = [json.loads(line) for line in (tmp_path / "broken" / "skipped.jsonl").read_text().splitlines()]
    assert [line["id"] for line in skipped] == ["003.png"]


def test_classes_and_threads_are_kept(tmp_path):
    threads = torch.get_num_threads()
    train(tmp_path / "run", steps=1)
    assert (tmp_path / "run" / "classes.txt").read_text().splitlines() == list(CLASSES)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_memory_formats_survive(tmp_path):
    """Other strides would choose other kernels, whose last bits differ."""
    broken(tmp_path / "run", 3, optimiser="adamw")
    state = checkpoint.read(tmp_path / "run" / "checkpoints" / "last").training["optimiser"]["state"]
    weight = next(entry["exp_avg"] for entry in state.values() if entry["exp_avg"].ndim == 4)
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert BATCH * 3 == COUNT
    assert weights(tmp_path / "run")
