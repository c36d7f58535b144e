"""``saccade propose``: regions of all pictures, as region detectors read them, and how much they cover."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import at_least_one
from saccade.command_line.terminal.output import print_json
from saccade.command_line.terminal.progress import progress
from saccade.core.errors import UsageError

SEARCH = "edge-boxes, selective-search, selective-search-quality, windows"


def run(arguments: Sequence[str]) -> int:
    """Propose as the arguments say, and tell what the proposals cover."""
    typed = _parsed(arguments)
    from saccade.data.open import open_data
    from saccade.metrics.detect.proposals import COUNTS, coverage, mask_coverage
    from saccade.runtime.tools.propose import propose, regions_of

    dataset = open_data(typed.data, typed.split)
    options: dict[str, Any] = {"count": typed.count, "workers": typed.workers}
    named = typed.what if typed.edges is None else f"{typed.what} on the contours of {typed.edges}"
    with progress("pictures") as tell:
        tables = {named: propose(typed.what, dataset, typed.out, **options, edges=typed.edges, tell=tell)}
    for other in typed.beside:
        with progress(f"pictures, {other}") as tell:
            tables[other] = regions_of(other, dataset, **options, tell=tell)
    counts = [number for number in COUNTS if number < typed.count] + [typed.count]
    truth = [dataset.truth(index) for index in range(len(dataset))]
    found, told, lines = dict[str, Any](), dict[str, dict[str, Any]](), dict[str, str]()
    for name, table in tables.items():
        mean = sum(map(len, table.boxes)) / max(len(table.boxes), 1)
        found[name] = covered = coverage(table.boxes, truth, counts)
        told[name] = {"mean": mean, **_columns(covered)}
        lines[name] = _table(f"{name}: {mean:.0f} regions a picture", counts, _columns(covered))
        if table.masks is not None and "instances.masks" in dataset.fields:
            found[f"{name}, masks"] = covered = mask_coverage(table.masks, truth, counts)
            told[name] |= _columns(covered, "mask_")
            lines[name] += _table(f"{name}: their masks", counts, _columns(covered))
    if typed.html:
        from saccade.view.pages.proposals import write_proposals

        mean = told[named]["mean"]
        facts = {"pictures": str(len(dataset)), "regions a picture": f"{mean:.0f}", "data": typed.data}
        write_proposals(typed.html, facts, found, dataset.classes)
    if typed.json:
        beside = {"beside": {name: told[name] for name in typed.beside}} if typed.beside else {}
        print_json({"pictures": len(dataset), "counts": counts, **told[named], **beside})
    else:
        sys.stdout.write("".join([f"{len(dataset)} pictures: {typed.out}\n", *lines.values()]))
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="saccade propose", description="Regions that may show objects, of every picture of data.")
    told = f"{SEARCH}, or the folder of a run: its proposals, or its boxes"
    parser.add_argument("what", metavar="SEARCH|RUN", help=told)
    parser.add_argument("data", metavar="DATA", help="a folder or URI")
    parser.add_argument("--out", metavar="FILE", required=True, help="the file, .safetensors: give it to --search")
    parser.add_argument("--split", help="which part of the data; train by default")
    parser.add_argument("--count", type=at_least_one, default=2000, metavar="N", help="regions of a picture at most")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes that search")
    told = "a run whose network tells of contours, such as edgenet: edge-boxes looks at those, not at gradients"
    parser.add_argument("--edges", metavar="RUN", help=told)
    told = "what else to compare with, separated by commas: searches, runs, or files that were proposed before"
    parser.add_argument("--beside", type=_names, default=[], metavar="NAMES", help=told)
    parser.add_argument("--html", metavar="FILE", help="a page: recall against the number of proposals")
    parser.add_argument("--json", action="store_true", help="print one JSON object; what is undefined is null")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    if Path(typed.out).suffix != ".safetensors":
        raise UsageError("a file that ends in .safetensors", repr(typed.out))
    if typed.what in typed.beside and typed.edges is None:
        raise UsageError(f"other searches or runs beside {typed.what!r}", "itself")
    return typed


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name for name in text.split(",") if name))


def _columns(found: Any, before: str = "") -> dict[str, Any]:
    columns = {
        "recall": found.recall(),
        "recall_70": found.recall(0.7),
        "AR": found.average_recall(),
        "AR_coco": found.coco_recall(),
        "MABO": [found.mean_best_overlap(place) for place in range(len(found.counts))],
    }
    return {before + name: values for name, values in columns.items()}


def _table(title: str, counts: Sequence[int], columns: Mapping[str, Any]) -> str:
    """What the first so many regions cover, as text."""
    lines = [f"\n{title}"]
    lines.append("".join(f"{head:>10}" for head in ("regions", *columns)))
    for place, number in enumerate(counts):
        values = [column[place] for column in columns.values()]
        cells = "".join(f"{'-' if value is None else format(value, '.3f'):>10}" for value in values)
        lines.append(f"{number:>10}{cells}")
    return "\n".join(lines) + "\n"
