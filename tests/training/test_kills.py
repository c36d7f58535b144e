"""Signals and kills at moments nobody chose, through the command line: nothing is lost, the weights are the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from small_runs import lines, same_weights

pytestmark = pytest.mark.slow

STEPS = 40
WORDS = (
    f"train localizer --data scenes:count=24,size=32 --size 32 --width 0.125 --batch 8 --steps {STEPS} --ema 0.9 "
    "--device cpu --precision 32 --accumulate 2"
).split()


def start(out: Path, *more: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "saccade", *WORDS, "--out", str(out), *more]
    return subprocess.Popen(words, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True)


def finish(out: Path, *more: str) -> str:
    process = start(out, *more)
    told = process.communicate(timeout=250)[1]
    assert process.returncode == 0, told
    return told


def steps(out: Path) -> int:
    path = out / "metrics.jsonl"
    return sum('"step"' in line for line in path.read_text().splitlines()) if path.exists() else 0


def wait_for_step(process: subprocess.Popen[str], out: Path, step: int) -> None:
    deadline = time.monotonic() + 120
    while steps(out) < step and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    finish(out, "--workers", "0")
    return out


def check_equal(whole: Path, out: Path) -> None:
    assert same_weights(whole, out)
    assert same_weights(whole, out, "best")
    assert lines(whole) == lines(out)
    assert [line["step"] for line in lines(out) if "step" in line] == list(range(1, STEPS + 1))


@pytest.mark.parametrize(("number", "step"), [(signal.SIGINT, 3), (signal.SIGTERM, 17), (signal.SIGTERM, 31)])
def test_a_stop_signal(whole, tmp_path, number, step):
    out = tmp_path / "run"
    process = start(out, "--workers", "1")
    wait_for_step(process, out, step)
    time.sleep(random.random() / 10)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number, told
    assert "--resume" in told
    assert str(out) in told
    saved = json.loads((out / "checkpoints" / "last" / "manifest.json").read_text())["facts"]["step"]
    assert saved == steps(out)
    assert "resumed" in finish(out, "--resume", "--workers", "0")
    check_equal(whole, out)


@pytest.mark.parametrize("every", ["1", "3"])
def test_kills_at_any_moment(whole, tmp_path, every):
    """With a checkpoint a step most kills come while one is written."""
    out = tmp_path / "run"
    for kill in range(5):
        process = start(out, "--resume", "--save-every", every, "--workers", str(kill % 2))
        wait_for_step(process, out, min(steps(out) + 1 + kill * 2, STEPS - 2))
        time.sleep(random.random() / 5)
        process.kill()
        process.communicate()
    finish(out, "--resume", "--workers", "0")
    check_equal(whole, out)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed by Linux alone")
def test_readers_end_with_a_killed_run(tmp_path):
    """The truth of a batch is larger than a pipe: a reader would wait for ever for somebody to take it."""
    process = start(tmp_path / "run", "--workers", "2")
    wait_for_step(process, tmp_path / "run", 1)
    readers = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in readers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(readers) >= 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in readers)


def test_a_signal_before_the_first_step(tmp_path):
    out = tmp_path / "run"
    process = start(out)
    deadline = time.monotonic() + 60
    while not (out / "config.yaml").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 143, told
    assert "--resume" in told


def test_a_second_signal_ends_at_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SLOW)
    words = [sys.executable, str(script), str(tmp_path / "run")]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(map(str, Path(__file__).parents[:2])),
    }
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "in a step\n"
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143


SLOW = """
import sys, time
from pathlib import Path
from small_runs import Do, train

def sleep(step):
    print("in a step", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.1)

train(Path(sys.argv[1]), callbacks=[Do(sleep)])
"""


def test_a_save_signal_saves_within_a_step(tmp_path):
    out = tmp_path / "run"
    process = start(out, "--save-every", "1000", "--workers", "0")
    wait_for_step(process, out, 5)
    process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + 30
    found: list[Path] = []
    while not found and time.monotonic() < deadline and process.poll() is None:
        found = [path for path in (out / "checkpoints").glob("step-*") if "epoch" in path.name]
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert found
