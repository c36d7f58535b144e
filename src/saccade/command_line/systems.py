"""``saccade systems``: what there is to train."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import get_args

from saccade.command_line.answer_time import BUDGET, answer_time
from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.terminal.output import aligned, print_json
from saccade.network.card import Card, Task
from saccade.systems import IF_UNSURE, every_system
from saccade.systems.counts import SystemCount, system_counts

TOLD = {
    "classify": "what the picture shows",
    "localize": "what its main object is, and where",
    "detect": "every object: what it is, and where",
    "segment": "the class of every pixel",
    "instances": "every object: what it is, where, and its pixels",
    "contours": "where one thing ends and another begins",
    "pose": "where the joints of a person are",
}
COLUMNS = ("  name", "year", "M parameters", "GMAC", "picture", "learns from")
NUMBERS = {"year", "M parameters", "GMAC", "picture"}
NOTES = """
*  if unsure, begin with this one
M  million parameters, with the classes and options of the paper
GMAC  thousand million multiply-adds for one picture of the size beside it
+  and more for each further region that is looked at; one is counted, or none where the network proposes them itself
`saccade describe NAME` counts them layer by layer, `saccade train NAME --help` lists the options; papers: `--json`
"""
TIMED = "ms here"
TIME_NOTE = (
    f"ms here  a picture of that size on this machine, weights drawn, fp32: median of {BUDGET:g} s, less the first\n"
)


def run(arguments: Sequence[str]) -> int:
    """List the systems, those of installed packages among them."""
    parser = Parser(
        prog="saccade systems", description="The systems that can be trained, what they cost, and which to begin with."
    )
    parser.add_argument("--task", choices=get_args(Task), help="those for one task alone")
    parser.add_argument("--json", action="store_true", help="print a JSON list: name, task, year, paper, needs, size")
    parser.add_argument(
        "--time",
        action="store_true",
        help="measure, one after the other, how long each takes for a picture on this machine; minutes for all",
    )
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    known = every_system()
    cards = {name: known.declared(name).card for name in known}
    chosen = {name: card for name, card in cards.items() if typed.task in (None, card.task)}
    if typed.json:
        print_json([_plain(name, card, typed.time) for name, card in chosen.items()])
    elif not chosen:
        sys.stdout.write(f"no system for {typed.task} yet\n")
    else:
        for piece in _pieces(chosen, _milliseconds if typed.time else None):
            sys.stdout.write(piece)
            sys.stdout.flush()
    return 0


def _plain(name: str, card: Card, timed: bool) -> dict[str, object]:
    told = ("task", "year", "paper", "needs", "size")
    plain: dict[str, object] = {"name": name, **{column: getattr(card, column) for column in told}}
    return plain | {"milliseconds": answer_time(name) * 1e3} if timed else plain


def _milliseconds(name: str) -> str:
    return _short(answer_time(name) * 1e3).rjust(len(TIMED))


def _pieces(cards: Mapping[str, Card], last: Callable[[str], str] | None) -> Iterator[str]:
    """A table a task, whose columns stand below each other, and what their marks mean; bit by bit where it takes time.

    Args:
        cards: The systems.
        last: What makes a system's cell of a last column, that of `TIMED`.
    """
    counts = system_counts()
    rows = {name: _row(name, card, counts.get(name)) for name, card in cards.items()}
    header, *lines = aligned([COLUMNS, *rows.values()], NUMBERS).splitlines()
    if last is not None:
        width = max(map(len, (header, *lines)))
        header, lines = f"{header:{width}}  {TIMED}", [f"{line:{width}}  " for line in lines]
    by_name = dict(zip(rows, lines, strict=True))
    for task in dict.fromkeys(card.task for card in cards.values()):
        title = f"{task}: {TOLD[task]}" if task in TOLD else task
        yield f"{title}\n{header}\n"
        for name in (name for name, card in cards.items() if card.task == task):
            yield by_name[name]
            yield "\n" if last is None else f"{last(name)}\n"
        yield "\n"
    yield NOTES.removeprefix("\n") if last is None else NOTES.removeprefix("\n") + TIME_NOTE


def _row(name: str, card: Card, count: SystemCount | None) -> tuple[str, ...]:
    """A system's cells; what was never counted, as of installed packages, stays empty."""
    mark = "* " if IF_UNSURE.get(card.task) == name else "  "
    needs = ", ".join(need.removeprefix("instances.") for need in card.needs)
    if count is None:
        return (mark + name, str(card.year), "", "", str(card.size), needs)
    return (mark + name, str(card.year), *costs(count), f"{count.width} x {count.height}", needs)


def costs(count: SystemCount) -> tuple[str, str]:
    """Million parameters, and thousand million multiply-adds; a ``+`` where each region adds to them."""
    more = "" if count.regions is None else "+"
    return _short(count.parameters / 1e6), _short(count.multiply_adds / 1e9) + more


def _short(number: float) -> str:
    """Three digits, where that many tell something."""
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2g}"
