"""Files of features: plain numbers in a .safetensors or .npz file, names beside them as text. No pickle.

A .safetensors file holds the tensors ``features`` (N, D) float32, ``labels`` int64 where there are any, and ``facts``,
the UTF-8 bytes of a JSON object with ``ids``, ``classes``, ``layer`` and ``pool``. A .npz file holds arrays ``ids``,
``features``, ``labels``, ``classes``, ``layer`` and ``pool``, texts among them as NumPy's own.
"""

import json
import shutil
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from saccade.core.errors import DataError, UsageError
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.safe_io.files import readable
from saccade.safe_io.tensors.safetensors_file import read_tensors
from saccade.safe_io.writing.atomic import replacing

ENDINGS = (".safetensors", ".npz")
_KINDS = {"float32": "F32", "int64": "I64", "uint8": "U8"}


def check_name(path: Path) -> None:
    """Refuse a file that is neither.

    Raises:
        UsageError: The ending is another.
    """
    if path.suffix not in ENDINGS:
        raise UsageError(f"a file that ends in {' or '.join(ENDINGS)}", repr(path.name))


def write_features(path: Path, table: FeatureTable, raw: IO[bytes]) -> None:
    """A file of features, whole or not at all.

    Args:
        path: The file; its ending says which kind it is.
        table: All but the features, of which it says how many numbers a picture has.
        raw: The features, as bytes from the start.

    Raises:
        UsageError: The file's ending is unknown.
        ResourceError: The disk is full.
    """
    check_name(path)
    raw.seek(0)
    shape = (len(table.ids), table.features.shape[1])
    with replacing(path, need=4 * shape[0] * shape[1]) as partial:
        if path.suffix == ".npz":
            _write_npz(partial, table, shape, raw)
        else:
            _write_safetensors(partial, table, shape, raw)


def _write_npz(path: Path, table: FeatureTable, shape: tuple[int, int], raw: IO[bytes]) -> None:
    arrays: dict[str, Any] = {
        "ids": np.array(table.ids, dtype=np.str_),
        "classes": np.array(table.classes, dtype=np.str_),
        "layer": np.array(table.layer),
        "pool": np.array(table.pool),
    }
    if table.labels is not None:
        arrays["labels"] = table.labels
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
        with archive.open("features.npy", "w", force_zip64=True) as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            shutil.copyfileobj(raw, file)


def _write_safetensors(path: Path, table: FeatureTable, shape: tuple[int, int], raw: IO[bytes]) -> None:
    facts = {"ids": table.ids, "classes": table.classes, "layer": table.layer, "pool": table.pool}
    text = np.frombuffer(json.dumps(facts).encode("ascii"), dtype=np.uint8)
    small = {"facts": text} | ({} if table.labels is None else {"labels": table.labels})
    # The largest first, so that numbers of eight bytes stand at a multiple of eight, as readers want it.
    order = sorted(small, key=lambda name: -small[name].itemsize)
    header: dict[str, Any] = {}
    at = 0
    for name in order:
        header[name] = _entry(str(small[name].dtype), small[name].shape, at, small[name].nbytes)
        at += small[name].nbytes
    pad = -at % 4
    if pad:
        small["padding"] = np.zeros(pad, dtype=np.uint8)
        header["padding"] = _entry("uint8", (pad,), at, pad)
        order.append("padding")
    header["features"] = _entry("float32", shape, at + pad, 4 * shape[0] * shape[1])
    head = json.dumps(header).encode("ascii")
    head += b" " * (-len(head) % 8)
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for name in order:
            file.write(small[name].tobytes())
        shutil.copyfileobj(raw, file)


def _entry(kind: str, shape: tuple[int, ...], at: int, size: int) -> dict[str, Any]:
    return {"dtype": _KINDS[kind], "shape": list(shape), "data_offsets": [at, at + size]}


def read_features(path: str | Path) -> FeatureTable:
    """The features of a file that `features` wrote.

    Raises:
        UsageError: The file's ending is unknown.
        DataError: The file cannot be read, or holds other things.
    """
    path = Path(path)
    check_name(path)
    try:
        return _read_npz(path) if path.suffix == ".npz" else _read_safetensors(path)
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise DataError("a file of features", f"another: {error}", path=path) from error


def _read_npz(path: Path) -> FeatureTable:
    with readable(path), path.open("rb") as file, np.load(file, allow_pickle=False) as found:
        labels = found["labels"] if "labels" in found.files else None
        texts = {name: tuple(str(text) for text in found[name]) for name in ("ids", "classes")}
        return FeatureTable(
            features=found["features"], labels=labels, layer=str(found["layer"]), pool=str(found["pool"]), **texts
        )


def _read_safetensors(path: Path) -> FeatureTable:
    found = {name: tensor.numpy() for name, tensor in read_tensors(path).items()}
    facts = json.loads(found["facts"].tobytes())
    return FeatureTable(
        tuple(facts["ids"]),
        found["features"],
        found.get("labels"),
        tuple(facts["classes"]),
        str(facts["layer"]),
        str(facts["pool"]),
    )
