"""Tensors in safetensors files: plain numbers, no code. A file's header is weighed before the library parses it."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from saccade.core.errors import DataError
from saccade.safe_io.files import kind_of, readable

# A header spends about 120 bytes on a tensor: this is room for 30 000 tensors, and 100 MB at worst once parsed.
MAX_HEADER_BYTES = 2**22
MAX_TENSOR_BYTES = 2**36
MAX_SIDE = 2**40
MAX_AXES = 32
_DEPTH = 3  # The header, a tensor, its shape.
_BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "F16": 2, "BF16": 2, "I16": 2} | {
    "U16": 2, "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "C64": 8,
}  # fmt: skip
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """A safetensors file of these tensors, in their logical order; tensors that share memory are each written whole.

    Raises:
        OSError: The system refused to write, such as for want of space.
    """
    seen: set[int] = set()
    ready: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        own = tensor.detach().to("cpu").contiguous()
        storage = own.untyped_storage()
        if storage.data_ptr() in seen or storage.nbytes() != own.nbytes:
            own = own.clone()
        seen.add(own.untyped_storage().data_ptr())
        ready[name] = own
    try:
        save_file(ready, str(path))
    except SafetensorError as error:
        number = _SYSTEM_ERROR.search(str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), str(error), str(path)) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU, in memory of their own.

    Raises:
        DataError: The file cannot be read, is damaged, or claims more than it holds.
    """
    check_header(path)
    try:
        with readable(path), safe_open(str(path), framework="pt") as file:
            # Copies, because the library maps the file: cutting it later would kill the process.
            return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, RuntimeError, OverflowError) as error:
        raise _damaged(path, str(error)) from error


def check_header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file, by tensor, after all of it was found to fit the file's size.

    Raises:
        DataError: The file cannot be read, the header is too large, no JSON, nested, or disagrees with the file.
    """
    with readable(path):
        if not path.is_file():
            raise DataError("a safetensors file", "no file", path=path)
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
                file.seek(0)
                raise _damaged(path, f"{kind_of(file.read(512))} of {size} bytes whose header claims {length} bytes")
            text = file.read(length)
    header = _parse(path, text)
    header.pop("__metadata__", None)
    _check_places(path, header, size - 8 - length)
    return header


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    depth = deepest = 0
    for token in _TOKENS.finditer(text):
        depth += (token[0] in b"[{") - (token[0] in b"]}")
        deepest = max(deepest, depth)
    if deepest > _DEPTH:
        raise _damaged(path, f"a header nested {deepest} levels deep")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"a header that is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise _damaged(path, "a header that lists no tensors")
    return header


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _check_places(path: Path, header: Mapping[str, Any], data: int) -> None:
    """Every tensor has a known type and just the bytes that its shape needs, one after the other without gaps."""
    places: list[tuple[int, int]] = []
    for name, entry in header.items():
        match entry:
            case {"dtype": str(kind), "shape": [*shape], "data_offsets": [int(begin), int(end)]} if kind in _BYTES:
                sides_fit = len(shape) <= MAX_AXES and all(type(n) is int and 0 <= n <= MAX_SIDE for n in shape)
                if not sides_fit or math.prod(shape) * _BYTES[kind] != end - begin:
                    raise _damaged(path, f"tensor {name[:80]!r} whose shape does not fit its bytes")
                places.append((begin, end))
            case _:
                raise _damaged(path, f"tensor {name[:80]!r} that is described in a way we do not know")
    reached = 0
    for begin, end in sorted(places):
        if begin != reached:
            raise _damaged(path, f"tensors with a gap or an overlap at byte {reached}")
        reached = end
    if reached != data or data > MAX_TENSOR_BYTES:
        raise _damaged(path, f"{data} bytes of tensors where the header claims {reached} of at most {MAX_TENSOR_BYTES}")


def _damaged(path: Path, found: str) -> DataError:
    return DataError(
        "a whole safetensors file",
        found,
        path=path,
        cure="the file is cut short or damaged, or of another kind: copy it again, or use another checkpoint",
    )


def tensor_bytes(tensors: Mapping[str, Tensor]) -> int:
    """Bytes that the tensors take in a file."""
    return sum(tensor.nbytes for tensor in tensors.values())
