"""Two processes that train together: the same metrics, uneven splits, and a failure that is named."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from helpers import TinyDataset
from saccade.core.errors import DataError
from saccade.runtime.runs import checkpoint
from saccade.training.parallel.processes import ProcessError
from small_runs import digests, lines, losses, system, train, weights

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

HERE = Path(__file__).parent
TWO = {"devices": 2, "workers": 0, "augment": "none", "timeout": 60.0}


class CountingMetric:
    """How many pictures it was shown, and how often any of them came twice."""

    needs = frozenset({"label"})
    reads = frozenset({"label"})

    def __init__(self):
        self.seen = []

    def update(self, prediction, truth, id):
        self.seen.append(id)

    def result(self):
        return {"shown": float(len(self.seen)), "twice": float(len(self.seen) - len(set(self.seen)))}

    def state(self):
        return self.seen

    def merge(self, states):
        for state in states:
            self.seen = self.seen + state


class DieAt:
    """Ends one of the processes after a step, without a word."""

    def __init__(self, rank, step):
        self.rank, self.step = str(rank), step

    def on_step(self, step, losses):
        if os.environ.get("RANK") == self.rank and step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_epoch(self, epoch, scores): ...


class SleepAt(DieAt):
    """Lets one of the processes hang after a step."""

    def on_step(self, step, losses):
        if os.environ.get("RANK") == self.rank and step == self.step:
            time.sleep(600)


class Holed(TinyDataset):
    """One picture cannot be read."""

    def __getitem__(self, index):
        if index == 5:
            raise DataError("a picture", "none", path="005.png", cure="restore it")
        return super().__getitem__(index)


def still(**recipe):
    """The tiny system with a frozen trunk: its statistics are those of one process then."""
    made = system(**recipe)
    made.trunk.eval()
    return made


def test_the_same_as_one_process_with_twice_the_batch(tmp_path):
    """With no statistics of batches, the mean over two halves is the mean over the whole."""
    settings = {"freeze": ("trunk.body.3",), "epochs": 3, "val": TinyDataset(5), "augment": "none", "lr": 0.05}
    train(tmp_path / "one", batch=4, cache=False, **settings)
    run = train(tmp_path / "two", batch=2, metrics=[CountingMetric()], **TWO | settings)
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(torch.allclose(one[name], two[name], rtol=1e-4, atol=1e-6) for name in one)
    assert (run.scores["shown"], run.scores["twice"]) == (5.0, 0.0)
    for first, second in zip(lines(tmp_path / "one"), lines(tmp_path / "two"), strict=True):
        for name in {"loss", "top1", "error", "train_loss"} & set(first):
            assert second[name] == pytest.approx(first[name], rel=1e-4)


def test_stages_and_uneven_pictures(tmp_path):
    """Seven pictures on two ranks in batches of two; parts freeze and thaw on both."""
    from saccade.network.recipe import Stage

    network = system(stages=(Stage(0.5, freeze=("trunk",)), Stage(0.5)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    run = train(tmp_path / "run", network, TinyDataset(7), batch=2, epochs=2, val=TinyDataset(3), **TWO)
    assert run.step == 4
    after = weights(tmp_path / "run")
    assert not torch.equal(before["trunk.body.0.weight"], after["trunk.body.0.weight"])


def test_a_killed_process_is_named_within_seconds_and_the_run_goes_on(tmp_path):
    settings = {"batch": 2, "steps": 6, **TWO}
    train(tmp_path / "whole", **settings)
    start = time.monotonic()
    with pytest.raises(ProcessError, match="process 1") as failed:
        train(tmp_path / "run", callbacks=[DieAt(1, 3)], **settings)
    assert time.monotonic() - start < 40
    assert failed.value.exit_code == 3
    train(tmp_path / "run", resume=True, **settings)
    assert losses(tmp_path / "run") == losses(tmp_path / "whole")
    assert all(torch.equal(v, weights(tmp_path / "run")[n]) for n, v in weights(tmp_path / "whole").items())


def test_a_hanging_process_ends_all_and_the_run_goes_on(tmp_path):
    short = {**TWO, "timeout": 10.0}
    with pytest.raises(ProcessError) as caught:
        train(tmp_path, steps=6, save_every=1, callbacks=[SleepAt(1, 3)], **short)
    assert "--resume" in caught.value.cure
    assert train(tmp_path, steps=6, save_every=1, resume=True, **TWO).step == 6


def test_an_error_keeps_its_path_its_cure_and_its_code(tmp_path):
    with pytest.raises(ProcessError, match="expected a picture, found") as failed:
        train(tmp_path / "run", data=Holed(12), batch=2, epochs=1, on_bad="fail", **TWO)
    assert (failed.value.path, failed.value.exit_code) == ("005.png", 1)
    cure, resume = (failed.value.cure or "").split("\n")
    assert cure == "restore it"
    assert "step 2 was the last one before it, and its state is saved" in resume
    assert checkpoint.read(tmp_path / "run" / "checkpoints" / "last").facts["step"] == 2
    assert isinstance(failed.value.__cause__, Exception)


def test_an_error_before_step_0_is_said_once(tmp_path, capfd):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").write_text("mine")
    with pytest.raises(ProcessError, match="expected an empty folder or a run, found"):
        train(tmp_path / "run", **TWO)
    assert digests(tmp_path / "run").keys() == {"file"}


def command(*words: str) -> list[str]:
    return [sys.executable, *words]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}


SETTINGS = [
    "--steps",
    "8",
    "--batch",
    "4",
    "--workers",
    "0",
    "--device",
    "cpu",
    "--precision",
    "32",
    "--save-every",
    "1",
]
TRAIN = ["train", "lenet5", "--data", "scenes:count=24,size=32", "--channels", "3", "--width", "0.5", *SETTINGS]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_group", [False, True])
def test_a_signal_stops_both_and_the_run_goes_on(tmp_path, number, to_group):
    """A terminal sends Ctrl-C to the whole group, a service manager SIGTERM to the leader alone."""
    words = [word if word != "8" else "400" for word in TRAIN]
    words += ["--devices", "2", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        command("-m", "saccade", *words), env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for_steps(process, tmp_path / "run", 3)
    os.killpg(process.pid, number) if to_group else process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number, told
    assert "--resume" in told
    saved = json.loads((tmp_path / "run" / "checkpoints" / "last" / "manifest.json").read_text())["facts"]["step"]
    assert saved == [line["step"] for line in lines(tmp_path / "run") if "step" in line][-1]


def wait_for_steps(process: subprocess.Popen[str], out: Path, steps: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        if (out / "metrics.jsonl").exists() and len((out / "metrics.jsonl").read_text().splitlines()) >= steps:
            return
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"no {steps} steps within the time: {process.communicate()[1]}")


def torchrun(out: Path, *words: str, restarts: int = 2, **more: str) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--max-restarts", str(restarts)]
    return subprocess.run(
        command(*launcher, *words, "--out", str(out)),
        env=environment() | more,
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_torchrun_goes_on_at_the_saved_step(tmp_path):
    whole = torchrun(tmp_path / "whole", "-m", "saccade", *TRAIN)
    assert whole.returncode == 0, whole.stderr
    script = str(HERE / "crashing_command.py")
    crashed = torchrun(tmp_path / "run", script, *TRAIN, CRASH_AT="4", CRASH_MARK=str(tmp_path / "mark"))
    assert crashed.returncode == 0, crashed.stderr
    assert (tmp_path / "mark").exists()
    assert re.search(r"resumed .* at step [34]", crashed.stderr)
    assert losses(tmp_path / "run") == losses(tmp_path / "whole")


def test_torchrun_does_not_try_an_error_before_step_0_again(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").write_text("mine")
    failed = torchrun(tmp_path / "run", "-m", "saccade", *TRAIN, restarts=1)
    assert failed.returncode != 0
    assert "it is not tried again" in failed.stderr
    assert failed.stderr.count("expected an empty folder or a run, found") == 1
