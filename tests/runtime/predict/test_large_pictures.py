"""A picture that claims too much is refused by its header; a large and honest one is read within bounds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux alone bounds and tells memory so"),
]

# Memory is bounded once all is imported: what the libraries take is not what is measured.
PROGRAM = """
import json, resource, struct, sys, warnings, zlib
import torch
from PIL import Image
import saccade as sc
from saccade.core.errors import SaccadeError
from saccade.data.loading.loader import Loader, LoaderSettings

torch.set_num_threads(1)
MB, folder, found = 2**20, sys.argv[1], {}
system = sc.build("lenet5", ["ant"], channels=3)
predictor = sc.Predictor(system)
predictor([torch.zeros(3, 40, 40)])

def bound(spare):
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + spare * MB, resource.RLIM_INFINITY))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def attempt(name, call):
    before = peak()
    try:
        found[name] = {"gave": call()}
    except (SaccadeError, MemoryError, RuntimeError) as error:
        found[name] = {"error": type(error).__name__, "path": getattr(error, "path", None), "what": str(error)[:300]}
    found[name]["grew"] = peak() - before

def learn():
    batch = next(Loader(sc.open_data(f"folder:{folder}/large"), system.input, LoaderSettings(batch=1)).epoch(0))
    return list(batch.images.shape)

large = f"{folder}/large/ant/0.jpg"
attempt("bomb predicted", lambda: len(predictor([f"{folder}/bomb/ant/0.png"])))
attempt("bomb learnt", lambda: sc.open_data(f"folder:{folder}/bomb")[0].id)
attempt("bomb as array", lambda: sc.open_data(f"folder:{folder}/array")[0].id)
bound(800)
attempt("large predicted", lambda: len(predictor([large])))
attempt("large learnt", learn)
bound(100)
attempt("no room", lambda: len(predictor([large])))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What a process of its own says of a bomb of 20 000 x 20 000 pixels and of 9000 x 9000 honest ones."""
    folder = tmp_path_factory.mktemp("pictures")
    made = f"""
import struct, zlib, numpy as np
from pathlib import Path
from PIL import Image
def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
for name in ("bomb", "large", "array"):
    Path({str(folder)!r}, name, "ant").mkdir(parents=True)
header = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
png = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")
Path({str(folder)!r}, "bomb/ant/0.png").write_bytes(b"\\x89PNG\\r\\n\\x1a\\n" + png)
Image.new("RGB", (9000, 9000), (30, 60, 90)).save(Path({str(folder)!r}, "large/ant/0.jpg"), quality=50)
path = Path({str(folder)!r}, "array/ant/0.npy")
np.save(path, np.zeros((2, 2), np.uint8))
path.write_bytes(path.read_bytes().replace(b"(2, 2), }}        ", b"(20000, 20000), }}"))
"""
    subprocess.run([sys.executable, "-c", made], check=True, timeout=120)
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("way", ["bomb predicted", "bomb learnt", "bomb as array"])
def test_a_bomb_is_refused_by_its_header_and_costs_nothing(way: str, found: dict[str, dict]) -> None:
    assert found[way]["error"] == "DataError"
    assert found[way]["path"].endswith("0.npy" if "array" in way else "0.png")
    assert "20000x20000" in found[way]["what"] or "400000000" in found[way]["what"]
    assert found[way]["grew"] < 50


@pytest.mark.parametrize(("way", "gave"), [("large predicted", 1), ("large learnt", [1, 3, 32, 32])])
def test_81_megapixels_are_read_and_shrunk_within_800_mb(way: str, gave: object, found: dict[str, dict]) -> None:
    assert found[way].get("gave") == gave, found[way]


def test_a_picture_that_does_not_fit_is_named(found: dict[str, dict]) -> None:
    assert found["no room"]["error"] == "ResourceError"
    assert found["no room"]["path"].endswith("0.jpg")
