"""What metrics say of each picture: one row a picture, for a spreadsheet.

Legend: N pictures.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from saccade.core.errors import ConfigError

Value = float | int | str | None


@dataclass(frozen=True)
class PictureScores:
    """Columns of a table whose rows are pictures.

    Attributes:
        ids: N names of pictures.
        columns: N values each, by name; None where undefined.
        note: What the columns mean, in a few words.
    """

    ids: Sequence[str] = ()
    columns: Mapping[str, Sequence[Value]] = field(default_factory=dict[str, Sequence[Value]])
    note: str = ""

    def as_csv(self) -> str:
        """The table as CSV, ``id`` first; what is undefined is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["id", *self.columns])
        writer.writerows(zip(self.ids, *map(_written, self.columns.values()), strict=True))
        return text.getvalue()


def beside(tables: Sequence[PictureScores]) -> PictureScores:
    """Tables as one, by the names of pictures; where one lacks a picture its columns are undefined.

    Raises:
        ConfigError: Two tables have a column of the same name.
    """
    ids = sorted({name for table in tables for name in table.ids})
    columns: dict[str, list[Value]] = {}
    for table in tables:
        place = {name: at for at, name in enumerate(table.ids)}
        for name, values in table.columns.items():
            if name in columns:
                raise ConfigError("one metric for each column", f"two for {name!r}", cure="rename one of them")
            columns[name] = [values[place[one]] if one in place else None for one in ids]
    return PictureScores(ids, columns, " ".join(table.note for table in tables if table.note))


def _written(values: Sequence[Value]) -> list[str]:
    return ["" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in values]
