"""What a docstring says of each argument or attribute, so that flags and errors can say it too."""

import inspect
import re


def described_items(docstring: str, section: str) -> dict[str, str]:
    """What a docstring's section says of each name, in one line.

    Args:
        docstring: In the form that this package writes.
        section: ``Args`` or ``Attributes``.
    """
    lines = inspect.cleandoc(docstring).splitlines()
    found: dict[str, str] = {}
    name, inside = "", False
    for line in lines:
        if not line.startswith(" "):
            inside = line.strip() == f"{section}:" or (inside and not line.strip())
            continue
        entry = re.match(r" {4}(\w+): (.*)", line)
        if inside and entry:
            name = entry[1]
            found[name] = entry[2]
        elif inside and name:
            found[name] += f" {line.strip()}"
    return found
