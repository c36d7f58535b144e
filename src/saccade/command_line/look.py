"""``saccade look``: what a network sees in pictures."""

import sys
from collections.abc import Sequence

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import add_search, add_use
from saccade.command_line.terminal.output import counted
from saccade.view.pages.text import printable


def run(arguments: Sequence[str]) -> int:
    """Look as the arguments say; 1 when a picture cannot be read, though all others are done."""
    parser = Parser(
        prog="saccade look",
        description="What a network sees in pictures: class activation, occlusion, receptive fields, filters, "
        "strongest maps, projections, anchors and what objects ask of them, cells, and what its parts show.",
    )
    add_use(parser)
    parser.add_argument("inputs", metavar="PICTURE", nargs="+", help="files, folders (with all below them), globs")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder for look.html, look.json and the pictures")
    parser.add_argument(
        "--class", dest="label", metavar="NAME", help="the class to ask about; by default the best prediction"
    )
    parser.add_argument(
        "--view",
        dest="views",
        type=_names,
        default=(),
        metavar="NAME,…",
        help="answer, cam, occlusion, field, filters, activations, deconvnet, anchors, targets, cells, or PART/VIEW; "
        "by default all",
    )
    parser.add_argument(
        "--layer",
        metavar="PATH",
        help="the layer to look at: a map such as layer3, and for cam and field a module's path too",
    )
    add_search(parser)
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.runtime.inspect.inspect_files import InspectSettings, inspect_files
    from saccade.runtime.runs.load import load

    use = {"device": typed.device, "precision": typed.precision, "search": typed.search}
    predictor = load(typed.run, which=typed.checkpoint, **use)
    inspect_settings = InspectSettings(typed.label, typed.views, typed.layer, typed.batch)
    outcome = inspect_files(predictor, typed.inputs, typed.out, inspect_settings)
    sys.stdout.write(f"{counted(outcome.done, 'picture')} looked at: {outcome.out}/look.html\n")
    sys.stdout.writelines(f"note: {printable(line)}\n" for line in outcome.left_out)
    if outcome.failed:
        sys.stderr.write(f"saccade: {counted(len(outcome.failed), 'picture')} failed\n")
        sys.stderr.writelines(f"  {error}\n" for error in list(outcome.failed.values())[:5])
    return 1 if outcome.failed else 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)
