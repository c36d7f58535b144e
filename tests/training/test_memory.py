"""Memory stays flat from epoch to epoch, the readers' included."""

import multiprocessing
import os
from pathlib import Path

import pytest

from helpers import TinyDataset
from small_runs import train

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:This DataLoader will create")]


def proportional_bytes() -> int:
    """Memory of this process and its children, shared pages counted by share."""
    processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    rows = [line for p in processes for line in Path(f"/proc/{p}/smaps_rollup").read_text().splitlines()]
    return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:")) * 1024


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory by share is told by Linux alone")
def test_memory_is_flat_over_epochs(tmp_path):
    found = []

    class Weigh:
        def on_step(self, step, losses): ...

        def on_epoch(self, epoch, scores):
            found.append(proportional_bytes())

    train(
        tmp_path / "run",
        data=TinyDataset(400),
        val=TinyDataset(50),
        workers=2,
        epochs=5,
        batch=8,
        save_every=20,
        callbacks=[Weigh()],
    )
    assert max(found[1:]) < 1.1 * found[1]
