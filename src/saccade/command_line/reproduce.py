"""``saccade reproduce``: tables of papers run anew, ours beside what was printed."""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.terminal.output import aligned, print_json, print_table, stdout_kept_clean

if TYPE_CHECKING:
    from saccade.reproduce.experiment import Experiment
    from saccade.reproduce.outcome import Outcome

COLUMNS = ("name", "minutes", "data", "what it asks")


def run(arguments: Sequence[str]) -> int:
    """Run the experiments that are named, or list all.

    Raises:
        UsageError: A flag or an experiment is unknown; nothing was done before.
    """
    parser = parser_of()
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.reproduce.catalogue import EXPERIMENTS, experiment

    chosen = [experiment(name) for name in dict.fromkeys(typed.experiments)]
    if not chosen:
        _list(EXPERIMENTS.values(), typed.json)
        return 0
    from saccade.reproduce.reproduce import Asked, reproduce

    scale = "full" if typed.full else "quick" if typed.quick else "miniature"
    asked = Asked(typed.out, scale, typed.data, typed.seeds, typed.steps, typed.device)
    found: list[Outcome] = []
    try:
        for one in chosen:
            with stdout_kept_clean(True):  # what trainings say goes to stderr, for JSON and for people alike
                found.append(reproduce(one.name, asked))
            if not typed.json:
                _print(found[-1], typed.out)
    except KeyboardInterrupt:
        sys.stderr.write(f"saccade: what is done is kept. To go on:\n  saccade reproduce {shlex.join(arguments)}\n")
        raise
    if typed.json:
        print_json([one.as_dict() for one in found])
    return 0


def parser_of() -> Parser:
    """The parser of ``saccade reproduce``."""
    parser = Parser(
        prog="saccade reproduce",
        usage="saccade reproduce [EXPERIMENT…] [--data DIR] [--out DIR] [--seeds N] [--steps N] [--full] [...]",
        description="Run a paper's table anew, in miniature here, or in full where its data and a GPU are: ours beside "
        "what was printed, with 95 % intervals, and each conclusion confirmed, refuted or undecided. One that was "
        "stopped goes on where it was. Without a name, all experiments are listed.",
    )
    parser.add_argument("experiments", metavar="EXPERIMENT", nargs="*", help="such as segnet-table1; none: list all")
    told = "folder of data sets, which take the place of built-in pictures where an experiment knows them"
    parser.add_argument("--data", type=Path, metavar="DIR", help=told)
    told = "folder of pieces, trainings and NAME.json (runs/reproduce)"
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("runs/reproduce"), help=told)
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="repetitions of each training (3)")
    parser.add_argument("--steps", type=int, metavar="N", help="steps of each training, in place of the size's own")
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="where networks learn: auto, cpu, cuda")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="as large as the paper's; needs --data and a GPU")
    size.add_argument("--quick", action="store_true", help="tiny: shows that it runs; its numbers mean nothing")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    return parser


def _list(known: "Iterable[Experiment]", as_json: bool) -> None:
    plain: list[dict[str, Any]] = [
        {
            "name": one.name,
            "asks": one.asks,
            "paper": one.paper,
            "minutes": one.minutes,
            "data": list(one.folders),
            "full_needs": list(one.full_needs),
            "claims": [claim.says for claim in one.claims],
        }
        for one in known
    ]
    if as_json:
        print_json(plain)
        return
    rows = [(one["name"], str(one["minutes"]), ", ".join(one["data"]) or "none", one["asks"]) for one in plain]
    sys.stdout.write(aligned([COLUMNS, *rows], {"minutes"}))
    sys.stdout.write(
        "\nminutes  of the miniature on built-in pictures, three seeds, two cores\n"
        "data     read in place of built-in pictures where --data DIR has them\n"
    )


def _print(outcome: "Outcome", out: Path) -> None:
    from saccade.reproduce.ledger import CLAIM_HEADS, UNSEEN, cells_of, claims_of, how

    heads, rows = cells_of(outcome)
    sys.stdout.write(f"{outcome.experiment.name}: {how(outcome)}\n\n")
    if not sys.stdout.isatty():  # a table without its headings could not be read
        rows = [heads, *rows]
    print_table(heads, rows)
    sys.stdout.write("\n")
    if outcome.scale == "quick":
        sys.stdout.write("tiny sizes: the numbers mean nothing, and no claim is judged\n")
    else:
        print_table(CLAIM_HEADS, claims_of(outcome))
    if outcome.unseen:
        sys.stdout.write(f"\n{UNSEEN} told from memory of the paper, not looked up again\n")
    sys.stdout.write(f"\nresult: {out / outcome.experiment.name}.json\n")
