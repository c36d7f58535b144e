"""The comparison of hourglasses in a row, on tiny sizes: nothing is done twice, and the table says what was found."""

from pathlib import Path

from bench.hourglass_stacks import Study, table


def test_a_row_is_trained_and_measured_once(tmp_path: Path) -> None:
    study = Study(tmp_path, steps=1, pictures=6, size=64, width=1 / 64, batch=2)
    row = study.measured(1, 1, intermediate=True)
    assert row["parameters"] > 0
    assert 0 <= row["pckh"] <= 1
    found = tmp_path / "1x1.json"
    before = found.stat().st_mtime_ns
    assert study.measured(1, 1, intermediate=True) == row
    assert found.stat().st_mtime_ns == before
    assert f"| 1 x 1 | each | {row['parameters']} | {row['pckh']:.3f} |" in table([row])
