"""``saccade systems``: what there is to train."""

from collections.abc import Sequence
from typing import get_args

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.terminal.output import print_json, print_table


def run(arguments: Sequence[str]) -> int:
    """List the systems, those of installed packages among them."""
    from saccade.network.card import Task
    from saccade.systems import every_system

    parser = Parser(prog="saccade systems", description="The systems that can be trained.")
    parser.add_argument("--task", choices=get_args(Task), help="those for one task alone")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    known = every_system()
    cards = {name: known.declared(name).card for name in known}
    chosen = {name: card for name, card in cards.items() if typed.task in (None, card.task)}
    if typed.json:
        print_json(
            [
                {
                    "name": name,
                    "task": card.task,
                    "year": card.year,
                    "paper": card.paper,
                    "needs": card.needs,
                    "size": card.size,
                }
                for name, card in chosen.items()
            ]
        )
    else:
        rows = [(name, card.task, str(card.year), str(card.size), card.paper) for name, card in chosen.items()]
        print_table(("name", "task", "year", "size", "paper"), rows)
    return 0
