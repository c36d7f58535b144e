"""Files as Hypothesis spoils them: bytes, values of JSON, elements of XML, words of text."""

import json
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Change = Callable[[bytes], bytes]

_PIECES = (b"", b"\x00", b"\xff\xfe", b"-1", b"1e999", b"NaN", b"9" * 25, b"[" * 3000, b"{", b"null", b'"', b"\n", b" ",
           b"&x;", b"<a>", b"../../x", b"\x7f" * 8)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    *(None, True, "", "x", "../../etc/passwd", "\ud800", "\0", "a" * 3000, -1, 0, 1, 2, 0.5, 1e-300, 1e300, -1e300),
    *(2**31, 2**63, 10**30, float("nan"), float("inf"), [], {}, [[]], [1], [1, 2, 3, 4], [1e9] * 6, {"counts": "x"}),
    *({"size": [10**5, 10**5], "counts": [0, 10**10]}, {"size": [40, 60], "counts": "PPPPPPPPPP0"}, [[1, 2] * 50]),
)
_WORDS = ("", "-1", "0", "2", "1e999", "nan", "inf", "-0.5", "1.5", "9" * 40, "x", "\x00", "é", "&lt;", "0x10", "1_000")

places = st.integers(0, 2**20)


def _bytes(kind: int, start: int, length: int, piece: bytes) -> Change:
    def change(data: bytes) -> bytes:
        at = start % (len(data) + 1)
        end = at + length
        flipped = bytes(value ^ (1 << length % 8) for value in data[at : at + 1])
        return {
            0: data[:at] + flipped + data[at + 1 :],
            1: data[:at],
            2: data[:at] + data[end:],
            3: data[:at] + piece + data[at:],
            4: data[:at] + piece + data[at + len(piece) :],
            5: data[:end] + data[at:],
        }[kind]

    return change


def of_bytes() -> st.SearchStrategy[Change]:
    """A bit turned over, an end cut off, a part cut out, put in, put over, or doubled."""
    return st.builds(_bytes, st.integers(0, 5), places, st.integers(0, 64), st.sampled_from(_PIECES))


def _json(path: list[int], value: Any, drop: bool) -> Change:
    def change(data: bytes) -> bytes:
        try:
            root = json.loads(data)
        except ValueError:
            return data
        _spoil(root, path, value, drop)
        return json.dumps(root).encode()

    return change


def _spoil(node: Any, path: list[int], value: Any, drop: bool) -> None:
    """Walks down as the path says, and puts the value, or nothing, in the last place."""
    for depth, step in enumerate(path):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = keys[step % len(keys)]
        inner = node[key]
        if depth + 1 < len(path) and isinstance(inner, list | dict) and inner:
            node = inner
        elif drop:
            del node[key]
            return
        else:
            node[key] = value
            return


def of_json() -> st.SearchStrategy[Change]:
    """Any value of a document replaced by one of another kind or size, or taken out."""
    path = st.lists(st.integers(0, 40), min_size=1, max_size=6)
    return st.builds(_json, path, st.sampled_from(_VALUES), st.booleans())


def _xml(place: int, word: str, how: int) -> Change:
    def change(data: bytes) -> bytes:
        patterns = (rb"<(\w+)>[^<]*</\1>", rb"(?<=>)[^<\s][^<]*(?=</)", rb"</?\w+>")
        found = list(re.finditer(patterns[how], data))
        if not found:
            return data
        hit = found[place % len(found)]
        return data[: hit.start()] + (b"" if how != 1 else word.encode()) + data[hit.end() :]

    return change


def of_xml() -> st.SearchStrategy[Change]:
    """An element taken out, a text replaced, a tag taken out."""
    return st.builds(_xml, places, st.sampled_from(_WORDS), st.integers(0, 2))


def _words(place: int, word: str) -> Change:
    def change(data: bytes) -> bytes:
        found = list(re.finditer(rb"[^\s,\[\]:]+", data))
        if not found:
            return data
        hit = found[place % len(found)]
        return data[: hit.start()] + word.encode() + data[hit.end() :]

    return change


def of_words() -> st.SearchStrategy[Change]:
    """A word or number of a text replaced."""
    return st.builds(_words, places, st.sampled_from(_WORDS))


def opened_mat(data: bytes) -> bytes:
    """A MATLAB file whose variables are not compressed, so that changes reach them."""
    parts, at = [data[:128]], 128
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + 8 + size]
        parts.append(zlib.decompress(body) if kind == 15 else data[at : at + 8] + body)
        at += 8 + size
    return b"".join(parts)
