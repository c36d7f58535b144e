"""Where LabelMe's files lie, told by what they say, and which picture each is of."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PureWindowsPath

from saccade.core.errors import DataError
from saccade.data.formats.common.json_node import JsonNode
from saccade.data.formats.common.split_names import USUAL, canonical
from saccade.safe_io.files import is_file, read_bytes
from saccade.safe_io.images.pictures import only_pictures
from saccade.safe_io.limits import MAX_JSON_BYTES
from saccade.safe_io.paths import leaving_allowed

_LOOKED_AT, _FOLDERS = 3, 50
_KEYS = (b'"shapes"', b'"imagePath"')


def parts(root: Path) -> dict[str, list[Path]]:
    """The JSON files of each split: of folders called as splits, or all below `root`; empty where none is LabelMe's.

    Raises:
        DataError: Two folders are of one split.
    """
    if root.is_file():
        return {"train": [root]} if root.suffix.lower() == ".json" and _is_ours(root) else {}
    if not root.is_dir():
        return {}
    found: dict[str, list[Path]] = {}
    for folder in sorted(entry for entry in root.iterdir() if entry.is_dir() and canonical(entry.name) in USUAL):
        if not _shows(folder):
            continue
        if canonical(folder.name) in found:
            cure = "put both into one folder, or name them one by one: --data and --val"
            raise DataError(f"one folder for the split {canonical(folder.name)!r}", "two", path=root, cure=cure)
        found[canonical(folder.name)] = list(_json_below(folder))
    return found or ({"train": list(_json_below(root))} if _shows(root) else {})


def _shows(folder: Path) -> bool:
    """Whether a file of LabelMe's is among the first of a folder, or of the first folders in it."""
    inner = [entry for entry in islice(folder.iterdir(), _FOLDERS) if entry.is_dir() and entry.name[0] != "."]
    files = (islice(one.glob("*.json"), _LOOKED_AT) for one in (folder, *inner))
    return any(_is_ours(file) for some in files for file in some)


def _json_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        yield from (Path(place, name) for name in sorted(files) if name.lower().endswith(".json") and name[0] != ".")


def _is_ours(file: Path) -> bool:
    try:
        data = read_bytes(file, MAX_JSON_BYTES)
    except DataError:
        return False
    return all(key in data for key in _KEYS)


def picture_of(root: Path, node: JsonNode) -> tuple[Path, str]:
    """The picture of a file, and what else the file calls it where that is not there, or nothing.

    It is the one that ``imagePath`` leads to from the file, or one of its name beside the file; or else the one that is
    called as the file.

    Args:
        root: The data's folder.
        node: The file's content.

    Raises:
        DataError: There is none, it lies outside of `root`, or there are two.
    """
    field = node.get("imagePath")
    text, here = field.text(), node.path.parent
    last = PureWindowsPath(text).name  # It knows both kinds of slashes.
    own = list(only_pictures(sorted(here.glob(f"{_literal(node.path.stem)}.*"))))
    named = [here / text.replace("\\", "/"), here / last]
    there = [path for one in named if is_file(path := Path(os.path.normpath(one)))]
    if there and not leaving_allowed() and not there[0].is_relative_to(root):
        cure = "copy the picture into the data's folder, or allow it by --allow-outside"
        raise field.wrong(f"a picture in {root}", f"{text!r} outside of it", cure)
    rivals = [file for file in own if there and file.stem != there[0].stem] if there else own[1:] and own
    if rivals:
        both = " and ".join(file.name for file in dict.fromkeys([*there[:1], *rivals]))
        cure = "call the picture as the file, and write its name into imagePath; or take the other away"
        raise field.wrong("one picture", f"{both}, and imagePath {text!r}", cure)
    if there:
        return there[0], ""
    if own:
        return own[0], last
    held = node.value.get("imageData") is not None
    cure = "save the picture that imageData holds beside the file (labelme_export_json)" if held else None
    raise field.wrong(f"a picture in {here}", f"no {text!r}", cure or "put the picture there, or delete the file")


def _literal(name: str) -> str:
    """A name as a pattern of `glob` that means itself."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
