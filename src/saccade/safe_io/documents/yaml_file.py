"""YAML of the user's: plain values alone, with the line of what is wrong."""

from pathlib import Path
from typing import Any

import yaml

from saccade.core.errors import DataError
from saccade.safe_io.files import decode_text, read_bytes
from saccade.safe_io.limits import MAX_YAML_BYTES


class _PlainLoader(yaml.SafeLoader):
    """Values without tags of Python's, aliases (ten lines of which can stand for 10^9 values) or repeated keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node; an alias is refused."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(
                None, None, "an alias, which is not read", self.peek_event().start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping; a key that stands twice is refused."""
        keys = [key.value for key, _ in node.value]
        for place, (key, _) in enumerate(node.value):
            if key.value in keys[:place]:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} a second time", key.start_mark)
        return super().construct_mapping(node, deep)


def load_yaml(path: str | Path) -> Any:
    """The value of a YAML file in UTF-8; None of an empty one.

    Raises:
        DataError: The file cannot be read, is too large, is no YAML, is nested too deeply or holds more than plain
            values.
    """
    data = read_bytes(path, MAX_YAML_BYTES)
    try:
        return yaml.load(decode_text(data, path, "YAML"), _PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (None, "?") if mark is None else (mark.line + 1, mark.column + 1)
        found = error.problem or error.context
        cure = "write / in place of \\, or put the text into single quotes" if "escape" in str(found) else None
        found = f"a fault at column {column}: {found}"
        raise DataError("plain YAML", found, path=path, line=line, cure=cure) from error
    except RecursionError as error:
        raise DataError("YAML nested less deeply", "too many levels", path=path) from error
    except (yaml.YAMLError, ValueError) as error:
        raise DataError("plain YAML in UTF-8", error, path=path) from error
