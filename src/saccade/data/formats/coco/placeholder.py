"""A category that stands for the whole data set and that no object has: Roboflow writes one before the true ones."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.json_node import JsonNode
from saccade.safe_io.files import read_bytes
from saccade.safe_io.limits import MAX_JSON_BYTES

_NONE = "none"


def placeholder(document: JsonNode, categories: Sequence[JsonNode], siblings: Iterable[Path]) -> JsonNode | None:
    """The category that is none: without a supercategory of its own, that of all others, and of no object.

    Args:
        document: A COCO document.
        categories: Its categories.
        siblings: The documents of the data set's splits, whose objects count too.
    """
    entries = [node for node in categories if isinstance(node.value, dict)]
    tops = [node for node in entries if str(node.value.get("supercategory")).lower() == _NONE]
    others = [node for node in entries if node not in tops]
    if len(tops) != 1 or not others:
        return None
    top = tops[0]
    if any(node.value.get("supercategory") != top.value.get("name") for node in others):
        return None
    identifier = top.value.get("id")
    used = any(
        isinstance(row.value, dict) and row.value.get("category_id") == identifier
        for row in document.items("annotations")
    )
    used = used or any(_uses(path, identifier) for path in siblings if path != document.path)
    return None if used else top


def _uses(path: Path, identifier: object) -> bool:
    """Whether an object of another document has the category; told from its text, which need not be parsed."""
    text = f'"{identifier}"' if isinstance(identifier, str) else str(identifier)
    try:
        data = read_bytes(path, MAX_JSON_BYTES)
    except DataError:
        return False  # It is told when that split is opened.
    return re.search(rb'"category_id"\s*:\s*' + re.escape(text.encode()) + rb"\s*[,}]", data) is not None
