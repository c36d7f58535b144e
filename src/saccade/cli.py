"""The command ``saccade``: one word chooses what is done; all that is heavy is loaded after it."""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

from saccade import __version__
from saccade.command_line.terminal.failures import exit_code_of, obeying_sigterm
from saccade.command_line.terminal.output import make_streams_robust
from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean

COMMANDS = {
    "demo": "train a network on built-in pictures, measure it, draw its predictions",
    "systems": "list what can be trained",
    "describe": "count and draw the layers of a network",
    "data": "check, draw, convert or make data",
    "train": "train a system on your pictures",
    "plan": "what would be trained on your pictures, and why",
    "compare": "train several systems on your pictures, and say which to take",
    "reproduce": "run a paper's table anew, ours beside what was printed",
    "evaluate": "measure a run",
    "predict": "predict pictures with a run",
    "propose": "regions that may show objects, for detectors that read some",
    "look": "what a run's network sees in pictures",
    "features": "what a run's network makes of pictures, as numbers",
    "tune-crf": "parameters of a dense CRF that refines a segmenter's run",
    "compress": "a smaller, faster copy of a detector's run",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; errors become messages on stderr.

    Args:
        arguments: The words after ``saccade``; those of the command line by default.

    Returns:
        The exit code: 0 well, 1 data or configuration, 2 usage, 3 a fault of ours, 4 disk or memory, 130 or 143 signal.
    """
    make_streams_robust()
    # Pillow's own word of a large picture, which is refused with its name and the cure, or read window by window.
    warnings.filterwarnings("ignore", message="Image size .* exceeds limit")
    try:
        with obeying_sigterm():
            return _run(list(sys.argv[1:] if arguments is None else arguments))
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        return exit_code_of(error)


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return 0
    if words[0] == "--version":
        sys.stdout.write(f"saccade {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        raise UsageError(
            "a command", repr(words[0]), cure=did_you_mean(words[0], COMMANDS, f"commands are {', '.join(COMMANDS)}")
        )
    return import_module(f"saccade.command_line.{words[0].replace('-', '_')}").run(words[1:])


def _help() -> str:
    listed = "\n".join(f"  {name:10} {what}" for name, what in COMMANDS.items())
    return (
        f"saccade {__version__}: train, compare and ship classic convolutional vision systems\n\n"
        f"usage: saccade COMMAND ...\n\n{listed}\n\n`saccade COMMAND --help` tells more.\n"
    )
