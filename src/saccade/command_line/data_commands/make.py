"""``saccade data make``: the built-in pictures as files."""

from collections.abc import Sequence

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import at_least_one
from saccade.command_line.data_commands.convert import FORMS, tell_written
from saccade.command_line.terminal.progress import progress


def run(arguments: Sequence[str]) -> int:
    """Write pictures as the arguments say."""
    parser = Parser(
        prog="saccade data make",
        description="Write the built-in pictures, those of the URI scenes, with all that a format can hold of them.",
    )
    parser.add_argument("what", choices=("scenes",), help="which pictures")
    parser.add_argument("out", metavar="OUT", help="a folder that is new or empty")
    parser.add_argument("--count", type=at_least_one, default=500, metavar="N", help="pictures to train on")
    parser.add_argument("--size", type=at_least_one, default=128, metavar="PIXELS", help="height and width")
    parser.add_argument("--seed", type=int, default=1, help="which series of pictures")
    parser.add_argument(
        "--to",
        choices=FORMS,
        default="coco",
        help="the format; coco, which holds most, by default: boxes, masks, joints",
    )
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.data.convert.convert import convert
    from saccade.data.convert.losses import KINDS

    source = f"scenes:count={typed.count},size={typed.size},seed={typed.seed}"
    with progress("pictures") as tell:
        written = convert(source, typed.out, typed.to, allow=KINDS, tell=tell)
    tell_written(written, typed.to)
    return 0
