"""``saccade compress``: a detector whose large fully connected layers are replaced by thin ones."""

import sys
from collections.abc import Sequence

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.core.errors import UsageError


def run(arguments: Sequence[str]) -> int:
    """Compress a run as the arguments say."""
    parser = Parser(prog="saccade compress", description="Keep the greatest singular values of fc6 and fc7 alone.")
    parser.add_argument("run", metavar="RUN", help="the folder of a run of fast_rcnn")
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder of the smaller run")
    parser.add_argument("--ranks", default="1024,256", metavar="N,N", help="singular values kept of fc6 and of fc7")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    words = typed.ranks.split(",")
    if len(words) != 2 or not all(word.strip().isdecimal() and int(word) for word in words):
        raise UsageError("two numbers from 1", repr(typed.ranks), within="--ranks", cure="such as --ranks 1024,256")
    from saccade.runtime.tools.compress import compress

    done = compress(typed.run, typed.out, [int(word) for word in words])
    sys.stdout.write(f"parameters: {done.before:,} before, {done.after:,} now\nrun:        {done.out}\n")
    sys.stdout.write(f"next:       saccade evaluate {done.out}\n")
    return 0
