"""``--config FILE.yaml``: settings by name, as flags would say them; names and plain values, never code."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from saccade.command_line.arguments.flags import Flag
from saccade.command_line.arguments.values import convert
from saccade.core.errors import ConfigError, UsageError
from saccade.core.nearest import did_you_mean
from saccade.safe_io.documents.yaml_file import load_yaml

# What a flag says of a run's length replaces what the file says, whichever of the three it is.
LENGTHS = ("epochs", "steps", "minutes")


def read_config(path: str | Path, flags: Mapping[str, Flag], also: Iterable[str] = ()) -> dict[str, Any]:
    """The settings of a file, by the names of their flags; hyphens and underscores are alike.

    Args:
        path: The YAML file.
        flags: The settings that there are.
        also: Further names, of plain text.

    Raises:
        ConfigError: A key is unknown, or a value is not what the setting takes.
        DataError: The file cannot be read, or holds more than plain values.
    """
    found = load_yaml(path)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError("settings by name", type(found).__name__, path=path)
    known = {**flags, **{name: Flag(name) for name in also}}
    values: dict[str, Any] = {}
    for key, value in found.items():
        name = str(key).replace("-", "_")
        if name not in known:
            cure = did_you_mean(name, known, f"known are {', '.join(sorted(known))}")
            raise ConfigError("a setting", repr(key), path=path, pointer=f"/{key}", cure=cure)
        try:
            values[name] = convert(known[name].annotation, value)
        except UsageError as error:
            raise ConfigError(error.expected, error.found, path=path, pointer=f"/{key}") from error
    return values


def overridden(file: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The file's settings with those that were typed in their place."""
    says_length = any(name in typed for name in LENGTHS)
    kept = {name: value for name, value in file.items() if not (says_length and name in LENGTHS)}
    return {**kept, **typed}
