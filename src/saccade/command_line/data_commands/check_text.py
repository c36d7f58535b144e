"""What a check found, in words for a terminal: defects by kind, then what there is."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from saccade.data.check.check import CheckResult
from saccade.data.check.counts import Counts
from saccade.data.check.defects import Defect
from saccade.data.check.notes import number_of
from saccade.runtime.tools.suspects import Suspicion
from saccade.view.pages.text import printable

_MOST_ROWS, _MOST_CLASSES, _MOST_SUSPECTS = 12, 30, 30


def text_of(checked: CheckResult, source: str) -> str:
    """All that a person should see; of many alike defects the first."""
    lines = [*_defects(checked.defects, source), *_counts(checked.counts)]
    if checked.notes:
        lines += ["", "Good to know", *(f"  {note}" for note in checked.notes)]
    lines += ["", _verdict(checked.defects)]
    return "\n".join(_one_line(line) for line in lines) + "\n"


def _one_line(text: str) -> str:
    """Names of files and classes hold anything; on a terminal they are letters alone."""
    return " ".join(printable(text).split("\n"))


def _verdict(defects: Sequence[Defect]) -> str:
    files = {defect.path for defect in defects}
    return f"{number_of(len(defects), 'defect')} in {number_of(len(files), 'file')}" if defects else "no defects"


def _defects(defects: Sequence[Defect], source: str) -> Iterator[str]:
    groups: dict[str, list[Defect]] = {}
    for defect in defects:
        groups.setdefault(defect.kind, []).append(defect)
    for group in groups.values():
        same = {defect.expected for defect in group}
        yield f"{len(group)} x expected: {group[0].expected if len(same) == 1 else group[0].kind}"
        cures = {defect.cure for defect in group}
        if len(cures) == 1:
            yield f"  cure: {group[0].cure}"
        for defect in group[:_MOST_ROWS]:
            yield f"  {_place(defect, source)}: found {defect.found}"
            if len(cures) > 1:
                yield f"    cure: {defect.cure}"
        if len(group) > _MOST_ROWS:
            yield f"  ... and {len(group) - _MOST_ROWS} more, which --json lists"
        yield ""


def suspects_text(suspicious: Sequence[Suspicion], source: str) -> str:
    """The most suspicious annotations, by falling suspicion."""
    if not suspicious:
        return "\nno annotation is contradicted\n"
    lines = ["", "Suspicious annotations (what a network contradicts; look at them before you change anything)"]
    rows = [["suspicion", "what", "annotated", "the network says", "where"]]
    for one in suspicious[:_MOST_SUSPECTS]:
        told, split = one.suspect, f"{one.split} {one.defect.picture}"
        place = split if one.defect.where is None else f"{split}, {_place(one.defect, source)}"
        rows.append([f"{told.suspicion:.2f}", told.kind, told.found, told.expected, place])
    lines += _left(rows)
    if len(suspicious) > _MOST_SUSPECTS:
        lines.append(f"... and {len(suspicious) - _MOST_SUSPECTS} less suspicious ones, which --json lists")
    learnt = len({(one.split, one.defect.picture) for one in suspicious if one.learnt})
    if learnt:
        lines.append(
            f"{number_of(learnt, 'picture')} were learnt by the run that judges them, and their errors perhaps too: "
            "train with --fold 1/5 … 5/5 and give all five runs"
        )
    return "\n".join(_one_line(line) for line in lines) + "\n"


def _left(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows with all columns to the left."""
    rows = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _place(defect: Defect, source: str) -> str:
    path = relative(defect.path, source) or "the data"
    where = "" if defect.where is None else f":{defect.where}" if isinstance(defect.where, int) else f" {defect.where}"
    number = "" if defect.annotation_id is None else f" annotation {defect.annotation_id}"
    return f"{path}{where}{number}"


def relative(path: str | None, source: str) -> str | None:
    """A path as seen from the data's folder; as it is where it lies elsewhere."""
    root = Path(source.partition(":")[2] or source)
    if path is None or not Path(path).is_relative_to(root) or Path(path) == root:
        return path
    return Path(path).relative_to(root).as_posix()


def _counts(counts: Mapping[str, Counts]) -> Iterator[str]:
    if not counts:
        return
    rows = [["split", "pictures", "objects", "small", "medium", "large", "most frequent size"]]
    boxed = any(one.objects is not None for one in counts.values())
    for name, one in counts.items():
        objects = ["-"] * 4 if one.objects is None else [str(number) for number in (one.objects, *one.areas)]
        rows.append([name, str(one.pictures), *objects, _sizes(one)])
    yield from _aligned(rows if boxed else [[*row[:2], row[-1]] for row in rows])
    yield from _classes(counts)


def _sizes(counts: Counts) -> str:
    """The most frequent size as W x H, and how many others there are."""
    if not counts.sizes:
        return "-"
    (height, width), times = next(iter(counts.sizes.items()))
    others = f", {len(counts.sizes) - 1} others" if len(counts.sizes) > 1 else ""
    return f"{width}x{height} ({times / sum(counts.sizes.values()):.0%}{others})"


def _classes(counts: Mapping[str, Counts]) -> Iterator[str]:
    """For each class the pictures, and the objects or the share of pixels, of each split."""
    totals: dict[str, int] = {}
    for one in counts.values():
        for name, shown in (one.instances or one.pixels or one.classes).items():
            totals[name] = totals.get(name, 0) + shown
    if not totals:
        return
    names = sorted(totals, key=lambda name: -totals[name])
    unit = "pictures"
    if any(one.instances for one in counts.values()):
        unit = "objects in pictures"
    elif any(one.pixels for one in counts.values()):
        unit = "pixels in pictures"
    yield ""
    yield f"Classes ({unit})"
    cells = [[name, *(_class_cell(one, name) for one in counts.values())] for name in names[:_MOST_CLASSES]]
    yield from (f"  {line}" for line in _aligned([["class", *counts], *cells]))
    if len(names) > _MOST_CLASSES:
        yield f"  ... and {len(names) - _MOST_CLASSES} rarer ones, which --html lists"


def _class_cell(counts: Counts, name: str) -> str:
    shown = counts.classes.get(name, 0)
    if counts.instances:
        return f"{counts.instances.get(name, 0)} in {shown}"
    if counts.pixels:
        return f"{counts.pixels.get(name, 0) / max(sum(counts.pixels.values()), 1):.2%} in {shown}"
    return str(shown)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows with their first and last column to the left and all others to the right."""
    rows = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first = row[0].ljust(widths[0])
        yield "  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]).rstrip()
