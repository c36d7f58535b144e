"""``saccade propose``: regions of all pictures, as region detectors read them, and how much they cover."""

import sys
from collections.abc import Sequence
from pathlib import Path

from saccade.command_line.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.output import print_json
from saccade.command_line.use import at_least_one
from saccade.core.errors import UsageError


def run(arguments: Sequence[str]) -> int:
    """Propose as the arguments say, and tell what the proposals cover."""
    parser = Parser(prog="saccade propose", description="Regions that may show objects, of every picture of data.")
    told = "selective-search, selective-search-quality, windows, or the folder of a run that gives boxes"
    parser.add_argument("what", metavar="SEARCH|RUN", help=told)
    parser.add_argument("data", metavar="DATA", help="a folder or URI")
    parser.add_argument("--out", metavar="FILE", required=True, help="the file, .safetensors: give it to --search")
    parser.add_argument("--split", default="train", help="which part of the data; train by default")
    parser.add_argument("--count", type=at_least_one, default=2000, metavar="N", help="regions of a picture at most")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes that search")
    parser.add_argument("--html", metavar="FILE", help="a page: recall against the number of proposals")
    parser.add_argument("--json", action="store_true", help="print one JSON object; what is undefined is null")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    if Path(typed.out).suffix != ".safetensors":
        raise UsageError(f"a file that ends in .safetensors is expected, found {typed.out!r}")
    from saccade.data.open import open_data
    from saccade.metrics.proposals import COUNTS, coverage
    from saccade.runtime.propose import propose

    dataset = open_data(typed.data, typed.split)
    table = propose(typed.what, dataset, typed.out, count=typed.count, workers=typed.workers)
    counts = [number for number in COUNTS if number < typed.count] + [typed.count]
    found = coverage(table.boxes, [dataset.truth(index) for index in range(len(dataset))], counts)
    columns = {
        "recall": found.recall(),
        "recall_70": found.recall(0.7),
        "AR": found.average_recall(),
        "AR_coco": found.coco_recall(),
        "MABO": [found.mean_best_overlap(place) for place in range(len(counts))],
    }
    mean = sum(map(len, table.boxes)) / max(len(table.boxes), 1)
    if typed.html:
        from saccade.view.proposals_page import write_proposals

        facts = {"pictures": str(len(dataset)), "regions a picture": f"{mean:.0f}", "data": typed.data}
        write_proposals(typed.html, typed.what, facts, found, dataset.classes)
    if typed.json:
        print_json({"pictures": len(dataset), "mean": mean, "counts": counts, **columns})
        return 0
    sys.stdout.write(f"{len(dataset)} pictures, {mean:.0f} regions each: {typed.out}\n\n")
    sys.stdout.write("".join(f"{name:>10}" for name in ("regions", *columns)) + "\n")
    for place, number in enumerate(counts):
        values = [column[place] for column in columns.values()]
        cells = "".join(f"{'-' if value is None else format(value, '.3f'):>10}" for value in values)
        sys.stdout.write(f"{number:>10}{cells}\n")
    return 0
