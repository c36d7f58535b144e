"""``saccade data``: look after data before anything is trained on it."""

import sys
from collections.abc import Sequence
from importlib import import_module

from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean

VERBS = {
    "check": "list every defect of a data set, and what is fine",
    "next": "rank pictures without annotations by how unsure a run is of them: what to label next",
    "draw": "paint pictures with all their annotations",
    "convert": "write a data set in another format",
    "make": "write the built-in pictures as files",
}


def run(arguments: Sequence[str]) -> int:
    """Do what the first word says.

    Raises:
        UsageError: It is none of the verbs.
    """
    words = list(arguments)
    if not words or words[0] in ("-h", "--help"):
        listed = "\n".join(f"  {verb:8} {what}" for verb, what in VERBS.items())
        sys.stdout.write(f"usage: saccade data VERB ...\n\n{listed}\n\n`saccade data VERB --help` tells more.\n")
        return 0
    if words[0] not in VERBS:
        raise UsageError("a verb", repr(words[0]), cure=did_you_mean(words[0], VERBS, f"verbs are {', '.join(VERBS)}"))
    return import_module(f"saccade.command_line.data_commands.{words[0]}").run(words[1:])
