"""The study of proposals: that it runs, goes on, and says what it found."""

from pathlib import Path

import pytest
from bench.proposals import COUNTS, METHODS, SCENES, Study, markdown, run


def test_tables_go_by_set_and_leave_out_what_is_not_known() -> None:
    common = {"minutes": 0.0, "seconds": 0.1, "pictures": 2, "mean": 12.0, "recall": [0.5, 1.0, 1.0]}
    rows = {
        "a, deepmask": {
            **common,
            "set": "a",
            "method": "deepmask",
            "AR": [0.25, 0.5, None],
            "mask_AR": [0.1, 0.2, 0.3],
        },
        "a, windows": {**common, "set": "a", "method": "windows", "AR": [0.25, 0.5, 0.75]},
    }
    told = markdown({"rows": rows, "machine": {"cores": 2, "processor": "any"}})
    lines = [line for line in told.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines] == ["| a (2 pictures)", "| ---", "| windows", "| deepmask"]
    assert "| .50 1.00 1.00 | .25 .50 - | .10 .20 .30 |" in lines[-1]


@pytest.mark.slow
def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    study = Study(tmp_path, tmp_path / "out", (SCENES,), ("windows", "rpn", "sharpmask")).quick
    told = run(study)
    assert [name for name in METHODS if f"| {name} |" in told] == ["windows", "rpn", "sharpmask"]
    assert len(COUNTS) == 3
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").rglob("*.safetensors")}
    assert kept
    assert run(study) == told
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").rglob("*.safetensors")} == kept
