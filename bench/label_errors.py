"""``python -m bench.label_errors DATA --out DIR``: do trained runs find annotations that were made wrong?

A share of the annotations is made wrong (`bench.injected_errors`), a run is trained on each fold, and what they
contradict (``saccade data check --model``) is ranked; the average precision of the rank says how much of a person's
time is spent on real errors. Broken off and begun again, it trains what is missing.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.injected_errors import Injected, inject

FOUND = 0.5


def main() -> int:
    """Inject, train, look, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.label_errors", description=__doc__)
    parser.add_argument("data", help="a folder or URI of objects; its training pictures are taken")
    parser.add_argument("--out", type=Path, required=True, help="folder for the data, the runs and the table")
    parser.add_argument("--share", type=float, default=0.05, help="how many annotations become wrong")
    parser.add_argument("--folds", type=int, default=2, help="runs to train")
    parser.add_argument("--minutes", type=float, default=8.0, help="minutes of each training")
    parser.add_argument("--seed", type=int, default=0, help="what errors are drawn from")
    parser.add_argument("--flip", action="store_true", help="see each picture mirrored too")
    typed = parser.parse_args()
    wrong = prepared(typed.data, typed.out, typed.share, typed.seed)
    runs = [trained(typed.out, fold, typed.folds, typed.minutes) for fold in range(1, typed.folds + 1)]
    table = found_by(runs, typed.out / "data", wrong, flip=typed.flip)
    (typed.out / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    sys.stdout.write(shown(table))
    return 0


def prepared(data: str, out: Path, share: float, seed: int) -> list[Injected]:
    """Write the data with errors as COCO, once; and what was made wrong."""
    from saccade.data.convert.convert import convert
    from saccade.data.convert.losses import KINDS

    made, file = out / "data", out / "wrong.json"
    if not file.exists():
        convert(data, made, "coco", splits=["train"], allow=KINDS)
        annotations = next(made.rglob("*.json"))
        document, wrong = inject(json.loads(annotations.read_text()), share, seed)
        annotations.write_text(json.dumps(document))
        file.write_text(json.dumps([asdict(one) for one in wrong]))
    return [_injected(**row) for row in json.loads(file.read_text())]


def _injected(kind: str, image: Any, annotation: Any, box: Sequence[float]) -> Injected:
    x, y, width, height = box
    return Injected(kind, image, annotation, (x, y, width, height))


def trained(out: Path, fold: int, folds: int, minutes: float) -> Path:
    """The run of a fold, trained as ``saccade train`` would without a system."""
    import saccade

    run = out / f"fold{fold}"
    if not (run / "report.html").exists():
        saccade.train(data=str(out / "data"), task="detect", out=run, fold=f"{fold}/{folds}", minutes=minutes)
    return run


def found_by(runs: Sequence[Path], data: Path, wrong: Sequence[Injected], *, flip: bool = False) -> dict[str, Any]:
    """Average precision of the rank, of all errors and of each kind, and how far down the list half of them are."""
    from saccade.data.check.parts import open_parts
    from saccade.runtime.tools.suspects import suspicions

    parts, _ = open_parts(str(data), ())
    document = json.loads(next(data.rglob("*.json")).read_text())
    names = {image["id"]: image["file_name"] for image in document["images"]}
    found = suspicions(runs, parts, str(data), flip=flip)
    hits = [hit(one.row(), wrong, names) for one in found]
    kinds = {"all": tuple(range(len(wrong)))} | {
        kind: tuple(place for place, one in enumerate(wrong) if one.kind == kind)
        for kind in sorted({one.kind for one in wrong})
    }
    return {
        "wrong": len(wrong),
        "annotations": len(document["annotations"]),
        "AP": {kind: average_precision(hits, places) for kind, places in kinds.items()},
        "first": [
            {"suspicion": one.suspect.suspicion, "kind": one.suspect.kind, "real": at is not None, "row": one.row()}
            for one, at in zip(found[:60], hits, strict=False)
        ],
    }


def hit(row: dict[str, Any], wrong: Sequence[Injected], names: dict[Any, str]) -> int | None:
    """The error that a suspect is, or None."""
    for place, one in enumerate(wrong):
        if Path(names[one.image]).name != Path(row["picture"]).name:
            continue
        if one.kind == "missing":
            if row["kind"] == "missing" and overlap(row["box"], one.box) >= FOUND:
                return place
        elif row["annotation_id"] == one.annotation:
            return place
    return None


def average_precision(hits: Sequence[int | None], wanted: Sequence[int]) -> float:
    """The mean precision where each wanted error is found; suspects of other errors are passed over."""
    seen, right, looked, total = set[int](), 0, 0, 0.0
    for at in hits:
        if at is not None and (at in seen or at not in wanted):
            continue
        looked += 1
        if at is not None:
            seen.add(at)
            right += 1
            total += right / looked
    return total / max(len(wanted), 1)


def overlap(corners: Sequence[float], box: Sequence[float]) -> float:
    """IoU of x1, y1, x2, y2 and x, y, width, height."""
    x1, y1, x2, y2 = corners
    x, y, width, height = box
    both = max(min(x2, x + width) - max(x1, x), 0) * max(min(y2, y + height) - max(y1, y), 0)
    return both / ((x2 - x1) * (y2 - y1) + width * height - both)


def shown(table: dict[str, Any]) -> str:
    """The table as text."""
    lines = [
        f"{table['wrong']} of {table['annotations']} annotations were made wrong",
        "",
        "| errors | AP |",
        "|---|---|",
    ]
    lines += [f"| {kind} | {value:.3f} |" for kind, value in table["AP"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
