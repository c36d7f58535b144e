"""The example package, as if it were installed, and a table of pictures for it."""

import sys
import tomllib
from pathlib import Path

import pytest

from helpers import save_picture

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
EXAMPLE = ROOT / "examples" / "own_parts"
COLOURS = ("red", "green", "blue")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the example package's entry points stand, as its pyproject.toml declares them."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = tmp_path_factory.mktemp("site") / "own_parts-0.1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    text = "".join(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups)
    (folder / "entry_points.txt").write_text(text)
    return folder.parent


@pytest.fixture
def own_parts(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example package on the path, as if it were installed."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(site))
    return EXAMPLE


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Eighteen pictures of three colours in a table, six of them to validate on."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rows = ["file,class,split"]
    for index in range(18):
        save_picture(folder / f"{index}.png", index)
        rows.append(f"{index}.png,{COLOURS[index % 3]},{'val' if index >= 12 else 'train'}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder
