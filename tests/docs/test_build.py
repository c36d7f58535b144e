"""The documentation builds without a warning, from a fresh start and without a network."""

import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT

from saccade.systems import SYSTEMS


@pytest.mark.slow
def test_the_documentation_builds(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(tmp_path / "trees")]
    built = subprocess.run([*words, str(ROOT / "docs"), str(tmp_path / "html")], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    systems = (tmp_path / "html" / "systems.html").read_text(encoding="utf-8")
    assert all(name in systems for name in SYSTEMS)
    assert "--save-every" in (tmp_path / "html" / "train.html").read_text(encoding="utf-8")
