"""What a folder of files must hold, to the byte: SHA-256 and size of each, under a seal of the list itself."""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from saccade.core.errors import DataError
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import plain, to_json
from saccade.safe_io.files import readable

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 2**24
LIBRARIES = ("saccade", "torch", "torchvision", "lightning-fabric", "timm", "safetensors", "numpy")
LICENCE = "Weights learnt here belong to whoever trained them; pretrained parts keep the licence of their source."


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """``manifest.json`` of all files that are in the folder now.

    Args:
        folder: The folder; its files are whole and change no more.
        facts: What else shall be kept: JSON values; undefined numbers become null. ``licence`` replaces the usual note.
    """
    files = {path.name: _measure(path) for path in sorted(folder.iterdir())}
    licence = facts.get("licence", LICENCE)
    body = plain({"files": files, "facts": facts, "libraries": _libraries(), "licence": licence})
    (folder / MANIFEST).write_text(to_json({"seal": _seal(body), **body}, indent=1), encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder: ``files`` by name (``sha256``, ``bytes``), ``facts``, ``libraries``, ``licence``.

    Raises:
        DataError: There is none, or a single bit of it differs from what was written.
    """
    path = folder / MANIFEST
    with readable(path):
        size = path.stat().st_size
    if size > MAX_MANIFEST_BYTES:
        raise _damaged(path, f"{size} bytes")
    found = load_json(path)
    if not isinstance(found, dict) or found.pop("seal", None) != _seal(found):
        raise _damaged(path, "another text than was sealed")
    match found:
        case {"files": dict(files), "facts": dict()} if all(_describes(*item) for item in files.items()):
            return found
        case _:
            raise _damaged(path, "no list of files")


def check_files(folder: Path, files: Mapping[str, Any], names: Iterable[str]) -> None:
    """That the named files are there and equal to the manifest's entries, to the bit.

    Raises:
        DataError: One is missing from the folder or the manifest, has another size, or other bytes.
    """
    for name in names:
        path = folder / name
        if name not in files:
            raise _damaged(folder / MANIFEST, f"no entry for {name}")
        with readable(path):
            size = path.stat().st_size
        if size != files[name]["bytes"] or not path.is_file():
            raise _damaged(path, f"{size} bytes where {files[name]['bytes']} were written")
        if _measure(path) != files[name]:
            raise _damaged(path, "other bytes than were written (SHA-256 differs)")


def _measure(path: Path) -> dict[str, Any]:
    with readable(path), path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _describes(name: str, entry: Any) -> bool:
    inside = name == Path(name).name and name not in {"", ".."} and "\0" not in name
    return (
        inside and isinstance(entry, dict) and isinstance(entry.get("bytes"), int) and set(entry) == {"sha256", "bytes"}
    )


def _seal(body: Any) -> str:
    return hashlib.sha256(to_json(body).encode("utf-8", "surrogatepass")).hexdigest()


def _libraries() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _damaged(path: Path, found: str) -> DataError:
    return DataError(
        "the file as it was written",
        found,
        path=path,
        cure="it was cut short, changed or damaged after it was written; use another checkpoint",
    )
