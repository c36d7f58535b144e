"""Which class of objects persons are of."""

from collections.abc import Sequence

from saccade.core.errors import ConfigError
from saccade.core.words import first_few

USUAL = "person"
# Classes that a message names.
SHOWN = 8


def class_of_persons(names: Sequence[str], asked: str | None, where: str) -> str:
    """The class that is asked for; else ``person``, whatever its capitals; else the only class.

    Args:
        names: All classes, at least one.
        asked: What the user calls persons, or None.
        where: Whose classes they are.

    Raises:
        ConfigError: There is no such class; or there are several, and none is called so.
    """
    if asked is not None:
        if asked in names:
            return asked
        raise ConfigError(f"a class {asked!r}", first_few(names, SHOWN), path=where, cure="name one of these")
    usual = [name for name in names if name.lower() == USUAL]
    if usual or len(names) == 1:
        return (usual or list(names))[0]
    raise ConfigError(
        f"a class {USUAL!r}, or one class alone",
        first_few(names, SHOWN),
        path=where,
        cure="say which of them persons are: --person-class NAME (person_class=)",
    )
