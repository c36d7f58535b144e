"""Every bench runs, on tiny sizes, and gives rows that are whole; their numbers mean nothing here."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.__main__ import BENCHES

ROOT = Path(__file__).parents[2]
ROWS = {
    "train_resnet50": 1,
    "loader": 3,
    "feature_cache": 1,
    "memory": 2,
    "reading": 3,
    "predict": 2,
    "predict_files": 2,
    "detectors": 4,
    "many": 4,
    "evaluation": 2,
    "windows": 1,
    "startup": 7,
    "threads": 8,
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_gives_finite_ratios(name, tmp_path):
    file = tmp_path / "rows.json"
    command = [sys.executable, "-m", "bench", name, "--quick", "--json", str(file)]
    threads = "2" if name == "threads" else "1"
    environment = {**os.environ, "OMP_NUM_THREADS": threads}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(file.read_text())
    assert found["machine"]["cores"] >= 1
    assert len(found["rows"]) == ROWS[name]
    for row in found["rows"]:
        assert row["bench"] == name
        assert row["question"] in done.stdout
        for part in ("ours_value", "beside_value", "ratio"):
            spread = row[part]
            assert 0 < spread["least"] <= spread["median"] <= spread["greatest"] < math.inf
    if name == "threads":  # the way that threads wait leaves the weights as they are
        assert "equal to the bit" in done.stdout
