"""``python -m bench [NAME …] [--quick] [--json FILE]``: ratios, both sides in one run."""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from bench.machine import describe_machine
from bench.pairs import Row
from bench.table import as_json, machine_line, markdown

BENCHES = {
    "train_resnet50": "training steps beside a plain torchvision loop",
    "loader": "an epoch with the loader beside the same steps on batches in memory",
    "feature_cache": "an epoch on a frozen trunk's kept features beside one that runs the trunk",
    "memory": "memory after the last epoch beside memory after the second",
    "reading": "opening annotations beside faster-coco-eval and torchvision",
    "predict": "the predictor beside a plain torchvision loop",
    "predict_files": "files predicted, drawn and written beside a plain torchvision loop",
    "detectors": "answers, training steps and memory of detectors beside torchvision's own",
    "many": "five heads on one trunk beside five networks of one head each",
    "evaluation": "scores of detection beside pycocotools",
    "mask_evaluation": "scores of masks beside other evaluators, as far as installed",
    "windows": "all windows of a picture at once beside one by one",
    "startup": "commands that need no network beside a process that imports torch",
    "threads": "threads that sleep while they wait beside threads that spin",
}


def main() -> int:
    """Measure what is asked for and print the table."""
    listed = "\n".join(f"  {name:15} {what}" for name, what in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure saccade beside what a user would pick instead.",
        epilog=f"benches:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="benches to run; all where none is named")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in BENCHES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(BENCHES)}")
    _measure(chosen.names or list(BENCHES), chosen.quick, chosen.json)
    return 0


def _measure(names: list[str], quick: bool, file: Path | None) -> None:
    """Run the benches one after the other; each one's rows are shown as soon as they are known."""
    machine, rows = describe_machine(), dict[str, list[Row]]()
    print(machine_line(machine), flush=True)
    if quick:
        print("--quick: the sizes are tiny, and the numbers mean nothing")
    for name in names:
        print(f"\n{name}: {BENCHES[name]}", flush=True)
        rows[name] = import_module(f"bench.{name}").measure(quick)
        print(markdown(rows[name]), flush=True)
        if file is not None:  # after each bench, so that a long run that is broken off leaves what it has found
            file.write_text(json.dumps(as_json(machine, rows), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
