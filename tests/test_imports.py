"""The one-way rule, read from the source of every file; and that to import the package is light."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import saccade
from helpers import save_picture
from saccade.cli import COMMANDS
from saccade.command_line.data import VERBS

ROOT = Path(saccade.__file__).parent

# What each folder may import beside itself. Nobody imports a folder that is not listed for them.
BASE = {"core", "safe_io", "ops"}
NETWORK = BASE | {"layers", "network"}
SYSTEMS = NETWORK | {"trunks", "necks", "losses", "heads"}
EVERYTHING_BELOW = SYSTEMS | {"systems", "data", "metrics", "view"}
MAY_IMPORT = {
    "core": set(),
    "safe_io": {"core"},
    "ops": {"core", "safe_io"},
    "layers": BASE,
    "network": BASE | {"layers"},
    "trunks": NETWORK,
    "necks": NETWORK,
    "losses": BASE,
    "heads": NETWORK | {"trunks", "necks", "losses"},
    "systems": SYSTEMS,
    "data": BASE,
    "metrics": BASE,
    "view": BASE | {"metrics"},
    "analysis": EVERYTHING_BELOW,
    "explain": SYSTEMS | {"view", "analysis"},
    "runtime": EVERYTHING_BELOW | {"explain"},
    "training": EVERYTHING_BELOW | {"analysis", "runtime"},
    "comparison": EVERYTHING_BELOW | {"analysis", "runtime", "training"},
    "reproduce": EVERYTHING_BELOW | {"analysis", "runtime", "training", "comparison"},
    "service": EVERYTHING_BELOW | {"runtime", "training", "comparison"},
    "command_line": EVERYTHING_BELOW | {"analysis", "runtime", "training", "comparison", "reproduce", "service"},
    "cli": {"core", "command_line"},
    "__main__": {"cli"},
}

FILES = sorted(ROOT.rglob("*.py"))


def module_of(file: Path) -> str:
    parts = ["saccade", *file.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


@cache
def imports_of(source: str) -> set[str]:
    """Modules of ours that a source imports anywhere, also inside functions; only the root's version is free to all."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return {name for name in found if name.split(".")[0] == "saccade"}


def folder_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def offences(module: str, source: str) -> list[str]:
    own = folder_of(module)
    allowed = MAY_IMPORT[own] | {own}
    return [f"{module} imports {name}" for name in sorted(imports_of(source)) if folder_of(name) not in allowed]


def test_every_folder_has_its_place_in_the_rule():
    assert {folder_of(module) for module in MODULES} - {""} <= set(MAY_IMPORT)


@pytest.mark.parametrize("module", [name for name in MODULES if name != "saccade"])
def test_imports_go_one_way(module):
    assert offences(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("saccade.data.x", "from saccade.network.system import System"),
        ("saccade.core.x", "import saccade.safe_io.limits"),
        ("saccade.metrics.x", "def f():\n    from saccade.heads import classify"),
        ("saccade.runtime.x", "from saccade.training.train import train"),
        ("saccade.ops.x", "from saccade import systems"),
    ],
)
def test_the_rule_can_be_broken(module, source):
    assert offences(module, source)


def test_folders_form_no_cycle():
    edges = {folder: set() for folder in MAY_IMPORT}
    for module, file in MODULES.items():
        if module != "saccade":
            edges[folder_of(module)] |= {folder_of(m) for m in imports_of(file.read_text(encoding="utf-8"))}
    assert cycle_in({a: b - {a, ""} for a, b in edges.items()}) is None


def test_modules_form_no_cycle():
    # Inside functions too: a late import that closes a circle is a circle all the same.
    edges = {m: imports_of(f.read_text(encoding="utf-8")) - {m} for m, f in MODULES.items() if m != "saccade"}
    assert cycle_in({a: {b for b in found if b in edges} for a, found in edges.items()}) is None


def test_a_cycle_is_found():
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) is not None
    assert cycle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def cycle_in(edges: dict[str, set[str]]) -> set[str] | None:
    """The modules that are left when all without imports are taken away again and again; None where none is."""
    left = dict(edges)
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    return set(left) or None


def test_to_import_the_package_is_light():
    code = "import sys, saccade, saccade.cli; print([m for m in ('torch', 'numpy', 'PIL', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


QUICK = [
    *(["--version"], ["--help"], ["systems"], ["systems", "--json"], ["systems", "--task", "detect"]),
    *(["reproduce"], ["reproduce", "--json"], ["reproduce", "segnet-table2"]),
    *(["train", "--help"], ["train", "ssd300", "--help"], ["describe", "--help"], ["describe", "vgg16", "--help"]),
    *([command, "--help"] for command in COMMANDS),
    *(["data", verb, "--help"] for verb in VERBS),
    *(["fly"], ["predcit"], ["data", "chekc"], ["train", "retinanett"], ["systems", "--task", "detekt"]),
    *(["train", "lenet"], ["train", "lenet5", "--epochz", "3"], ["train", "lenet5", "--epochs", "many"]),
    *(["train", "lenet5"], ["describe", "lenet"], ["describe", "lenet5", "--widht", "1"], ["systems", "--jsn"]),
]


def test_what_needs_no_tensor_loads_no_torch():
    code = (
        "import sys; from saccade.cli import main\n"
        f"for words in {QUICK!r}:\n"
        "    code = main(words)\n"
        "    heavy = [name for name in ('torch', 'numpy', 'PIL', 'rich') if name in sys.modules]\n"
        "    assert code in (0, 2) and not heavy, (words, code, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_check_of_pictures_loads_no_library_that_it_does_not_use(tmp_path):
    (tmp_path / "a").mkdir()
    save_picture(tmp_path / "a" / "1.png", 1)
    save_picture(tmp_path / "a" / "2.jpg", 2)
    code = (
        f"import sys; from saccade.cli import main; print(main(['data', 'check', {str(tmp_path)!r}, '--json']), "
        "[n for n in ('torchvision', 'scipy', 'faster_coco_eval', 'matplotlib', 'timm') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "0", "[]"]


def test_a_training_brings_no_library_that_it_does_not_use(tmp_path):
    # A torchmetrics that stands where Python looks first, as if it were installed.
    (tmp_path / "torchmetrics.py").write_text("__version__ = '1.9.0'\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import saccade.training.loop.loop; "
        "print([n for n in ('torchmetrics', 'matplotlib', 'sklearn', 'scipy.optimize') if n in sys.modules]); "
        "import torchmetrics; from lightning_fabric import Fabric; from saccade.training.parallel import fabric; "
        "print(fabric.Fabric is Fabric, torchmetrics.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True 1.9.0"]


def test_the_public_face_is_all_there():
    fixed = {"SYSTEMS", "build", "open_data", "train", "load", "Predictor", "evaluate", "compare", "metrics", "ops"}
    assert fixed <= set(saccade.__all__)
    assert set(dir(saccade)) == set(saccade.__all__)
    for name in saccade.__all__:
        assert getattr(saccade, name) is not None
    with pytest.raises(AttributeError, match="evaluate"):
        _ = saccade.absent


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text())
    assert saccade.__version__ == project["project"]["version"]
