"""The names of timm's networks, read in its source: to load timm takes seconds, too long for a mistyped name."""

import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

REGISTERED = re.compile(r"^@register_model\s+def (\w+)\(", re.MULTILINE)


def knows(name: str) -> bool:
    """Whether timm has a network of this name; timm is asked where its source has the name at all."""
    if not _is_asked() and not re.search(rf"\b{re.escape(name.split('.')[0])}\b", source()):
        return False
    import timm

    return timm.is_model(name)


def names() -> list[str]:
    """The names of timm's networks, those that were registered since it was loaded among them."""
    if not _is_asked():
        return sorted(REGISTERED.findall(source()))
    import timm

    return timm.list_models()


def _is_asked() -> bool:
    """Whether timm itself has to tell: it is loaded, so that others may have registered more, or has no source here."""
    return "timm" in sys.modules or not source()


@cache
def source() -> str:
    """The files that register timm's networks; nothing where only compiled ones are installed."""
    spec = find_spec("timm")
    folders = [] if spec is None else [Path(folder) / "models" for folder in spec.submodule_search_locations or ()]
    return "\n".join(path.read_text("utf-8") for folder in folders for path in sorted(folder.glob("*.py")))
